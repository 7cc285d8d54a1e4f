"""The skills of a workspace and of the places beside it by name and description, kept so that a start need not read
thousands of files, and found by words. Owns one small cache in .git/hermes; the files are the truth, and every answer
is as fresh as their times.

Which skill may be offered to whom is not decided here. `beyond` are the read-only places, the nearest first.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hermes_fs.core.loading import load
from hermes_fs.store import skill_places
from hermes_fs.store.formats import front, skill
from hermes_fs.store.schema import at_once
from hermes_fs.store.skill_places import FILE, Place, Spot
from hermes_fs.store.tokens import TOKENIZER, indexed, storable

_VERSION = 2
_HEAD = 64 * 1024
"""Bytes of a SKILL.md that are looked at for its description."""
_BODY = 1_500
"""Characters of a skill's instructions whose words help to find it."""
_BATCH = 200
_MOST_BEYOND = 2_000
"""Skills of one read-only place that are looked at."""
_RACY_NS = 2_000_000_000
_BUSY_SECONDS = 0.2

_TABLES = (
    "create table skills(id integer primary key, place text not null, name text not null, stamp text not null,"
    " description text not null, archived integer not null, pinned integer not null, problems text,"
    " unique(place, name))",
    f"create virtual table words using fts5(name, about, body, tokenize='{TOKENIZER}')",
)
"""`place` is "" for the mind's own, else a folder; `problems` is JSON, null where nobody has asked for them."""
_ACTIVE = "create temp table active(id integer primary key, rank integer, hidden integer)"
"""The skills of the places that count now: `rank` is that of their place; those with `hidden` 0 have their name for
themselves, or come first, and are not archived."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class Seen(NamedTuple):
    """A skill's SKILL.md as it lies there; an empty stamp says that its time cannot tell a change."""

    place: Place
    name: str
    stamp: str


class Row(NamedTuple):
    """A skill as it is kept: `body` is the beginning of its instructions."""

    place: str
    name: str
    stamp: str
    description: str
    archived: bool
    pinned: bool
    body: str


class Known(NamedTuple):
    """A skill that may be looked up: `hidden` where another of its name counts, or it is archived."""

    spot: Spot
    description: str
    archived: bool
    pinned: bool
    hidden: bool
    problems: tuple[str, ...]


def names(root: Path, beyond: Sequence[Place] = ()) -> list[str]:
    """Every skill, by name. Nothing is found through a link."""
    return sorted({seen.name for seen in scan((skill_places.own(root), *beyond))})


def folders(root: Path, beyond: Sequence[Place] = ()) -> list[str]:
    """Folders that may each hold a skill: `names` for a fifth of its price where there are thousands."""
    return sorted({name for place in (skill_places.own(root), *beyond) for name in _names(place)})


def described(root: Path, state_dir: Path, beyond: Sequence[Place] = ()) -> list[tuple[str, str]]:
    """(name, description) of every skill that may be offered, by name."""
    with current(root, state_dir, beyond=beyond) as db:
        sql = "select name, description from skills join active using(id) where not hidden order by name"
        return db.execute(sql).fetchall()


def listed(
    root: Path, state_dir: Path, judge: Callable[[Spot], list[str]], beyond: Sequence[Place] = ()
) -> list[Known]:
    """Every skill of every place, by name and then by what counts first; `judge` names a skill's problems where its
    file has changed since it was asked."""
    places = (skill_places.own(root), *beyond)
    with current(root, state_dir, beyond=beyond) as db:
        sql = (
            "select id, rank, name, description, archived, pinned, hidden, problems from skills"
            " join active using(id) order by name, rank"
        )
        rows = db.execute(sql).fetchall()
        spots = {key: Spot(places[rank], name) for key, rank, name, *_ in rows}
        fresh = {key: json.dumps(judge(spots[key])) for key, *_, problems in rows if problems is None}
        with contextlib.suppress(sqlite3.Error), at_once(db):  # kept where that can be done
            db.executemany("update skills set problems = ? where id = ?", [(fresh[key], key) for key in fresh])
    return [
        Known(spots[key], about, bool(archived), bool(pinned), bool(hidden), tuple(json.loads(problems or fresh[key])))
        for key, _, _, about, archived, pinned, hidden, problems in rows
    ]


def scan(places: Iterable[Place]) -> list[Seen]:
    """The folders of each place that hold a SKILL.md which is a regular file, by name."""
    found, now = [], time.time_ns()
    for place in places:
        for folder in _names(place):
            with contextlib.suppress(OSError, ValueError):  # no skill, or just gone
                status = os.lstat(f"{place.folder}/{folder}/{FILE}")
                if stat.S_ISREG(status.st_mode):
                    changed = max(status.st_mtime_ns, status.st_ctime_ns)
                    stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
                    found.append(Seen(place, folder, "" if now - changed < _RACY_NS else stamp))
    return found


def _names(place: Place) -> list[str]:
    found = [folder for folder in _folders(str(place.folder)) if storable(folder) == folder]
    if place.kind == "own":
        return found
    return [folder for folder in found if folder.isprintable() and not folder.startswith(".")][:_MOST_BEYOND]


def _folders(place: str) -> list[str]:
    try:
        if not stat.S_ISDIR(os.lstat(place).st_mode):
            return []
        with os.scandir(place) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _read(seen: Seen) -> Row | None:
    data = skill_places.read(seen.place.folder, f"{seen.name}/{FILE}", limit=_HEAD)
    if data is None:
        return None
    body = front.cut(data.decode("utf-8", "replace")).body
    about = storable(skill.headline(data, seen.name))
    if seen.place.kind != "own" and not about.isascii():  # what comes through the door hides nothing
        about = load("hermes_fs.core.hidden:surface")(about)
    archived, pinned = skill.marks(data) if seen.place.kind == "own" else (False, False)
    return Row(seen.place.key, seen.name, seen.stamp, about, archived, pinned, storable(body[:_BODY]))


# -- the cache --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def current(
    root: Path, state_dir: Path, seconds: float = math.inf, beyond: Sequence[Place] = ()
) -> Iterator[sqlite3.Connection]:
    """The cache in step with the files, with the table `active`. Where more of them changed than can be read in about
    `seconds`, the rest waits for the next time. Made anew where it is damaged or of another version; in memory where it
    cannot be kept."""
    places = (skill_places.own(root), *beyond)
    with contextlib.closing(_connected(places, state_dir / "skills.db", seconds)) as db:
        yield db


def _connected(places: Sequence[Place], path: Path, seconds: float) -> sqlite3.Connection:
    for place in (path, path, ":memory:"):
        db = sqlite3.connect(":memory:")
        try:
            db = sqlite3.connect(place, timeout=_BUSY_SECONDS, isolation_level=None)
            if db.execute("pragma user_version").fetchone()[0] != _VERSION:
                _make(db)
            _catch_up(db, places, time.monotonic() + seconds)
            _mark(db, places)
            return db
        except sqlite3.Error as error:
            db.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                with contextlib.suppress(OSError):  # a read-only disk keeps it
                    path.unlink(missing_ok=True)
    raise AssertionError("SQLite cannot even keep a database in memory")


def _make(db: sqlite3.Connection) -> None:
    with at_once(db):
        for name in ("skills", "words"):
            db.execute(f"drop table if exists {name}")
        for statement in _TABLES:
            db.execute(statement)
        db.execute(f"pragma user_version = {_VERSION}")


def _catch_up(db: sqlite3.Connection, places: Sequence[Place], deadline: float) -> None:
    present = scan(places)
    known = {(place, name): stamp for place, name, stamp in db.execute("select place, name, stamp from skills")}
    counted = {place.key for place in places}
    there = {(seen.place.key, seen.name) for seen in present}
    gone = [key for key in known.keys() - there if key[0] in counted or not os.path.isdir(key[0])]  # noqa: PTH112
    if gone:
        with at_once(db):
            _forget(db, gone)
    stale = [seen for seen in present if not seen.stamp or known.get((seen.place.key, seen.name)) != seen.stamp]
    for start in range(0, len(stale), _BATCH):
        batch = stale[start : start + _BATCH]
        read = [row for seen in batch if (row := _read(seen))]
        with at_once(db):
            _forget(db, [(seen.place.key, seen.name) for seen in batch])
            _add(db, read)
        if time.monotonic() > deadline:
            return


def _mark(db: sqlite3.Connection, places: Sequence[Place]) -> None:
    """Fill `active`: of two skills whose names differ in case at most, the first place's counts."""
    db.execute("pragma temp_store = memory")
    if len(places) == 1:  # the usual case, without a look at each: the mind's own, whose key is empty
        db.execute("create temp view active as select id, 0 as rank, archived as hidden from skills where place = ''")
        return
    db.execute(_ACTIVE)
    ranks = {place.key: rank for rank, place in enumerate(places)}
    rows = [(ranks[place], *row) for place, *row in db.execute(_ALL) if place in ranks]
    taken: set[str] = set()
    marked = []
    for rank, key, name, archived in sorted(rows):
        marked.append((key, rank, int(archived or name.casefold() in taken)))
        taken.add(name.casefold())
    db.executemany("insert into active values(?,?,?)", marked)


_INSERT = "insert into skills(place, name, stamp, description, archived, pinned) values(?,?,?,?,?,?)"
_ALL = "select place, id, name, archived from skills"


def _forget(db: sqlite3.Connection, some: Iterable[tuple[str, str]]) -> None:
    keys = list(some)
    sql = "delete from words where rowid = (select id from skills where place = ? and name = ?)"
    db.executemany(sql, keys)
    db.executemany("delete from skills where place = ? and name = ?", keys)


def _add(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    for row in rows:
        made = db.execute(_INSERT, row[:6])
        values = (made.lastrowid, indexed(row.name), indexed(row.description), indexed(row.body))
        db.execute("insert into words(rowid, name, about, body) values(?,?,?,?)", values)
