"""A new version of an installed skill, merged with what was edited here since. Plans only; accepting.py commits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hermes_fs.store import history
from hermes_fs.store.formats.format import headline
from hermes_fs.store.installing.lock import Entry
from hermes_fs.store.installing.newcomer import Newcomer
from hermes_fs.store.workspace import Workspace

PRISTINE = "refs/hermes/installed"
"""Per skill: the tree of the version that the lock names, kept where main has only an edited one. On this machine."""
_COMMITS = 200


@dataclass(frozen=True, slots=True)
class Update:
    """What an update would do. `files` maps paths of the mind to their new bytes, only those that change, None goes;
    `before` what was there; `edited` the paths in the skill that somebody changed here since it was installed;
    `conflicts` what a side had and the result has not, a line each."""

    new: Newcomer
    files: Mapping[str, bytes | None]
    before: Mapping[str, bytes | None]
    edited: tuple[str, ...]
    conflicts: tuple[str, ...]
    remarks: tuple[str, ...]


def is_new(entry: Entry, new: Newcomer) -> bool:
    """Whether it is another version than the one that is installed."""
    return entry.sha256 != new.sha256 if entry.sha256 else dict(entry.files) != _hashes(new.files)


def plan(workspace: Workspace, entry: Entry, new: Newcomer) -> Update:
    """The three-way merge of each file: as it was installed, as it is here, as its publisher has it now."""
    here = _here(workspace, new.name)
    files: dict[str, bytes | None] = {}
    edited: list[str] = []
    conflicts: list[str] = []
    remarks: list[str] = []
    for path in sorted({*entry.files, *new.files}):
        ours, theirs = here.get(path), new.files.get(path)
        base, known = _base(workspace, new.name, path, entry, ours)
        if ours != base or not known:
            edited.append(path)
        if not known and ours != theirs:
            remarks.append(f"{path}: the version that it was edited from is not here, so both are put together")
        merged = workspace.formats(new.place(path)).merge(base, ours, theirs)
        conflicts += [f"{path}: {headline(line)}" for line in merged.conflicts]
        if merged.content != ours:
            files[new.place(path)] = merged.content
    added = sorted(here.keys() - entry.files.keys() - new.files.keys())
    before = {path: here.get(path.removeprefix(new.place(""))) for path in files}
    return Update(new, files, before, (*edited, *added), tuple(conflicts), (*new.remarks, *remarks))


def diff(workspace: Workspace, update: Update) -> str:
    """What it would change, as a unified diff. Writes objects that nothing refers to."""
    git, now = workspace.git, workspace.tree_with_edits()
    files = {path: None if data is None else ("100644", git.hash_blob(data)) for path, data in update.files.items()}
    return history.diff(git, now, git.write_tree_with(now, files), sorted(files))


def keep_pristine(workspace: Workspace, new: Newcomer) -> None:
    """Keeps the version as its publisher has it, for the next merge. Nothing reads it but `plan`, by its hashes."""
    git, name = workspace.git, f"{PRISTINE}/{new.name}"
    tree = git.write_tree_with("", {path: ("100644", git.hash_blob(data)) for path, data in new.files.items()})
    git.update_ref(name, tree, git.resolve(name))


def _here(workspace: Workspace, name: str) -> dict[str, bytes]:
    """The files of the skill as they are, edits that are not committed included."""
    tree = workspace.git.tree_at(workspace.tree_with_edits(), f"skills/{name}")
    paths = [path for path, entry in workspace.git.files(tree) if entry.kind == "blob"] if tree else []
    read = {path: workspace.read_bytes(f"skills/{name}/{path}") for path in paths}
    return {path: data for path, data in read.items() if data is not None}


def _base(workspace: Workspace, name: str, path: str, entry: Entry, ours: bytes | None) -> tuple[bytes | None, bool]:
    """(a file as it was installed, None where it was not; whether that is known)."""
    wanted = entry.files.get(path)
    if wanted is None:
        return None, True
    versions = (ours, *_kept(workspace, name, path))
    found = next((data for data in versions if data is not None and _sha256(data) == wanted), None)
    return found, found is not None


def _kept(workspace: Workspace, name: str, path: str) -> Iterator[bytes]:
    """Versions of a file that may be the one: the pristine one, then those of history, newest first."""
    git = workspace.git
    if blob := git.blob_at(f"{PRISTINE}/{name}", path):
        yield git.read_blob(blob)
    place = f"skills/{name}/{path}"
    for count, lesson in enumerate(history.walk(git, [place])):
        if count == _COMMITS:
            return
        if blob := git.blob_at(lesson.commit, place):
            yield git.read_blob(blob)


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: _sha256(data) for path, data in files.items()}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
