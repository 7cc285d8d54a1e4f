"""One transaction of SQLite: all of it or nothing. Opens and mends no database."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


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
