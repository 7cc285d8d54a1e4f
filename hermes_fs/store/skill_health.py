"""How each skill of the mind fares: how its present version does against the one before, and when it was last of use.
Reads git, files and outcomes; marks nothing, since all of it can be told anew at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hermes_fs.core.clock import Clock
from hermes_fs.core.statistics import wilson
from hermes_fs.store import history, outcomes, skill_versions
from hermes_fs.store.outcomes import Task
from hermes_fs.store.skill_versions import Score, Version
from hermes_fs.store.workspace import Workspace

STALE = timedelta(days=30)
FORGOTTEN = timedelta(days=90)
FAILS_BELOW = 0.5
"""A skill fails whose success rate is below this with 95 % of certainty."""


@dataclass(frozen=True, slots=True)
class Health:
    """A skill on main. `now` is its present version and how it does, `before` the one before it, None for the first;
    `idle` is the time since it was last used, or since it was last changed where that is later."""

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
    used = outcomes.by_version(done)
    last = _last_uses(done)
    now = clock.now()
    found = []
    for name, known in sorted(versions_of_all(workspace).items()):
        present = known[-1]
        if not present.tree:
            continue
        touched = max(present.when, last.get(name, present.when))
        earlier = next((one for one in reversed(known[:-1]) if one.tree), None)
        before = (earlier, skill_versions.score(used.get((name, earlier.tree), []))) if earlier else None
        score = skill_versions.score(used.get((name, present.tree), []))
        found.append(Health(name, present, score, before, max(now - touched, timedelta())))
    return found


def versions_of_all(workspace: Workspace) -> dict[str, list[Version]]:
    """The versions of every skill that main ever held, oldest first, in one walk."""
    git = workspace.git
    found: dict[str, list[Version]] = {}
    for lesson in reversed(list(history.walk(git, ("skills",)))):
        for name in dict.fromkeys(path.split("/")[1] for path in lesson.files if path.count("/") > 1):
            known = found.setdefault(name, [])
            tree = git.tree_at(lesson.commit, f"skills/{name}")
            if not known or known[-1].tree != tree:
                made = (lesson.commit, lesson.name, lesson.when, lesson.subject)
                known.append(Version(len(known) + 1, tree, *made))
    return found


def _last_uses(done: Sequence[Task]) -> Mapping[str, datetime]:
    found: dict[str, datetime] = {}
    for task in done:
        for name, _ in task.skills:
            found[name] = max(task.at, found.get(name, task.at))
    return found
