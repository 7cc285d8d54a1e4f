"""Owns steps 5 and 6 of the door: objects, journal, files, ref. Must not judge what it writes; the door has."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
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
class Step:
    """What becomes of main and the disk: from commit `parent` on, each path of `found` (as it is on disk) turns into
    `files`' bytes. `placed`: the disk already has it so.
    """

    parent: str
    moves: tuple[Move, ...]
    files: Mapping[str, bytes | None]
    found: Mapping[str, Found | None]
    placed: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """A step, and the commit that is to be made for it."""

    step: Step
    message: str
    author: Signature
    committer: Signature


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
        return self._take(lesson.step, written)

    def follow(self, step: Step, commit: str) -> str:
        """As `apply`, with a commit that is made already, whose objects are on the disk: fetched, or merged."""
        return self._take(step, [commit])

    def _take(self, step: Step, written: Sequence[str]) -> str:
        """Steps 5 and 6 once the objects are written; the commit is the last of them."""
        staged: dict[str, Path] = {}
        kept: dict[str, Path] = {}
        with contextlib.ExitStack() as always, contextlib.ExitStack() as undo:
            always.callback(_unlink_all, staged, kept)
            undo.callback(self._drop_folders, step)
            self._stage(step, staged, kept)
            reach("door.staged")
            entry = Entry(BRANCH, step.parent, written[-1], step.placed, boot(), step.moves)
            undo.callback(self._undo, entry, kept, self._journal.append(entry))
            reach("door.journal")
            new = [*self._git.loose_files(written), *staged.values(), *self._journal.places]
            self._move(entry, step, staged, self._git.syncer.begin(new))
            undo.pop_all()
            reach("door.ref")
        return written[-1]

    def _stage(self, step: Step, staged: dict[str, Path], kept: dict[str, Path]) -> None:
        """Puts what will be renamed into place aside, and gives what it will replace a second name."""
        for move in () if step.placed else step.moves:
            path, data, found = move.path, step.files[move.path], step.found[move.path]
            if data is not None:
                staged[path] = self._files.stage(path, data, _permissions(move, found))
            if found and (aside := self._files.keep(path)):
                kept[path] = aside

    def _drop_folders(self, step: Step) -> None:
        for move in step.moves:
            if not move.old and not step.placed:
                self._files.drop_empty(move.path)

    def _write_objects(self, lesson: Lesson, sign: bool) -> list[str]:
        """Ids of what was written and is to be waited for; the commit is the last."""
        step = lesson.step
        new: list[tuple[ObjectKind, bytes]] = [("blob", data) for data in step.files.values() if data is not None]
        versions = {move.path: (move.new_mode, move.new) if move.new else None for move in step.moves}
        tree = self._git.plan_tree(step.parent, versions, new)
        parents = [step.parent] if step.parent else []
        who = lesson.author, lesson.committer
        if sign:
            self._git.write(new)
            return [signed_commit(self._git, tree, parents, lesson.message, *who)]
        new.append(self._git.commit_of(commit_text(tree, parents, lesson.message, *who)))
        return self._git.write_soon(new)

    def _move(self, entry: Entry, step: Step, staged: Mapping[str, Path], waited: Callable[[], None]) -> None:
        """Step 6. `waited` returns when all that was written before is on the disk; git locks the ref meanwhile."""
        hold(self._git)
        reach("door.held")

        def place() -> None:
            waited()
            reach("door.durable")
            self._place(step, staged)

        try:
            with self._git.moving_ref(entry.ref, entry.new, entry.old):
                place()
        except RefLocked:
            if not self._drop_stale_locks():
                raise
            with self._git.moving_ref(entry.ref, entry.new, entry.old):
                place()
        moved = () if step.placed else step.moves
        folders = [self._files.folder_of(move.path) for move in moved]
        self._git.syncer.sync([(self._git.common_dir / entry.ref).parent, *folders])

    def _place(self, step: Step, staged: Mapping[str, Path]) -> None:
        for path in () if step.placed else (move.path for move in step.moves):
            found = step.found[path]
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


def _permissions(move: Move, found: Found | None) -> int | None:
    """Of the file to come: those that it has, unless it is new or becomes, or ceases to be, a program."""
    if found and move.new_mode == found.mode:
        return found.permissions
    return 0o755 if move.new_mode == "100755" else None


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
