"""Owns what becomes of a journal whose writer died: the lesson happened, or its files are put back."""

from __future__ import annotations

from hermes_fs.core.errors import Refused
from hermes_fs.core.loading import load
from hermes_fs.store.durable import boot
from hermes_fs.store.files import Files
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Entry, Journal, Move
from hermes_fs.store.user_index import release


def recover(git: Git, files: Files, journal: Journal) -> None:
    """Undoes the journal's last lesson unless its ref got there. The caller holds the workspace's lock.

    What remains in the journal has happened; the user's index may still have to catch up with it. A purge that was
    killed is carried out first: until then the disk is not as main has it.
    """
    if unfinished(git):
        load("hermes_fs.store.forgetting.finishing:finish")(git, files)
    journal.trim()
    rows = journal.read()
    if not rows:
        release(git)
        journal.cut(0)
        return
    start, last = rows[-1]
    if happened(git, last):
        roll_forward(git, files, last)
        return
    put_back(git, files, last)
    if start == 0:
        release(git)
    journal.cut(start)


def unfinished(git: Git) -> bool:
    """Whether a purge was begun, and is not done."""
    return (git.git_dir / "hermes" / "forgetting.json").exists()


def happened(git: Git, entry: Entry) -> bool:
    """Whether the ref is at the lesson, or went on from it."""
    head = git.resolve(entry.ref)
    if head == entry.new:
        return True
    if not head or head == entry.old or git.kind_of(entry.new) != "commit":
        return False
    return git.ask("merge-base", "--is-ancestor", entry.new, head).code == 0


def roll_forward(git: Git, files: Files, entry: Entry) -> None:
    """Places the files of a lesson that happened, where the machine went down before the disk had their names.

    They were placed before the ref was moved: as long as the machine ran on, a file that is as before the lesson is so
    because somebody put it back.
    """
    if entry.placed or not entry.boot or entry.boot == boot():
        return
    for move in entry.moves:
        if _is_at(git, files, move.path, move.old):
            _write(git, files, move.path, move.new, move.new_mode)
    git.syncer.sync(files.folder_of(move.path) for move in entry.moves)


def put_back(git: Git, files: Files, entry: Entry) -> None:
    """Restores the files that hold the lesson's bytes. Others, which somebody edited since, stay as they are."""
    for move in () if entry.placed else reversed(entry.moves):
        if holds_the_lesson(git, files, move):
            _write(git, files, move.path, move.old, move.old_mode)
        if not move.old:
            files.drop_empty(move.path)


def holds_the_lesson(git: Git, files: Files, move: Move) -> bool:
    """Whether the file is as the lesson would have it."""
    return _is_at(git, files, move.path, move.new)


def _is_at(git: Git, files: Files, path: str, blob: str) -> bool:
    try:
        found = files.read(path)
    except Refused:  # somebody put something else there
        return False
    return (git.oid_of("blob", found.data) if found else "") == blob


def _write(git: Git, files: Files, path: str, blob: str, mode: str) -> None:
    if not blob:
        files.remove(path)
        return
    aside = files.stage(path, git.read_blob(blob), 0o755 if mode == "100755" else None)
    git.syncer.sync([aside])
    files.place(aside, path)
