"""Makes the step from main to a commit that came from elsewhere: which files change on the disk. Writes nothing."""

from __future__ import annotations

from pathlib import Path

from hermes_fs.core.errors import Refused
from hermes_fs.store.files import Files, Found
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Move
from hermes_fs.store.merging import differences
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.paths import kind_of
from hermes_fs.store.transaction import EditedMeanwhile, Step

_FILES = ("100644", "100755")


def step_to(git: Git, files: Files, head: str, tip: str) -> Step:
    """From a commit to one that follows it. What is no regular file on either side is left alone, for it is none of the
    mind's. Where the disk has something that main has not, it would be lost: raises EditedMeanwhile where that is a
    file of the mind, which can be committed, else Refused."""
    ends = {each.path: (_file(each.first), _file(each.second)) for each in differences(git, head, tip)}
    gone = {path for path, (old, new) in ends.items() if old and not new}
    moves: list[Move] = []
    found: dict[str, Found | None] = {}
    after: dict[str, bytes | None] = {}
    for path, (old, new) in ends.items():
        if not old and not new:
            continue
        there = None if _changes_its_sort(files, path, gone) else files.read(path)
        has = git.oid_of("blob", there.data) if there else ""
        if has not in (old.oid if old else "", new.oid if new else ""):
            said, hint = f"{path} on the disk is not what main has", "move it away, or keep it: git add it and commit"
            raise EditedMeanwhile(said, hint) if kind_of(path) else Refused(said, hint)
        found[path] = there
        after[path] = git.read_blob(new.oid) if new else None
        moves.append(_move(path, old, new))
    moves.sort(key=lambda move: bool(move.new))  # what goes makes room for what comes
    return Step(head, tuple(moves), {move.path: after[move.path] for move in moves}, found)


def _changes_its_sort(files: Files, path: str, gone: set[str]) -> bool:
    """Whether a file that goes lies where this one needs a folder, or a folder that goes lies in its place."""
    parts = path.split("/")
    if any("/".join(parts[:depth]) in gone for depth in range(1, len(parts))):
        return True
    place = files.root / path
    if place.is_symlink() or not place.is_dir():
        return False
    inside = (one.relative_to(files.root).as_posix() for one in place.rglob("*") if not _is_folder(one))
    return all(one in gone for one in inside)


def _is_folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _file(entry: TreeEntry | None) -> TreeEntry | None:
    return entry if entry and entry.mode in _FILES else None


def _move(path: str, old: TreeEntry | None, new: TreeEntry | None) -> Move:
    ends = [(entry.oid, entry.mode) if entry else ("", "") for entry in (old, new)]
    return Move(path, *ends[0], *ends[1])
