"""The file that keeps what rows mean: a vector for each text, by its digest, and which row of the index holds which.

A cache: a damaged, foreign or older file is thrown away. A row's place is forgotten when the index is made anew; its
vector is not, so no text is put into a vector twice. Raises Failed where the disk is at fault. One object, one thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from hermes_fs.core.errors import Failed
from hermes_fs.store import schema

NAME = "meaning.db"
VERSION = 1
_APPLICATION = 0x48464D4E  # "HFMN"
_BUSY_SECONDS = 5.0
_MANY = 500
_TABLES = f"""
create table meta(key text primary key, value text) without rowid;
create table vectors(digest blob primary key, vector blob not null) without rowid;
create table places(
  id integer primary key autoincrement, row integer not null, digest blob not null, code blob not null
);
create index places_of_row on places(row);
pragma application_id = {_APPLICATION};
pragma user_version = {VERSION};
"""
_T = TypeVar("_T")


class Place(NamedTuple):
    """A text of a row. `code` is its vector's signs, `vector` the vector in bytes, None where it is kept already."""

    row: int
    digest: bytes
    code: bytes
    vector: bytes | None


@dataclass(frozen=True, slots=True)
class State:
    """What the file holds: of the index that was born as `birth`, all rows from `low` to `high` (the rest is to come).
    `model` made the vectors; texts whose likeness is at most `floor` have nothing to do with each other. `epoch` grows
    whenever places go."""

    model: str = ""
    dimensions: int = 0
    floor: float = 0.0
    birth: str = ""
    low: int = 0
    high: int = 0
    epoch: int = 0


class Vectors:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._identity = (0, 0)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    # -- reading ------------------------------------------------------------------------------------------------------

    def state(self) -> State:
        return self._whole(_state)

    def codes(self, after: int) -> list[tuple[int, int, bytes]]:
        """Places that came after the one of that id: their ids, rows and codes."""
        sql = "select id, row, code from places where id > ? order by id"
        return self._whole(lambda db: db.execute(sql, (after,)).fetchall())

    def vectors(self, ids: Iterable[int]) -> list[tuple[int, bytes]]:
        """Rows with their vectors, of those places that are still there."""
        sql = "select p.row, v.vector from places p join vectors v on v.digest = p.digest where p.id in (%s)"
        return self._whole(lambda db: list(_in_parts(db, sql, list(ids))))

    def known(self, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """Vectors of the texts that have one already."""
        sql = "select digest, vector from vectors where digest in (%s)"
        return dict(self._whole(lambda db: list(_in_parts(db, sql, digests))))

    # -- writing ------------------------------------------------------------------------------------------------------

    def settle(self, state: State) -> None:
        """Another model or another index: what cannot be used with it goes."""

        def change(db: sqlite3.Connection) -> None:
            with schema.at_once(db):
                old = _state(db)
                if (old.model, old.dimensions) != (state.model, state.dimensions):
                    db.execute("delete from vectors")
                db.execute("delete from places")
                _put(db, replace(state, epoch=old.epoch + 1))

        self._whole(change)

    def keep(self, places: Sequence[Place], birth: str, low: int, high: int) -> bool:
        """Take in the places of further rows, up to `low` or `high`. False where the file has changed hands."""

        def change(db: sqlite3.Connection) -> bool:
            with schema.at_once(db):
                old = _state(db)
                if old.birth != birth or not old.model:
                    return False
                new = [(place.digest, place.vector) for place in places if place.vector is not None]
                db.executemany("insert or ignore into vectors values(?, ?)", new)
                found = [(place.row, place.digest, place.code) for place in places]
                db.executemany("insert into places(row, digest, code) values(?, ?, ?)", found)
                _put(db, replace(old, low=low, high=high))
                return True

        return self._whole(change)

    def prune(self, alive: set[int]) -> int:
        """Forget rows that are not among those, and vectors that no row has. Returns how many rows went."""

        def change(db: sqlite3.Connection) -> int:
            with schema.at_once(db):
                gone = [row for row in db.execute("select distinct row from places") if row[0] not in alive]
                db.executemany("delete from places where row = ?", gone)
                db.execute("delete from vectors where digest not in (select digest from places)")
                if gone:
                    old = _state(db)
                    _put(db, replace(old, epoch=old.epoch + 1))
                return len(gone)

        return self._whole(change)

    # -- staying whole ------------------------------------------------------------------------------------------------

    def _whole(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run an action on a file of our make; one that is damaged is thrown away, once."""
        try:
            try:
                return action(self._opened())
            except (sqlite3.Error, _Foreign) as error:
                if not _is_damage(error):
                    raise
            self.discard()
            return action(self._opened())
        except (sqlite3.Error, _Foreign, OSError) as error:
            raise Failed(f"the vectors in {NAME}: {error}", "look at the disk's free space and rights") from error

    def discard(self) -> None:
        """Throw the file away; what it held is made again in time."""
        self.close()
        with schema.guarded(self.path, "swap"):
            schema.discard(self.path)

    def _opened(self) -> sqlite3.Connection:
        now = schema.identity(self.path)
        if self._db is not None and now == self._identity != (0, 0):
            return self._db
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with schema.guarded(self.path, "swap"):
            db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
            self._db = db
            made = db.execute("pragma application_id").fetchone()[0]
            if not made and not db.execute("select count(*) from sqlite_master").fetchone()[0]:
                db.executescript(f"pragma journal_mode = wal; begin; {_TABLES} commit;")
            elif made != _APPLICATION or db.execute("pragma user_version").fetchone()[0] != VERSION:
                raise _Foreign("not of this version")
        db.executescript("pragma synchronous = normal; pragma cache_size = -16000")
        self._identity = schema.identity(self.path)
        return db


class _Foreign(Exception):
    """The file is none of ours, or an older one."""


def _is_damage(error: sqlite3.Error | _Foreign) -> bool:
    """Whether the file is to be thrown away, rather than busy, full or out of reach."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    return isinstance(error, _Foreign) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _state(db: sqlite3.Connection) -> State:
    found = dict(db.execute("select key, value from meta"))
    try:
        numbers = {key: int(found.get(key, 0)) for key in ("dimensions", "low", "high", "epoch")}
        floor = float(found.get("floor", 0))
    except ValueError as error:
        raise _Foreign(str(error)) from error
    return State(model=found.get("model", ""), birth=found.get("birth", ""), floor=floor, **numbers)


def _put(db: sqlite3.Connection, state: State) -> None:
    values = {name: str(getattr(state, name)) for name in State.__slots__}
    db.executemany("insert or replace into meta values(?, ?)", values.items())


def _in_parts(db: sqlite3.Connection, sql: str, values: Sequence[object]) -> Iterator[Any]:
    for start in range(0, len(values), _MANY):
        part = values[start : start + _MANY]
        yield from db.execute(sql % ",".join("?" * len(part)), tuple(part))
