"""Makes the step from main to a commit that came from elsewhere: which files change on the disk. Writes nothing."""

from __future__ import annotations

from hermes_fs.core.errors import Refused
from hermes_fs.store.files import Files, Found
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Move
from hermes_fs.store.merging import differences
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.transaction import Step

_FILES = ("100644", "100755")


def step_to(git: Git, files: Files, head: str, tip: str) -> Step:
    """From a commit to one that follows it. What is no regular file on either side is left alone, for it is none of the
    mind's. Raises Refused where the disk has something that main has not: it would be lost."""
    moves: list[Move] = []
    found: dict[str, Found | None] = {}
    after: dict[str, bytes | None] = {}
    for each in differences(git, head, tip):
        old, new = _file(each.first), _file(each.second)
        if not old and not new:
            continue
        there = files.read(each.path)
        has = git.oid_of("blob", there.data) if there else ""
        if has not in (old.oid if old else "", new.oid if new else ""):
            raise Refused(
                f"{each.path} on the disk is not what main has", "move it away, or keep it: git add it and commit"
            )
        found[each.path] = there
        after[each.path] = git.read_blob(new.oid) if new else None
        moves.append(_move(each.path, old, new))
    moves.sort(key=lambda move: bool(move.new))  # what goes makes room for what comes
    return Step(head, tuple(moves), {move.path: after[move.path] for move in moves}, found)


def _file(entry: TreeEntry | None) -> TreeEntry | None:
    return entry if entry and entry.mode in _FILES else None


def _move(path: str, old: TreeEntry | None, new: TreeEntry | None) -> Move:
    ends = [(entry.oid, entry.mode) if entry else ("", "") for entry in (old, new)]
    return Move(path, *ends[0], *ends[1])
