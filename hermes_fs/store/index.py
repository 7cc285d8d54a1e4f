"""The search index: a cache of what the files of a workspace say. Owns when it is read, written and made anew.

Files are the truth: a missing, damaged or older index is made anew, by whoever needs it first. Thread-safe, and safe
beside other processes: one writes at a time, searches never wait for it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from hermes_fs.core.errors import Failed
from hermes_fs.store import caches, rows, schema, searching, sources, vocabulary
from hermes_fs.store import query as language
from hermes_fs.store.query import Query
from hermes_fs.store.ranking import Senses
from hermes_fs.store.rows import Delta, Known
from hermes_fs.store.searching import Hit, Row
from hermes_fs.store.sources import Found

__all__ = ["Busy", "Delta", "Hit", "Index", "Row", "Status"]

Progress = Callable[[int, int], None]
"""Called with files done and files in all, now and then."""

_T = TypeVar("_T")
PATIENCE = 60.0
_APPEND_PATIENCE = 0.2
"""Seconds to wait for one's turn to write; an append stands in the way of a conversation."""
_BUILD_HASH = 64 << 20
_USUAL_HASH = 1 << 20
"""Bytes that FTS5 collects before it writes a segment: few large segments while building, little memory otherwise."""

_NO_DAMAGE = (
    *(sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_NOMEM),
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
)
"""A lock of SQLite's is not among them: we take turns by locks of our own, so whoever holds one is stuck or a stranger,
and is left alone with the old file."""
_BROKEN = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What using an index can raise. SQLite keeps no checksums: damaged text shows only when it is decoded."""


@dataclass(frozen=True, slots=True)
class Status:
    """`text` and `size` in bytes: what is indexed, and what the index takes."""

    path: Path
    files: int
    rows: int
    text: int
    size: int
    by_kind: dict[str, int]


class Busy(Failed):
    """Others have been writing the index for longer than the caller wants to wait; it can be searched as it is."""


class Index:
    """One workspace's index in one process. Errors of the disk are Failed; a broken index is no error but rebuilt."""

    def __init__(self, root: Path, state_dir: Path, meaning: Senses | None = None) -> None:
        self._root = root
        self._meaning = meaning
        self._path = caches.place(state_dir) / "index.db"
        self._reading = threading.RLock()
        self._writing = threading.RLock()
        self._building = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._read_identity = self._write_identity = (0, 0)
        self._searcher = searching.Searcher()
        self._maker: threading.Thread | None = None

    @classmethod
    def open(cls, root: Path, state_dir: Path, meaning: Senses | None = None) -> Index:
        """Nothing is read before the first use. `meaning` finds rows beside those that words find."""
        return cls(root, state_dir, meaning)

    # -- writing ------------------------------------------------------------------------------------------------------

    def refresh(
        self, paths: Iterable[str] | None = None, progress: Progress | None = None, patience: float = PATIENCE
    ) -> Delta:
        """Bring the index in step with the files: all of them by their times and sizes, or just `paths`. Only the
        former sees a change that came so soon after the last that the file's time could not tell. Busy where other
        processes write for longer than `patience` seconds."""
        wanted = None if paths is None else tuple(paths)
        return self._written(lambda db: self._refresh(db, wanted, progress), progress, patience)

    def append(self, path: Path) -> Delta:
        """A transcript grew: take in what is new, without a look at what was there. A path outside the workspace is
        ignored. Where somebody else is writing for long, nothing is done: the next append or refresh does it."""
        if not path.is_relative_to(self._root):
            return Delta()
        inside = path.relative_to(self._root).as_posix()
        if not self._writing.acquire(timeout=_APPEND_PATIENCE):
            return Delta()
        try:
            return self._written(lambda db: self._refresh(db, (inside,), None, quick=True), None, _APPEND_PATIENCE)
        except Busy:
            return Delta()
        finally:
            self._writing.release()

    def rebuild(self, progress: Progress | None = None) -> Delta:
        """Make a new index from the files and put it in the old one's place; searches and appends go on meanwhile."""
        with self._building, _failing():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with schema.guarded(self._path, "build"):
                new = self._path.with_name("index.new")
                delta = self._make(new, progress)
                with self._writing, schema.guarded(self._path, "write", PATIENCE):
                    delta += self._caught_up(new)
                    self._put_in_place(new)
                return delta

    def verify(self) -> list[str]:
        """Every difference between the index and the files, one line each; none proves them equal."""

        def compare(db: sqlite3.Connection) -> list[str]:
            self._refresh(db, None, None)
            found = list(rows.differences(db, self._root))
            if found and self._refresh(db, None, None).files:  # files that changed meanwhile prove nothing
                found = list(rows.differences(db, self._root))
            return found

        return self._written(compare, None)

    # -- reading ------------------------------------------------------------------------------------------------------

    def search(
        self, text: str, *, limit: int = 10, kinds: Iterable[str] = (), now: datetime | None = None
    ) -> list[Hit]:
        """The best hits, best first, grouped by session; `text` is in the query language (store/query.py)."""
        return self.find(language.parse(text, now or datetime.now(UTC)), limit=limit, kinds=kinds)

    def find(self, wanted: Query, *, limit: int = 10, kinds: Iterable[str] = ()) -> list[Hit]:
        """As `search`, for a query that is parsed already. `kinds` count where the query names none."""
        near = self._meaning.nearest(wanted.text) if self._meaning and wanted.text and not wanted.phrases else None
        return self._read(lambda db: self._searcher.search(db, wanted, tuple(kinds), limit, near))

    def around(self, path: str, anchor: str, before: int = 3, after: int = 3) -> list[Row]:
        """The rows next to a hit in its file, in their order."""
        return self._read(lambda db: searching.around(db, path, anchor, before, after))

    def recent(self, limit: int = 10) -> list[Hit]:
        """The newest sessions, each as the hit of its first words."""
        return self._read(lambda db: searching.recent(db, limit))

    def made_within(self, seconds: float) -> bool:
        """Whether there is an index to be searched. A missing one is begun in a thread, which `close` waits for."""
        with self._reading:
            if self._reader_db() is not None:
                return True
        if self._maker is None or not self._maker.is_alive():
            self._maker = threading.Thread(target=self._make_aside, name="hermes-index", daemon=True)
            self._maker.start()
        self._maker.join(seconds)
        return not self._maker.is_alive()

    def status(self) -> Status:
        files, count, text, kinds = self._read(rows.totals)
        size = sum(path.stat().st_size for path in self._path.parent.glob("index.db*") if path.is_file())
        return Status(self._path, files, count, text, size, kinds)

    def close(self) -> None:
        if self._maker is not None:
            self._maker.join()
        with self._writing:
            self._forget_writer()
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    # -- staying whole ------------------------------------------------------------------------------------------------

    def _refresh(
        self, db: sqlite3.Connection, paths: tuple[str, ...] | None, progress: Progress | None, *, quick: bool = False
    ) -> Delta:
        if paths is None:
            known = rows.known_files(db)
            present = {found.path: found for found in sources.scan(self._root)}
            stale = [found for path, found in present.items() if _is_stale(found, known.get(path))]
            gone = [file for path, file in known.items() if path not in present]
            with schema.at_once(db):
                vocabulary.extend(db)
            pairs = [(found, known.get(found.path)) for found in stale]
        else:
            searched = [path for path in paths if sources.source_of(path)]
            looked = [(path, sources.look(self._root, path), rows.known_file(db, path)) for path in searched]
            pairs = [(found, file) for _, found, file in looked if found and not (file and file.stamp == found.stamp)]
            gone = [file for _, found, file in looked if file and not found]
        return self._take_in(db, pairs, gone, progress, quick)

    def _take_in(
        self,
        db: sqlite3.Connection,
        pairs: Sequence[tuple[Found, Known | None]],
        gone: Sequence[Known],
        progress: Progress | None,
        quick: bool = False,
    ) -> Delta:
        """In transactions of a bounded size, so that searches see progress and the log stays short."""
        delta = Delta()
        for batch in rows.batches(pairs):
            with schema.at_once(db):
                for found, known in batch:
                    delta += rows.take_in(db, self._root, found, known, quick)
            if progress:
                progress(delta.files, len(pairs))
        if gone:
            with schema.at_once(db):
                delta += sum((rows.remove(db, file) for file in gone), Delta())
        if rows.is_merge_due(db, delta.added):
            with schema.at_once(db):
                rows.merge_step(db)
        return delta

    def _make(self, new: Path, progress: Progress | None) -> Delta:
        """A whole index in a file beside the index, on the disk. The caller holds the lock of that file."""
        schema.discard(new)
        db = schema.connect(new, writing=True)
        try:
            db.executescript("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -64000")
            schema.create(db)
            db.execute("insert into fts(fts, rank) values('hashsize', ?)", (_BUILD_HASH,))
            delta = self._take_in(db, [(found, None) for found in sources.scan(self._root)], (), progress)
            db.execute("insert into fts(fts, rank) values('hashsize', ?)", (_USUAL_HASH,))
            rows.merge_all(db)
            vocabulary.make(db)
            schema.finish(db)
            db.execute("pragma journal_mode = wal")
        finally:
            db.close()
        schema.settle(new)
        return delta

    def _make_aside(self) -> None:
        with contextlib.suppress(Failed):  # whoever searches next is told
            self.refresh()

    def _caught_up(self, new: Path) -> Delta:
        """What was written to the old index while the new one was made is taken into that too."""
        db = schema.connect(new, writing=True)
        try:
            return self._refresh(db, None, None)
        finally:
            db.close()

    def _put_in_place(self, new: Path) -> None:
        """The caller holds the write lock."""
        self._forget_writer()
        with schema.guarded(self._path, "swap"):
            schema.replace(self._path, new)

    def _written(
        self, action: Callable[[sqlite3.Connection], _T], progress: Progress | None, patience: float = PATIENCE
    ) -> _T:
        """Run an action that writes, on a whole index: a missing or broken one is rebuilt first, once."""
        with self._writing, _failing():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with schema.guarded(self._path, "write", patience):
                for _ in range(2):
                    try:
                        return action(self._writer_db() or self._fresh_writer(progress))
                    except _BROKEN as error:
                        if not _is_damage(error):
                            raise
                        self._forget_writer()
                        schema.discard(self._path)
                return action(self._fresh_writer(progress))

    def _read(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run an action that reads; where there is no whole index, one is made first."""
        with _failing():
            for _ in range(3):
                try:
                    with self._reading:
                        db = self._reader_db()
                        if db is not None:
                            with _snapshot(db):
                                return action(db)
                except _BROKEN as error:
                    if not _is_damage(error):
                        raise
                    self._heal()
                else:
                    self.refresh()
        raise Failed("the search index cannot be made", "run `hermes index rebuild` and read what it says")

    def _heal(self) -> None:
        self.close()
        self.rebuild()

    def _reader_db(self) -> sqlite3.Connection | None:
        """The connection for searches, opened anew where the file was replaced; None where there is no whole index."""
        now = schema.identity(self._path)
        if self._reader is not None and now == self._read_identity:
            return self._reader
        if self._reader is not None:
            self._reader.close()
        self._reader = self._connect(writing=False)
        self._read_identity = now
        return self._reader

    def _writer_db(self) -> sqlite3.Connection | None:
        now = schema.identity(self._path)
        if self._writer is not None and now == self._write_identity:
            return self._writer
        self._forget_writer()
        self._writer = self._connect(writing=True)
        self._write_identity = now
        return self._writer

    def _fresh_writer(self, progress: Progress | None) -> sqlite3.Connection:
        new = self._path.with_name("index.healed")  # not the file of a rebuild, which another process may be at
        self._make(new, progress)
        self._put_in_place(new)
        db = self._writer_db()
        if db is None:
            raise Failed("the search index was removed while it was made", "try again")
        return db

    def _forget_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _connect(self, *, writing: bool) -> sqlite3.Connection | None:
        if schema.identity(self._path) == (0, 0):
            return None
        with schema.guarded(self._path, "swap"):
            db = schema.connect(self._path, writing=writing)
        try:
            if schema.usable(db):
                return db
        except _BROKEN:
            db.close()
            return None
        db.close()
        return None


def _is_stale(found: Found, known: Known | None) -> bool:
    return known is None or known.stamp != found.stamp or known.racy


@contextlib.contextmanager
def _snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """Several reads that see one state."""
    db.execute("begin")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("rollback")


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """What no rebuild can mend, such as a full disk, as one line."""
    try:
        yield
    except _BROKEN as error:
        raise Failed(f"the search index: {error}", "look at the disk's free space and rights") from error
    except BlockingIOError as error:
        raise Busy("another process is writing the search index", "try again; end that process if it hangs") from error
    except OSError as error:
        raise Failed(f"the search index: {error.strerror}", "look at the disk's free space and rights") from error


def _is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    """Whether the file is broken or of another make, rather than busy, closed, out of room or out of reach. An error
    without a code comes of contents that are no text, unless the connection was misused."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _NO_DAMAGE
