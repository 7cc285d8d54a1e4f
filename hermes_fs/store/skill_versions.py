"""The versions of a skill, out of git, and how each did. Writes nothing.

A version is one more change of the skill's tree on main; a tree that comes back, as by a revert, is a version anew that
shares its record with the earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from hermes_fs.core.statistics import chance_below, wilson
from hermes_fs.store import history
from hermes_fs.store.git import Git
from hermes_fs.store.outcomes import Task

LEAST_USES = 8
"""Uses of a version before it can be called worse than the one before."""
CREDIBLE = 0.95


@dataclass(frozen=True, slots=True)
class Version:
    """`number` counts from 1, the oldest; `tree` is the id of the skill's folder, "" where it was deleted; `change`
    names the lesson that made it."""

    number: int
    tree: str
    commit: str
    change: str
    when: datetime
    subject: str


@dataclass(frozen=True, slots=True)
class Score:
    """How the tasks went that used a version: `good` counts a partial success as a half; `low` and `high` are the 95 %
    interval of the rate; `tokens` is the median of a task."""

    uses: int
    good: float
    low: float
    high: float
    tokens: int
    models: tuple[tuple[str, int], ...]

    @property
    def rate(self) -> float:
        return self.good / self.uses if self.uses else 0.0


def versions(git: Git, name: str) -> list[Version]:
    """Every version of `skills/<name>`, oldest first; none where there never was one."""
    found: list[Version] = []
    for lesson in reversed(list(history.walk(git, (f"skills/{name}",)))):
        tree = git.tree_at(lesson.commit, f"skills/{name}")
        if not found or found[-1].tree != tree:
            made = (lesson.commit, lesson.name, lesson.when, lesson.subject)
            found.append(Version(len(found) + 1, tree, *made))
    return found


def score(done: Sequence[Task]) -> Score:
    """Of the tasks that used one version."""
    uses, good = len(done), sum(task.weight for task in done)
    low, high = wilson(good, uses)
    tokens = round(median(task.tokens for task in done)) if done else 0
    return Score(uses, good, low, high, tokens, tuple(Counter(task.model for task in done).most_common()))


def is_worse(now: Score, before: Score) -> bool:
    """Whether a version does credibly worse than its predecessor: after eight uses, with 95 % of certainty."""
    if now.uses < LEAST_USES or not before.uses:
        return False
    return chance_below((now.good, now.uses), (before.good, before.uses)) >= CREDIBLE
