"""The skills of a workspace by name and description, kept so that a start need not read thousands of files, and found
by words. Owns one small cache in .git/hermes; the files are the truth, and every answer is as fresh as their times.

Which skill may be offered to whom is not decided here.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hermes_fs.store import sources
from hermes_fs.store.formats import front, skill
from hermes_fs.store.tokens import TOKENIZER, indexed, storable

FILE = "SKILL.md"
_VERSION = 1
_HEAD = 64 * 1024
"""Bytes of a SKILL.md that are looked at for its description."""
_BODY = 1_500
"""Characters of a skill's instructions whose words help to find it."""
_BATCH = 200
_RACY_NS = 2_000_000_000
_BUSY_SECONDS = 0.2

_TABLES = (
    "create table skills(id integer primary key, name text not null unique, stamp text not null,"
    " description text not null, problems text)",
    f"create virtual table words using fts5(name, about, body, tokenize='{TOKENIZER}')",
)
"""`problems` is JSON, null where nobody has asked for them."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class Seen(NamedTuple):
    """A skill's SKILL.md as it lies there; an empty stamp says that its time cannot tell a change."""

    name: str
    stamp: str


class Row(NamedTuple):
    """A skill as it is kept: `body` is the beginning of its instructions."""

    name: str
    stamp: str
    description: str
    body: str


def names(root: Path) -> list[str]:
    """Every skill, by name. Nothing is found through a link."""
    return [seen.name for seen in scan(root)]


def folders(root: Path) -> list[str]:
    """Folders that may each hold a skill: `names` for a fifth of its price where there are thousands."""
    return [folder for folder in _folders(f"{root}/skills") if storable(folder) == folder]


def described(root: Path, state_dir: Path) -> list[tuple[str, str]]:
    """(name, description) of every skill, by name."""
    with current(root, state_dir) as db:
        return db.execute("select name, description from skills order by name").fetchall()


def judged(root: Path, state_dir: Path, judge: Callable[[str], list[str]]) -> list[tuple[str, str, list[str]]]:
    """(name, description, problems) of every skill, by name; `judge` names a skill's problems where its file has
    changed since it was asked."""
    with current(root, state_dir) as db:
        rows = db.execute("select name, description, problems from skills order by name").fetchall()
        fresh = {name: json.dumps(judge(name)) for name, _, problems in rows if problems is None}
        with contextlib.suppress(sqlite3.Error), _transaction(db):  # kept where that can be done
            db.executemany("update skills set problems = ? where name = ?", [(fresh[name], name) for name in fresh])
    return [(name, about, json.loads(problems or fresh[name])) for name, about, problems in rows]


def scan(root: Path) -> list[Seen]:
    """The folders below skills/ that hold a SKILL.md which is a regular file, by name."""
    found, now, place = [], time.time_ns(), f"{root}/skills"
    for folder in folders(root):
        with contextlib.suppress(OSError, ValueError):  # no skill, or just gone
            status = os.lstat(f"{place}/{folder}/{FILE}")
            if stat.S_ISREG(status.st_mode):
                changed = max(status.st_mtime_ns, status.st_ctime_ns)
                stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
                found.append(Seen(folder, "" if now - changed < _RACY_NS else stamp))
    return found


def _folders(place: str) -> list[str]:
    try:
        if not stat.S_ISDIR(os.lstat(place).st_mode):
            return []
        with os.scandir(place) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _read(root: Path, seen: Seen) -> Row | None:
    data = sources.read(root, f"skills/{seen.name}/{FILE}", limit=_HEAD)
    if data is None:
        return None
    body = front.cut(data.decode("utf-8", "replace")).body
    return Row(seen.name, seen.stamp, storable(skill.headline(data, seen.name)), storable(body[:_BODY]))


# -- the cache --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def current(root: Path, state_dir: Path, seconds: float = math.inf) -> Iterator[sqlite3.Connection]:
    """The cache in step with the files. Where more of them changed than can be read in about `seconds`, the rest waits
    for the next time. Made anew where it is damaged or of another version; in memory where it cannot be kept."""
    with contextlib.closing(_connected(root, state_dir / "skills.db", seconds)) as db:
        yield db


def _connected(root: Path, path: Path, seconds: float) -> sqlite3.Connection:
    for place in (path, path, ":memory:"):
        db = sqlite3.connect(":memory:")
        try:
            db = sqlite3.connect(place, timeout=_BUSY_SECONDS, isolation_level=None)
            if db.execute("pragma user_version").fetchone()[0] != _VERSION:
                _make(db)
            _catch_up(db, root, time.monotonic() + seconds)
            return db
        except sqlite3.Error as error:
            db.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                path.unlink(missing_ok=True)
    raise AssertionError("SQLite cannot even keep a database in memory")


def _make(db: sqlite3.Connection) -> None:
    with _transaction(db):
        for name in ("skills", "words"):
            db.execute(f"drop table if exists {name}")
        for statement in _TABLES:
            db.execute(statement)
        db.execute(f"pragma user_version = {_VERSION}")


def _catch_up(db: sqlite3.Connection, root: Path, deadline: float) -> None:
    present = scan(root)
    known = dict(db.execute("select name, stamp from skills"))
    gone = known.keys() - {seen.name for seen in present}
    if gone:
        with _transaction(db):
            _forget(db, gone)
    stale = [seen for seen in present if not seen.stamp or known.get(seen.name) != seen.stamp]
    for start in range(0, len(stale), _BATCH):
        batch = stale[start : start + _BATCH]
        read = [row for seen in batch if (row := _read(root, seen))]
        with _transaction(db):
            _forget(db, [seen.name for seen in batch])
            _add(db, read)
        if time.monotonic() > deadline:
            return


def _forget(db: sqlite3.Connection, some: Iterable[str]) -> None:
    keys = [(name,) for name in some]
    db.executemany("delete from words where rowid = (select id from skills where name = ?)", keys)
    db.executemany("delete from skills where name = ?", keys)


def _add(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    for row in rows:
        made = db.execute("insert into skills(name, stamp, description) values(?,?,?)", row[:3])
        values = (made.lastrowid, indexed(row.name), indexed(row.description), indexed(row.body))
        db.execute("insert into words(rowid, name, about, body) values(?,?,?,?)", values)


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("begin immediate")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")
