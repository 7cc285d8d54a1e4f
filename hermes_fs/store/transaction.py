"""Owns steps 5 and 6 of the door: objects, journal, files, ref. Must not judge what it writes; the door has."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Conflict, HermesError
from hermes_fs.store import recovery
from hermes_fs.store.durable import boot
from hermes_fs.store.failpoint import reach
from hermes_fs.store.files import Files, Found
from hermes_fs.store.git import Git, RefLocked
from hermes_fs.store.journal import Entry, Journal, Move
from hermes_fs.store.objects import ObjectKind, Signature, commit_text
from hermes_fs.store.signing import signed_commit
from hermes_fs.store.state import BRANCH
from hermes_fs.store.user_index import hold, release

_STALE = 10.0  # seconds; git holds a ref's lock file for milliseconds
_LOCKS = ("HEAD.lock", f"{BRANCH}.lock", "packed-refs.lock")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A commit to be: it follows `parent` and turns each path of `found` (as it is on disk) into `files`' bytes.

    `placed`: the disk already has it so.
    """

    parent: str
    moves: tuple[Move, ...]
    files: Mapping[str, bytes | None]
    found: Mapping[str, Found | None]
    message: str
    author: Signature
    committer: Signature
    placed: bool = False


class EditedMeanwhile(Conflict):
    """Somebody wrote to a file while the lesson was made; nothing of it was kept. Trying again finds their edit."""


class Transaction:
    """Makes lessons durable. The caller holds the workspace's lock. Raises Conflict or Failed; then nothing changed."""

    def __init__(self, git: Git, files: Files, journal: Journal) -> None:
        self._git = git
        self._files = files
        self._journal = journal

    def apply(self, lesson: Lesson, sign: bool) -> str:
        """The new commit's id, once it is acknowledged."""
        written = self._write_objects(lesson, sign)
        reach("door.objects")
        staged: dict[str, Path] = {}
        kept: dict[str, Path] = {}
        with contextlib.ExitStack() as always, contextlib.ExitStack() as undo:
            always.callback(_unlink_all, staged, kept)
            undo.callback(self._drop_folders, lesson)
            self._stage(lesson, staged, kept)
            reach("door.staged")
            entry = Entry(BRANCH, lesson.parent, written[-1], lesson.placed, boot(), lesson.moves)
            undo.callback(self._undo, entry, kept, self._journal.append(entry))
            reach("door.journal")
            new = [*self._git.loose_files(written), *staged.values(), *self._journal.places]
            self._move(entry, lesson, staged, self._git.syncer.begin(new))
            undo.pop_all()
            reach("door.ref")
        return written[-1]

    def _stage(self, lesson: Lesson, staged: dict[str, Path], kept: dict[str, Path]) -> None:
        """Puts what will be renamed into place aside, and gives what it will replace a second name."""
        for path, data in lesson.files.items() if not lesson.placed else ():
            found = lesson.found[path]
            if data is not None:
                staged[path] = self._files.stage(path, data, found.permissions if found else None)
            if found and (aside := self._files.keep(path)):
                kept[path] = aside

    def _drop_folders(self, lesson: Lesson) -> None:
        for move in lesson.moves:
            if not move.old and not lesson.placed:
                self._files.drop_empty(move.path)

    def _write_objects(self, lesson: Lesson, sign: bool) -> list[str]:
        """Ids of what was written and is to be waited for; the commit is the last."""
        new: list[tuple[ObjectKind, bytes]] = [("blob", data) for data in lesson.files.values() if data is not None]
        versions = {move.path: (move.new_mode, move.new) if move.new else None for move in lesson.moves}
        tree = self._git.plan_tree(lesson.parent, versions, new)
        parents = [lesson.parent] if lesson.parent else []
        who = lesson.author, lesson.committer
        if sign:
            self._git.write(new)
            return [signed_commit(self._git, tree, parents, lesson.message, *who)]
        new.append(self._git.commit_of(commit_text(tree, parents, lesson.message, *who)))
        return self._git.write_soon(new)

    def _move(self, entry: Entry, lesson: Lesson, staged: Mapping[str, Path], waited: Callable[[], None]) -> None:
        """Step 6. `waited` returns when all that was written before is on the disk; git locks the ref meanwhile."""
        hold(self._git)
        reach("door.held")

        def place() -> None:
            waited()
            reach("door.durable")
            self._place(lesson, staged)

        try:
            with self._git.moving_ref(entry.ref, entry.new, entry.old):
                place()
        except RefLocked:
            if not self._drop_stale_locks():
                raise
            with self._git.moving_ref(entry.ref, entry.new, entry.old):
                place()
        moved = () if lesson.placed else lesson.moves
        folders = [self._files.folder_of(move.path) for move in moved]
        self._git.syncer.sync([(self._git.common_dir / entry.ref).parent, *folders])

    def _place(self, lesson: Lesson, staged: Mapping[str, Path]) -> None:
        for path in () if lesson.placed else lesson.files:
            found = lesson.found[path]
            if self._files.stamp(path) != (found.stamp if found else None):
                raise EditedMeanwhile(f"{path} was edited at the same time", "try again")
            if path in staged:
                self._files.place(staged[path], path)
            else:
                self._files.remove(path)
            reach("door.placed")
        reach("door.renamed")

    def _undo(self, entry: Entry, kept: Mapping[str, Path], start: int) -> None:
        """After an error or Ctrl-C. The ref may have got there all the same, so it is asked, not assumed."""
        if not recovery.happened(self._git, entry):
            self._put_back(entry, kept)
            if start == 0:
                release(self._git)
            self._journal.cut(start)

    def _put_back(self, entry: Entry, kept: Mapping[str, Path]) -> None:
        """Undoes what was placed, from the names kept aside where there are any: a full disk has no room for copies."""
        for move in () if entry.placed else entry.moves:
            with contextlib.suppress(HermesError, OSError):  # what follows does it too, or says why not
                if move.path in kept and recovery.holds_the_lesson(self._git, self._files, move):
                    self._files.place(kept[move.path], move.path)
        recovery.put_back(self._git, self._files, entry)

    def _drop_stale_locks(self) -> bool:
        """Removes ref locks that a killed git left: older than git ever holds one, and ours is not running any more."""
        dropped = False
        for name in _LOCKS:
            lock = self._git.git_dir / name
            with contextlib.suppress(FileNotFoundError):  # gone in between
                if time.time() - lock.stat().st_mtime > _STALE:
                    lock.unlink()
                    dropped = True
        return dropped


def _unlink_all(*asides: Mapping[str, Path]) -> None:
    for aside in asides:
        for path in aside.values():
            path.unlink(missing_ok=True)


def clear_leftovers(temporary: Path, older_than: float = 3600.0) -> None:
    """Deletes what killed processes left in the folder of temporary files. `older_than` in seconds: others may be at
    work there."""
    with contextlib.suppress(OSError):  # nothing there, or not ours to delete: no harm
        for left in temporary.iterdir():
            if time.time() - left.lstat().st_mtime > older_than:
                left.unlink()
