"""Rows counted out of transcripts, kept so that one that has not changed is not read again. Its database is a cache
that may be deleted; what is counted is its callers' business.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import HermesError
from hermes_fs.store import caches, transcript
from hermes_fs.store.transcript import Contents


@dataclass(frozen=True, slots=True)
class Counting:
    """`columns` are those of the table `rows`, as SQL has them, and `rows` gives their values for one transcript;
    another `version` makes all of it anew."""

    version: int
    columns: str
    rows: Callable[[Contents], Iterable[tuple[Any, ...]]]


@contextlib.contextmanager
def counted(path: Path, counting: Counting, sessions: Path) -> Iterator[sqlite3.Connection]:
    """The database with its table `rows` in step with the folder of transcripts; in memory where it cannot be kept."""
    kept = _in_step(_opened(caches.place(path.parent) / path.name, counting), counting, sessions)
    with contextlib.closing(kept or _opened(None, counting)) as db:
        if kept is None:
            _refresh(db, counting, sessions)
        yield db


def _in_step(db: sqlite3.Connection, counting: Counting, sessions: Path) -> sqlite3.Connection | None:
    """The same brought in step, closed and None where the disk does not let us."""
    try:
        _refresh(db, counting, sessions)
    except sqlite3.OperationalError:
        db.close()
        return None
    return db


def _opened(path: Path | None, counting: Counting) -> sqlite3.Connection:
    """Made anew where it is damaged, of another version or cannot be kept; None is one in memory."""
    for attempt in (path or ":memory:", path or ":memory:", ":memory:"):
        with contextlib.suppress(sqlite3.Error):
            db = sqlite3.connect(attempt, timeout=10)
            db.execute("pragma journal_mode = wal")
            if db.execute("pragma user_version").fetchone()[0] != counting.version:
                _make(db, counting)
            return db
        with contextlib.suppress(OSError):
            if path:
                path.unlink(missing_ok=True)
    raise AssertionError("SQLite cannot even keep a database in memory")


def _make(db: sqlite3.Connection, counting: Counting) -> None:
    for (name,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
        db.execute(f'drop table if exists "{name}"')
    db.execute("create table files(path text primary key, stamp text not null) without rowid")
    db.execute(f"create table rows(file text not null, {counting.columns})")
    db.execute("create index rows_of_file on rows(file)")
    db.execute(f"pragma user_version = {counting.version}")
    db.commit()


def _refresh(db: sqlite3.Connection, counting: Counting, sessions: Path) -> None:
    known = dict(db.execute("select path, stamp from files"))
    with db:
        for path in sorted(sessions.rglob("*.jsonl")):
            status = path.lstat()
            name, stamp = path.relative_to(sessions).as_posix(), f"{status.st_size} {status.st_mtime_ns}"
            if known.pop(name, "") != stamp:
                _replace(db, counting, name, stamp, path)
        for name in known:
            _forget(db, name)


def _replace(db: sqlite3.Connection, counting: Counting, name: str, stamp: str, path: Path) -> None:
    _forget(db, name)
    try:
        contents = transcript.read(path)
    except HermesError:  # a file that is no transcript counts nothing
        return
    for row in counting.rows(contents):
        db.execute(f"insert into rows values({','.join('?' * (len(row) + 1))})", (name, *row))
    db.execute("insert into files values(?,?)", (name, stamp))


def _forget(db: sqlite3.Connection, name: str) -> None:
    db.execute("delete from rows where file = ?", (name,))
    db.execute("delete from files where path = ?", (name,))
