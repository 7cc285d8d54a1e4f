"""Owns the door's judgement of a change: formats, places, skills. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hermes_fs.core.errors import Refused
from hermes_fs.core.types import Change
from hermes_fs.store.files import Found
from hermes_fs.store.formats.format import By, Format
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Move
from hermes_fs.store.message import Approval, Versions, join_subjects
from hermes_fs.store.objects import ObjectKind
from hermes_fs.store.paths import LOCK_FILE, author_of, skill_of

FormatOf = Callable[[str], Format]
Harmless = Callable[[str], bool]
"""Whether this machine's person has said of a fingerprint that it is no credential."""

_CREDENTIAL = re.compile(r"holds a [\w -]+ \(([0-9a-f]{10})\): leave")
_CHANGE_IT = "change what it names and try again"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A change that the door lets in, against main's commit `head`: what becomes of each path, and what was found on
    the disk."""

    change: Change
    head: str
    moves: tuple[Move, ...]
    versions: Versions
    found: Mapping[str, Found | None]


def problems_of(versions: Versions, by: By, format_of: FormatOf, harmless: Harmless) -> list[str]:
    """One line a problem, each beginning with the path; without the credentials that a person called `harmless`."""
    found = [
        problem if problem.startswith(path) else f"{path}: {problem}"
        for path, (before, after) in versions.items()
        for problem in format_of(path).check(path, before, after, by)
    ]
    return [line for line in found if not is_harmless(line, harmless)]


def credentials_in(weighed: Weighed, format_of: FormatOf, harmless: Harmless) -> list[str]:
    """The problems of a change that are credentials which nobody called harmless."""
    return [line for line in problems_of(weighed.versions, "agent", format_of, harmless) if _CREDENTIAL.search(line)]


def is_harmless(line: str, harmless: Harmless) -> bool:
    """Whether a problem is a credential that a person called harmless."""
    return bool((named := _CREDENTIAL.search(line)) and harmless(named[1]))


def judge(
    change: Change, versions: Versions, format_of: FormatOf, harmless: Harmless, approval: Approval | None = None
) -> list[str]:
    """Problems to report. Raises Refused where they are the agent's or a publisher's, unless a person overrides them;
    a person's own files are theirs to break."""
    by: By = "publisher" if approval and approval.publisher else author_of(change)
    problems = problems_of(versions, by, format_of, harmless)
    if problems and by != "person" and not (approval and approval.override):
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        named = _CREDENTIAL.search(problems[0])
        hint = f"if it is none, its owner can say so: hermes secrets allow {named[1]}" if named else _CHANGE_IT
        raise Refused(problems[0] + more, hint)
    return problems


def subject_of(versions: Versions, format_of: FormatOf) -> str:
    """The commit's subject, made by the formats; a skill speaks through its SKILL.md."""
    spoken = {skill_of(path) for path in versions if path == f"{skill_of(path)}/SKILL.md"}
    chosen = [path for path in versions if path.endswith("/SKILL.md") or skill_of(path) not in spoken]
    chosen = [path for path in chosen if path != LOCK_FILE] or chosen  # it only notes what the others say
    return join_subjects([format_of(path).describe(path, *versions[path]) for path in chosen])


def check_places(git: Git, head: str, moves: Sequence[Move]) -> None:
    """Raises Refused for a new file whose place is taken by a folder, or that differs in case from what is there."""
    if not head:
        return
    for path in (move.path for move in moves if move.new and not move.old):
        folder = head
        for name in path.split("/"):
            siblings = {entry.name: entry for entry in git.tree(folder)}
            alike = next((known for known in siblings if known.casefold() == name.casefold()), name)
            if alike != name and name not in siblings:
                raise Refused(f"{path} differs only in upper and lower case from {alike}", f"use {alike}")
            if name not in siblings or siblings[name].kind != "tree":
                break
            folder = siblings[name].oid
        if git.tree_at(head, path):
            raise Refused(f"{path} is a folder", "name a file in it")


def check_skills(
    git: Git, head: str, moves: Sequence[Move], change: Change, override: str = "", reviewed: bool = False
) -> None:
    """Raises Refused unless each touched skill is whole afterwards and the verdict is of exactly its tree and one that
    lets it in; `override` is why a person lets it in all the same. Only what a person looks at (`reviewed`), or did by
    hand, needs no verdict."""
    skills = sorted({skill for move in moves if (skill := skill_of(move.path))})
    if not skills:
        return
    verdict = None if override else change.verdict
    if verdict and not verdict.passed:
        raise Refused("the gate did not pass it: " + "; ".join(verdict.reasons[:3]), "change it and try again")
    trees = {skill: skill_tree(git, head, skill, {move.path: move for move in moves}) for skill in skills}
    left = {skill: tree for skill, tree in trees.items() if tree}
    if left and not change.verdict and author_of(change) == "agent" and not reviewed:
        raise Refused(f"the gate has not seen {', '.join(left)}", "hand it in where the gate sees it")
    if verdict and len(left) > 1:
        raise Refused("a verdict is of one skill, this change touches several", "change them one by one")
    for skill in left:
        if author_of(change) == "agent" and not _keeps_skill_md(git, head, skill, moves):
            raise Refused(f"{skill} would be left without its SKILL.md", "keep it, or delete the whole skill")
    if verdict and verdict.tree not in (left.values() or ("",)):
        raise Refused(f"the gate judged another version of {', '.join(skills)}", "let the gate see this one")


def skill_tree(git: Git, head: str, skill: str, moves: Mapping[str, Move]) -> str:
    """The id of the skill's folder as it will be, "" if nothing is left of it. Writes nothing."""
    base = git.tree_at(head, skill) if head else ""
    inner = {
        path.removeprefix(skill + "/"): (move.new_mode, move.new) if move.new else None
        for path, move in moves.items()
        if skill_of(path) == skill
    }
    unwritten: list[tuple[ObjectKind, bytes]] = []
    tree = git.plan_tree(base, inner, unwritten)
    return "" if tree == git.empty_tree else tree


def _keeps_skill_md(git: Git, head: str, skill: str, moves: Sequence[Move]) -> bool:
    path = f"{skill}/SKILL.md"
    for move in moves:
        if move.path == path:
            return bool(move.new)
    return bool(head and git.blob_at(head, path))
