"""How each skill of the mind fares: how its present version does against the one before, and when it was last of use.
Reads git, files and outcomes; marks nothing, since all of it can be told anew at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hermes_fs.core.clock import Clock
from hermes_fs.core.statistics import wilson
from hermes_fs.store import outcomes, skill_versions
from hermes_fs.store.outcomes import Task
from hermes_fs.store.skill_versions import Score, Version
from hermes_fs.store.workspace import Workspace

STALE = timedelta(days=30)
FORGOTTEN = timedelta(days=90)
FAILS_BELOW = 0.5
"""A skill fails whose success rate is below this with 95 % of certainty."""


@dataclass(frozen=True, slots=True)
class Health:
    """A skill on main. `now` is its present version and how it does, `before` the last that did something else, None
    also where no task used the skill at all; `idle` is the time since it was last used, or since it was last changed
    where that is later."""

    name: str
    version: Version
    now: Score
    before: tuple[Version, Score] | None
    idle: timedelta

    @property
    def is_worse(self) -> bool:
        """Its present version does credibly worse than the one before."""
        return self.before is not None and skill_versions.is_worse(self.now, self.before[1])

    @property
    def fails(self) -> bool:
        """It fails more often than not, credibly."""
        return self.now.uses > 0 and wilson(self.now.good, self.now.uses)[1] < FAILS_BELOW

    @property
    def is_stale(self) -> bool:
        return self.idle >= STALE

    @property
    def is_forgotten(self) -> bool:
        return self.idle >= FORGOTTEN


def health(workspace: Workspace, done: Sequence[Task], clock: Clock) -> list[Health]:
    """Every skill that main holds, by name. `done` are all tasks, as `outcomes.tasks` gives them."""
    last = _last_uses(done)
    now = clock.now()
    found = []
    known = {name: some for name, some in skill_versions.versions_of_all(workspace.git).items() if some[-1].tree}
    for name, use in sorted(skill_versions.last_uses(workspace.git, known, outcomes.by_version(done)).items()):
        touched = max(use.version.when, last.get(name, use.version.when))
        before = (use.before.version, use.before.score) if use.before else None
        found.append(Health(name, use.version, use.score, before, max(now - touched, timedelta())))
    return found


def _last_uses(done: Sequence[Task]) -> Mapping[str, datetime]:
    found: dict[str, datetime] = {}
    for task in done:
        for name, _ in task.skills:
            found[name] = max(task.at, found.get(name, task.at))
    return found
