"""The index's file: its tables, how it is opened, and how it is replaced while others use it. Knows nothing of what is
indexed; the file is a cache that may be deleted, damaged or of another version at any moment.

Replacing goes by unlinking the database, then its -wal and -shm, then renaming the new one into place, under an
exclusive `flock` that opening takes as well. A process that still holds the old file goes on with its unlinked inode
(SQLite leaves the -wal alone when its database has moved) and notices by the inode number at its next operation.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hermes_fs.store.tokens import TOKENIZER, indexed

VERSION = 4
"""Raise it whenever tables, tokenizer, bigrams or the way rows are made change: older caches are then rebuilt."""

_APPLICATION = 0x48464958  # "HFIX"
_SIDECARS = ("-wal", "-shm", "-journal")
_BUSY_MS = 5000
_POLL_SECONDS = 0.002

_TABLES = f"""
create table meta(key text primary key, value text) without rowid;
create table files(
  id integer primary key, path text not null unique, stamp text not null, racy integer not null,
  digest blob not null, size integer not null, at integer not null,
  session text not null, title text not null, person text not null
);
create table rows(
  id integer primary key autoincrement, file integer not null, kind text not null, anchor text not null,
  at integer, person text not null, origin text not null, text text not null
);
create index rows_of_file on rows(file);
create index rows_narrow on rows(id, kind, at, person, file);
create view words as
  select id, indexed(text) as text, case person when 'owner' then '' else person end as person from rows;
create virtual table fts using fts5(text, person, content='words', content_rowid='id', tokenize='{TOKENIZER}');
create virtual table vocabulary using fts5vocab(fts, row);
insert into fts(fts, rank) values('automerge', 0), ('crisismerge', 1999), ('usermerge', 4);
"""


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """A connection in autocommit mode. Raises sqlite3.DatabaseError."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000)
    db.create_function("indexed", 1, indexed, deterministic=True)
    db.execute("pragma cache_size = -8000")
    db.execute("pragma synchronous = normal" if writing else "pragma query_only = 1")
    return db


def in_memory() -> sqlite3.Connection:
    """An empty index that goes with its connection."""
    db = connect(Path(":memory:"), writing=True)
    create(db)
    return db


@contextmanager
def at_once(db: sqlite3.Connection) -> Iterator[None]:
    """What is written within is kept where all of it could be. `db` is in autocommit mode; raises sqlite3.Error."""
    db.execute("begin immediate")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have rolled back already
            db.execute("rollback")
        raise
    db.execute("commit")


def usable(db: sqlite3.Connection) -> bool:
    """Whether this is a whole index of our version (raises sqlite3.DatabaseError where the file is damaged)."""
    if db.execute("pragma application_id").fetchone()[0] != _APPLICATION:
        return False
    if db.execute("pragma user_version").fetchone()[0] != VERSION:
        return False
    return bool(db.execute("select count(*) from meta where key = 'complete'").fetchone()[0])


def create(db: sqlite3.Connection) -> None:
    """Make the tables in an empty database; `finish` declares it whole."""
    db.executescript(_TABLES)
    db.execute("insert into meta values('birth', lower(hex(randomblob(8))))")


def birth(db: sqlite3.Connection) -> str:
    """What tells this index from one that is made later: a row's id means the same row as long as it is the same."""
    found = db.execute("select value from meta where key = 'birth'").fetchone()
    return str(found[0]) if found else ""


def finish(db: sqlite3.Connection) -> None:
    db.execute("insert or replace into meta values('complete', '1')")
    db.execute(f"pragma application_id = {_APPLICATION}")
    db.execute(f"pragma user_version = {VERSION}")


def identity(path: Path) -> tuple[int, int]:
    """What tells whether the file at `path` is still the one that was opened; (0, 0) where there is none."""
    try:
        found = path.stat(follow_symlinks=False)
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else (0, 0)


@contextmanager
def guarded(path: Path, name: str, patience: float = math.inf) -> Iterator[None]:
    """Hold the exclusive cross-process lock `name` beside `path`; not re-entrant. Waits for it up to `patience` seconds
    (whoever holds it may be stopped), then raises BlockingIOError."""
    handle = os.open(path.with_name(f"{path.name}.{name}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(handle, patience)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)


def replace(path: Path, new: Path) -> None:
    """Put the finished database `new` at `path`. Call within `guarded(path, "swap")`, after `settle`."""
    for name in ("", *_SIDECARS):
        _unlink(path.with_name(path.name + name))
    new.rename(path)


def settle(path: Path) -> None:
    """Have a database that was written without care on the disk, so that a power cut leaves all of it or none."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(path: Path) -> None:
    """Remove a database and what SQLite keeps beside it."""
    for name in ("", *_SIDECARS):
        _unlink(path.with_name(path.name + name))


def _unlink(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # gone already is what was wanted
        path.unlink()
