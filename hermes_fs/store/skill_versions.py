"""The versions of a skill, out of git, and how each did. Writes nothing.

A version is one more change of the skill's tree on main. One that does what an earlier one did shares its record: a
tree that comes back, as by a revert; one that was pinned, put away or brought back, which changes our marks alone; and
one that got an eval, which measures the skill and is no part of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from hermes_fs.core.statistics import chance_below, wilson
from hermes_fs.store import history, skill_places
from hermes_fs.store.formats import skill
from hermes_fs.store.git import Git
from hermes_fs.store.objects import TreeEntry
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


@dataclass(frozen=True, slots=True)
class Use:
    """A version with the tasks that used it, or another one that does the same: the same words and files, whatever our
    own marks say. `before` is the last earlier version that did something else, None where there is none."""

    version: Version
    tasks: Sequence[Task]
    before: Use | None

    @property
    def score(self) -> Score:
        return score(self.tasks)

    @property
    def is_worse(self) -> bool:
        """It does credibly worse than the one before."""
        return self.before is not None and is_worse(self.score, self.before.score)


def versions(git: Git, name: str) -> list[Version]:
    """Every version of `skills/<name>`, oldest first; none where there never was one."""
    return _walked(git, f"skills/{name}").get(name, [])


def versions_of_all(git: Git) -> dict[str, list[Version]]:
    """The versions of every skill that main ever held, oldest first, in one walk."""
    return _walked(git, "skills")


def uses(git: Git, name: str, known: Sequence[Version], done: Mapping[tuple[str, str], Sequence[Task]]) -> list[Use]:
    """One for each of the versions `known` of a skill; `done` are the tasks as `outcomes.by_version` gives them."""
    same = _behaviours(git, name, [one.tree for one in known])
    made: list[Use] = []
    for version in known:
        behaviour = same[version.tree]
        alike = [tree for tree in same if same[tree] == behaviour]
        tasks = {(task.session, task.id): task for tree in alike for task in done.get((name, tree), ())}
        others = (use for use in reversed(made) if use.version.tree and same[use.version.tree] != behaviour)
        made.append(Use(version, sorted(tasks.values(), key=lambda task: task.at), next(others, None)))
    return made


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


def _walked(git: Git, path: str) -> dict[str, list[Version]]:
    """By name, below `skills` or of one skill alone."""
    found: dict[str, list[Version]] = {}
    for lesson in reversed(list(history.walk(git, (path,)))):
        for name in [path.removeprefix("skills/")] if path != "skills" else _touched(git, lesson, found):
            known, tree = found.setdefault(name, []), git.tree_at(lesson.commit, f"skills/{name}")
            if tree != (known[-1].tree if known else ""):
                made = (lesson.commit, lesson.name, lesson.when, lesson.subject)
                known.append(Version(len(known) + 1, tree, *made))
    return {name: known for name, known in found.items() if known}


def _touched(git: Git, lesson: history.Lesson, found: Collection[str]) -> Collection[str]:
    """The skills that a lesson may have changed: those of its files; a merge names none."""
    if lesson.files:
        return dict.fromkeys(path.split("/")[1] for path in lesson.files if _is_of_a_skill(path))
    folder = git.tree_at(lesson.commit, "skills")
    return dict.fromkeys([*found, *(entry.name for entry in (git.tree(folder) if folder else ()))])


def _is_of_a_skill(path: str) -> bool:
    return path.startswith("skills/") and path.count("/") > 1


def _behaviours(git: Git, name: str, trees: Iterable[str]) -> dict[str, object]:
    """Tree → what equals that of another tree where both make an agent do the same. Front matter, which is slow to
    read, is compared only where everything else is equal."""
    found: dict[str, object] = {}
    groups: dict[object, list[tuple[str, bytes]]] = defaultdict(list)
    for tree in dict.fromkeys(trees):
        entries = git.tree(tree) if tree else []
        data = next((git.read_blob(one.oid) for one in entries if _is_instructions(one)), b"")
        beside = tuple(
            (one.name, one.mode, one.oid) for one in entries if not (_is_instructions(one) or one.name == "evals")
        )
        groups[beside, skill.instructions(data)].append((tree, data))
    for key, alike in groups.items():
        for tree, data in alike:
            found[tree] = (key, skill.described(data, name) if len(alike) > 1 else "", not tree)
    return found


def _is_instructions(entry: TreeEntry) -> bool:
    return entry.name == skill_places.FILE and entry.kind == "blob" and entry.mode != "120000"
