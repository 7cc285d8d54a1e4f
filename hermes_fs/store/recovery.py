"""Owns what becomes of a journal whose writer died: the lesson happened, or its files are put back."""

from __future__ import annotations

from hermes_fs.core.errors import Refused
from hermes_fs.store.files import Files
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Entry, Journal, Move
from hermes_fs.store.user_index import release


def recover(git: Git, files: Files, journal: Journal) -> None:
    """Undoes the journal's last lesson unless its ref got there. The caller holds the workspace's lock.

    What remains in the journal has happened; the user's index may still have to catch up with it.
    """
    journal.trim()
    rows = journal.read()
    if not rows:
        release(git)
        journal.cut(0)
        return
    start, last = rows[-1]
    if happened(git, last):
        return
    put_back(git, files, last)
    if start == 0:
        release(git)
    journal.cut(start)


def happened(git: Git, entry: Entry) -> bool:
    """Whether the ref is at the lesson, or went on from it."""
    head = git.resolve(entry.ref)
    if head == entry.new:
        return True
    if not head or head == entry.old or git.kind_of(entry.new) != "commit":
        return False
    return git.ask("merge-base", "--is-ancestor", entry.new, head).code == 0


def put_back(git: Git, files: Files, entry: Entry) -> None:
    """Restores the files that hold the lesson's bytes. Others, which somebody edited since, stay as they are."""
    for move in () if entry.placed else entry.moves:
        if holds_the_lesson(git, files, move):
            if move.old:
                mode = 0o755 if move.old_mode == "100755" else None
                files.place(files.stage(move.path, git.read_blob(move.old), mode), move.path)
            else:
                files.remove(move.path)
        if not move.old:
            files.drop_empty(move.path)


def holds_the_lesson(git: Git, files: Files, move: Move) -> bool:
    """Whether the file is as the lesson would have it."""
    try:
        found = files.read(move.path)
    except Refused:  # somebody put something else there
        return False
    return (git.oid_of("blob", found.data) if found else "") == move.new
