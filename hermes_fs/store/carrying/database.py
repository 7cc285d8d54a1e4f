"""Opens another program's SQLite database to read it: bounded, without a lock, a write or a line of its own SQL.

A database that is at rest is opened where it lies. One with a write-ahead log, or a journal, is copied with it first:
to read it in place would write beside it, or miss what was said last.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from hermes_fs.core.errors import Failed
from hermes_fs.store.installing.room import room

MAX_SIZE = 8 << 30
MAX_VALUE = 20 << 20
"""Bytes of a database with its log, and of one value in it."""
_STEPS = 1_000_000
_CALLS = 50_000  # of so many steps each: minutes, however the database is made
_FAULTS = (sqlite3.Error, OverflowError, UnicodeError)  # the last: a damaged name in what SQLite would say
_BESIDE = ("-wal", "-journal")
_ATTEMPTS = 3


class Reader:
    """Reads plain tables. Every method raises Failed where the database is damaged, or takes too long."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._left = _CALLS
        connection.set_progress_handler(self._count, _STEPS)

    def columns(self, table: str) -> list[str]:
        """Of a plain table; none where there is no such table, or a view or a virtual one passes for it."""
        found = self.rows("select sql from sqlite_master where type = 'table' and name = ?", table)
        sql = next((str(row[0]) for row in found), "")
        if not sql.upper().lstrip().startswith("CREATE TABLE"):
            return []
        return [str(row[1]) for row in self.rows(f"pragma table_info({table})")]

    def rows(self, sql: str, *values: object) -> Iterator[tuple[object, ...]]:
        """The rows of a statement of ours."""
        try:
            yield from self._connection.execute(sql, values)
        except _FAULTS as error:
            raise Failed(f"{self._name}: {error}", "repair it with the program that it belongs to") from error

    def _count(self) -> int:
        self._left -= 1
        return int(self._left < 0)


@contextlib.contextmanager
def reading(path: Path, state_dir: Path) -> Iterator[Reader]:
    """A database of another program. `state_dir` is where a copy may lie meanwhile. Raises Failed."""
    with contextlib.ExitStack() as stack:
        place = path
        if any(_size(_beside(path, ending)) for ending in _BESIDE):
            place = _copied(path, stack.enter_context(room(state_dir)))
        elif _size(path) > MAX_SIZE:
            raise Failed(f"{path.name} is larger than {MAX_SIZE >> 30} GB")
        connection = _connect(place, copied=place != path)
        stack.callback(connection.close)
        yield Reader(connection, path.name)


def _connect(path: Path, copied: bool) -> sqlite3.Connection:
    how = "mode=rw" if copied else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, isolation_level=None)
    except _FAULTS as error:
        raise Failed(f"{path.name} cannot be opened: {error}") from error
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        for pragma in ("trusted_schema = off", "cell_size_check = on", "mmap_size = 0", "query_only = on"):
            connection.execute(f"pragma {pragma}")
        connection.execute("select count(*) from sqlite_master").fetchone()
    except _FAULTS as error:
        connection.close()
        raise Failed(f"{path.name} is no database that can be read: {error}") from error
    return connection


def _copied(path: Path, place: Path) -> Path:
    """A copy of a moment: the files were the same before and after it."""
    files = [path, *(_beside(path, ending) for ending in _BESIDE if _size(_beside(path, ending)))]
    size = sum(map(_size, files))
    if size > MAX_SIZE:
        raise Failed(f"{path.name} is larger than {MAX_SIZE >> 30} GB")
    if shutil.disk_usage(place).free < size + (100 << 20):
        raise Failed(f"there is no room to copy {path.name}", "free some space")
    for _ in range(_ATTEMPTS):
        before = [_stamp(file) for file in files]
        try:
            for file in files:
                shutil.copyfile(file, place / file.name, follow_symlinks=False)
        except OSError as error:
            raise Failed(f"{path.name} cannot be copied: {error.strerror}") from error
        if before == [_stamp(file) for file in files]:
            return place / path.name
    raise Failed(f"{path.name} is being written", "stop the program that it belongs to, then run it again")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _size(path: Path) -> int:
    """Bytes of a plain file, 0 for what is none."""
    with contextlib.suppress(OSError):  # none
        status = os.lstat(path)
        return status.st_size if stat.S_ISREG(status.st_mode) else 0
    return 0


def _stamp(path: Path) -> tuple[int, int, int]:
    with contextlib.suppress(OSError):  # gone meanwhile, which differs
        status = os.lstat(path)
        return status.st_size, status.st_mtime_ns, status.st_ino
    return 0, 0, 0
