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

from hermes_fs.core.errors import NotFound
from hermes_fs.core.statistics import chance_below, wilson
from hermes_fs.store import at_once, history, skill_places
from hermes_fs.store.formats import skill
from hermes_fs.store.git import Git
from hermes_fs.store.objects import parse_rows
from hermes_fs.store.outcomes import Task

LEAST_USES = 8
"""Uses of a version before it can be called worse than the one before."""
CREDIBLE = 0.95
_FILE = skill_places.FILE.encode()


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
    return _uses(name, known, done, _read(git, [one.tree for one in known]))


def last_uses(
    git: Git, known: Mapping[str, Sequence[Version]], done: Mapping[tuple[str, str], Sequence[Task]]
) -> dict[str, Use]:
    """Of each skill's last version, as `uses` has it. All that is to be read is read at once, and nothing of a skill
    that no task used: there its `before` is None."""
    used = {name for name, _ in done}
    read = _read(git, [one.tree for name in known if name in used for one in known[name]])
    return {
        name: _uses(name, some, done, read)[-1] if name in used else Use(some[-1], (), None)
        for name, some in known.items()
    }


def _uses(
    name: str,
    known: Sequence[Version],
    done: Mapping[tuple[str, str], Sequence[Task]],
    read: Mapping[str, _Content],
) -> list[Use]:
    same = _behaviours(name, {one.tree: read[one.tree] for one in known})
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
    met: dict[str, None] = {}
    pairs: list[tuple[history.Lesson, str]] = []
    for lesson in reversed(list(history.walk(git, (path,)))):
        names = [path.removeprefix("skills/")] if path != "skills" else _touched(git, lesson, met)
        met |= dict.fromkeys(names)
        pairs += [(lesson, name) for name in names]
    trees = at_once.ids(git, (_place(lesson, name) for lesson, name in pairs))
    found: dict[str, list[Version]] = defaultdict(list)
    for lesson, name in pairs:
        oid, kind = trees.get(_place(lesson, name), ("", ""))
        known, tree = found[name], oid if kind == "tree" else ""
        if tree != (known[-1].tree if known else ""):
            known.append(Version(len(known) + 1, tree, lesson.commit, lesson.name, lesson.when, lesson.subject))
    return {name: known for name, known in found.items() if known}


def _place(lesson: history.Lesson, name: str) -> str:
    return f"{lesson.commit}:skills/{name}"


def _touched(git: Git, lesson: history.Lesson, met: Collection[str]) -> Collection[str]:
    """The skills that a lesson may have changed: those of its files; a merge names none."""
    if lesson.files:
        return dict.fromkeys(path.split("/")[1] for path in lesson.files if _is_of_a_skill(path))
    folder = git.tree_at(lesson.commit, "skills")
    return dict.fromkeys([*met, *(entry.name for entry in (git.tree(folder) if folder else ()))])


def _is_of_a_skill(path: str) -> bool:
    return path.startswith("skills/") and path.count("/") > 1


_Content = tuple[object, bytes]
"""Of a skill's tree: what lies beside its SKILL.md, evals left out, and that file; nothing and b"" of one that was
deleted."""


def _read(git: Git, trees: Iterable[str]) -> dict[str, _Content]:
    """Raises NotFound for a tree that git has lost."""
    wanted = list(dict.fromkeys(trees))
    found = at_once.contents(git, [name for tree in wanted for name in (tree, f"{tree}:{skill_places.FILE}") if tree])
    made: dict[str, _Content] = {}
    for tree in wanted:
        if tree and found.get(tree, ("", ""))[1] != "tree":
            raise NotFound(f"no tree {tree} in this repository")
        rows = parse_rows(found[tree][2], len(tree) // 2) if tree else {}
        mode = rows.get(_FILE, (b"", b""))[0]
        is_file = mode.startswith(b"100")  # no folder, link or other repository
        data = found.get(f"{tree}:{skill_places.FILE}", ("", "", b""))[2] if is_file else b""
        ours = {b"evals", _FILE} if is_file else {b"evals"}
        made[tree] = tuple(sorted(row for row in rows.items() if row[0] not in ours)), data
    return made


def _behaviours(name: str, trees: Mapping[str, _Content]) -> dict[str, object]:
    """Tree → what equals that of another tree where both make an agent do the same. Front matter, which is slow to
    read, is compared only where everything else is equal."""
    found: dict[str, object] = {}
    groups: dict[object, list[tuple[str, bytes]]] = defaultdict(list)
    for tree, (beside, data) in trees.items():
        groups[beside, skill.instructions(data)].append((tree, data))
    for key, alike in groups.items():
        for tree, data in alike:
            found[tree] = (key, skill.described(data, name) if len(alike) > 1 else "", not tree)
    return found
