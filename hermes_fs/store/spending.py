"""Owns what models have cost on this machine, by day and session: a small database in .git/hermes, shared by processes.

A figure that was added survives a kill. Losing the file loses no more than the count.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hermes_fs.core.clock import Clock
from hermes_fs.core.types import Usage

_TABLE = "create table if not exists spent(span text primary key, tokens integer not null, money real not null)"
_ADD = (
    "insert into spent values(?,?,?) on conflict(span) do update set tokens = tokens + excluded.tokens,"
    " money = money + excluded.money"
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens in and out together, and US dollars as far as prices are known."""

    tokens: int = 0
    money: float = 0.0


class Spending:
    """Thread-safe, and safe beside other processes. Where the disk does not let us, what this process spends counts."""

    def __init__(self, state_dir: Path, clock: Clock, patience: float = 5.0) -> None:
        """`patience`: seconds to wait for other processes."""
        self._patience = patience
        self._path = state_dir / "spending.db"
        self._clock = clock
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def add(self, session: str, usage: Usage) -> None:
        """Count one model call."""
        for span in (self._day(), session):
            self._run(_ADD, span, usage.total, usage.cost or 0.0)

    def today(self) -> Spent:
        """Since midnight on this machine's clock."""
        return self.of(self._day())

    def of(self, span: str) -> Spent:
        """In one session, on this machine."""
        rows = self._run("select tokens, money from spent where span = ?", span)
        return Spent(*rows[0]) if rows else Spent()

    @property
    def learning(self) -> str:
        """The span of what was learned beside the conversations today."""
        return f"learning {self._day()}"

    def close(self) -> None:
        with self._lock:
            if self._db:
                self._db.close()
            self._db = None

    def _day(self) -> str:
        return f"{self._clock.now().astimezone():%Y-%m-%d}"

    def _run(self, statement: str, *values: object) -> list[tuple[int, float]]:
        with self._lock:
            self._db = self._db or self._connect()
            try:
                with self._db:
                    return self._db.execute(statement, values).fetchall()
            except sqlite3.Error:  # a full disk, a damaged file: what follows is counted in memory
                self._db.close()
                self._db = self._in_memory()
                return self._db.execute(statement, values).fetchall()

    def _connect(self) -> sqlite3.Connection:
        """A damaged file is made anew; one that is busy, or on a disk that is full or read-only, is left alone: what it
        counted goes on to count."""
        try:
            return _made(str(self._path), self._patience)
        except sqlite3.OperationalError:
            return self._in_memory()
        except sqlite3.Error:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        with contextlib.suppress(sqlite3.Error):
            return _made(str(self._path), self._patience)
        return _made(":memory:")

    def _in_memory(self) -> sqlite3.Connection:
        """With what the file still tells: a budget does not begin anew because the disk is full."""
        db = _made(":memory:")
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_reading(self._path)) as file:
            db.executemany("insert into spent values(?,?,?)", file.execute("select span, tokens, money from spent"))
            db.commit()
        return db


def _reading(path: Path) -> sqlite3.Connection:
    """A look at a file that cannot be written. On a read-only disk the log beside it cannot be opened, so it is not
    asked for there."""
    address = f"file:{quote(str(path))}?mode=ro"
    return sqlite3.connect(
        address if os.access(path.parent, os.W_OK) else f"{address}&immutable=1", uri=True, timeout=5
    )


def _made(name: str, patience: float = 5.0) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=patience, check_same_thread=False)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = normal")
    db.execute(_TABLE)
    return db
