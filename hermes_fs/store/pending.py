"""Owns finding what a person edited in the mind and did not commit. Changes no file and moves no ref."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from hermes_fs.core.errors import HermesError, Refused
from hermes_fs.store.files import Files, Found
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Move
from hermes_fs.store.objects import LINK_MODE
from hermes_fs.store.paths import check_path, kind_of


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that is not as `main` has it: the move that would commit it, and what was found on disk."""

    move: Move
    found: Found | None


class Edits:
    """Compares files with a commit, byte by byte: git's index and filters are not asked."""

    def __init__(self, git: Git, files: Files, modes: bool) -> None:
        self._git = git
        self._files = files
        self._modes = modes

    def of(self, head: str, path: str) -> Edit:
        """The file as it is on disk against commit `head` ("" for none). Raises Refused where it can't be read."""
        found = self._files.read(path)
        return Edit(self.against(head, path, found), found)

    def against(self, head: str, path: str, found: Found | None) -> Move:
        """The move that turns the commit's version of a file into what was found."""
        entry = self._git.entry_at(head, path) if head else None
        old, old_mode = (entry.oid, entry.mode) if entry and entry.kind == "blob" else ("", "")
        if found is None:
            return Move(path, old, old_mode, "", "")
        mode = found.mode if self._modes else (old_mode or "100644")
        return Move(path, old, old_mode, self._git.oid_of("blob", found.data), mode)

    def candidates(self) -> tuple[list[str], list[str]]:
        """(paths of the mind that may have been edited, lines on what cannot be kept). Asks git for its status."""
        paths: list[str] = []
        problems: list[str] = []
        out = self._git.run("status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames")
        for path in _status_paths(os.fsdecode(out).split("\0")):
            if path.endswith("/"):
                problems.append(f"{path} holds a git repository of its own and is not kept: remove its .git folder")
                continue
            if kind_of(path) is None:
                continue
            try:
                check_path(path)
            except Refused as error:
                problems.append(str(error))
                continue
            paths.append(path)
        return paths, problems


def agrees(edit: Edit) -> bool:
    """Whether the file is as the commit has it."""
    move = edit.move
    return (move.old, move.old_mode) == (move.new, move.new_mode)


def _is_left_out(edit: Edit) -> bool:
    """A symbolic link on main that is not on disk: a clone leaves it out, nobody deleted it."""
    return edit.found is None and edit.move.old_mode == LINK_MODE


def readable(edits: Edits, head: str, paths: Iterable[str]) -> tuple[list[Edit], list[str]]:
    """(the edits among these paths, lines on those that cannot be read)."""
    found: list[Edit] = []
    problems: list[str] = []
    for path in paths:
        try:
            edit = edits.of(head, path)
        except HermesError as error:
            problems.append(str(error))
            continue
        if not agrees(edit) and not _is_left_out(edit):
            found.append(edit)
    return found, problems


def tree_of(git: Git, head: str, edits: Iterable[Edit]) -> str:
    """Id of the tree that a commit with these edits on top of `head` would have. Blobs and trees are written."""
    files = {
        edit.move.path: (edit.move.new_mode, git.hash_blob(edit.found.data)) if edit.found else None for edit in edits
    }
    return git.write_tree_with(head, files)


def _status_paths(items: Iterable[str]) -> Iterable[str]:
    for item in items:
        match item[:1]:
            case "1":
                yield item.split(" ", 8)[8]
            case "u":
                yield item.split(" ", 10)[10]
            case "?":
                yield item[2:]
