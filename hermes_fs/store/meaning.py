"""Finds rows of the index by what they mean: embeds texts in the background and compares a question with all of them.

Owns when texts are embedded and what is kept of them (vectors.py keeps it). Nothing waits for it: a search that it
cannot answer in time goes by words alone. Reads the index by a connection of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import HermesError
from hermes_fs.core.ports import Embedder
from hermes_fs.store import schema
from hermes_fs.store.nearness import Codes, code_of, likenesses, packed
from hermes_fs.store.ranking import Near
from hermes_fs.store.vectors import NAME, Place, State, Vectors

KINDS = ("message", "summary", "note", "memory", "user", "skill")
"""What is embedded. Calls of tools and their results are found by words alone: they are most of a transcript, and
hardly sentences."""
PART = 1_000
"""Characters of a text that make one vector: about as much as a small model reads."""
MOST_PARTS = 4
BATCH = 32
SHARE = 0.5
"""Of one processor's time, at most, that embedding in the background takes."""
LOOK_SECONDS = 20.0
IDLE_SECONDS = 600.0
"""After its last use, before a model that nobody asks is unloaded."""
_WARM_SECONDS = 2.0
"""After the start of a chat, before the model is loaded."""

_LOADING_SECONDS = 1.0
_TELL_SECONDS = 0.5
_JOIN_SECONDS = 5.0

_UNRELATED = (
    *("The train to the coast leaves at nine.", "Add two spoons of flour and stir.", "The printer is out of paper."),
    *("The database refused the connection.", "My sister plays the violin.", "Taxes are due at the end of May."),
    *("The volcano was quiet for a century.", "He scored in the last minute of the match."),
    *("Water the tomatoes every evening.", "The court adjourned until Monday.", "Whales sleep near the surface."),
    "A new phone costs too much.",
)
"""How alike a model finds these tells from where on a likeness means something: that differs much between models."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows that are embedded of those that are to be, by which model, in how many bytes on the disk."""

    done: int
    total: int
    model: str
    size: int


class Meaning:
    """For one workspace in one process. `patience`: seconds that a search waits at most; less than one second is not
    worth waiting at all while the model is loaded, which the first search sets off. `problem` is the last error's line,
    empty again after a success. Thread-safe."""

    def __init__(self, state_dir: Path, embedder: Embedder, patience: float = 0.1, idle: float = IDLE_SECONDS) -> None:
        self._index = state_dir / "index.db"
        self._path = state_dir / NAME
        self._embedder = embedder
        self._patience = patience
        self._idle = idle
        self._used = time.monotonic()
        self._codes = Codes(Vectors(self._path))
        self._over = threading.Event()
        self._asking: _Asking | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pruned = ""
        self._warm = False
        self.problem = ""

    def start(self) -> None:
        """Embed what is new in a thread, for as long as a chat goes on; returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="hermes-meaning", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)
        if self._asking is not None:
            self._asking.join(_JOIN_SECONDS)
        self._embedder.close()
        with self._lock:
            self._codes.close()

    # -- searching ----------------------------------------------------------------------------------------------------

    def nearest(self, text: str) -> Near | None:
        """Rows whose meaning is near the text's, None where that cannot be told in time. Never raises."""
        deadline = time.monotonic() + self._patience
        if not self._path.is_file() or not self._lock.acquire(timeout=self._patience):
            return None
        try:
            vector = self._vector(text, deadline)
            return self._codes.nearest(vector, self._embedder.name) if vector else None
        except HermesError as error:
            self.problem = error.message
            return None
        finally:
            self._lock.release()

    def _vector(self, text: str, deadline: float) -> bytes | None:
        if self._asking is not None and self._asking.is_alive():
            self._asking.join(max(0.0, deadline - time.monotonic()))
            if self._asking.is_alive():
                return None
        asking = self._asking = _Asking(self._embedder, text[:PART])
        asking.start()
        was_warm, self._warm, self._used = self._warm, True, time.monotonic()
        if not was_warm and self._patience < _LOADING_SECONDS:
            return None
        asking.join(max(0.0, deadline - time.monotonic()))
        if asking.error is not None:
            raise asking.error
        return asking.vector

    # -- embedding ----------------------------------------------------------------------------------------------------

    def catch_up(
        self, seconds: float = math.inf, share: float = 1.0, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Embed what is not embedded yet, the newest first, for so many seconds, at `share` of one processor. Returns
        how many rows that were; 0 where another process is at it. Raises HermesError."""
        if not self._index.is_file():
            return 0
        deadline = time.monotonic() + seconds
        vectors, done, told = Vectors(self._path), 0, 0.0
        try:
            with schema.guarded(self._path, "embed", 0.0), self._reading() as db:
                for count, took in self._steps(db, vectors):
                    done += count
                    if progress and time.monotonic() > told + _TELL_SECONDS:
                        told = time.monotonic()
                        progress(*_progress(db, vectors.state()))
                    if time.monotonic() > deadline or self._over.wait(took * (1 / share - 1)):
                        break
        except BlockingIOError:
            return done
        except (sqlite3.Error, _NoIndex):  # it is being made anew: the next look finds it
            return done
        finally:
            vectors.close()
        return done

    def progress(self) -> Progress:
        """How far it is. Raises HermesError."""
        vectors = Vectors(self._path)
        try:
            state = vectors.state()
            with self._reading() as db:
                done, total = _progress(db, state)
        except (sqlite3.Error, _NoIndex):
            done = total = 0
        finally:
            vectors.close()
        size = sum(path.stat().st_size for path in self._path.parent.glob(f"{NAME}*") if path.is_file())
        return Progress(done, total, state.model, size)

    def tend(self, seconds: float = math.inf, share: float = 1.0) -> None:
        """As `catch_up`, not at the cost of what goes on: an error becomes the `problem`."""
        try:
            self.catch_up(seconds, share)
            self.problem = ""
        except HermesError as error:
            self.problem = error.message

    def relax(self) -> None:
        """Unload a model that nobody has asked for long; the next question loads it again."""
        idle = time.monotonic() - self._used >= self._idle
        if idle and self._warm and not (self._asking and self._asking.is_alive()):
            self._warm = False
            self._embedder.close()

    def _work(self) -> None:
        rest = _WARM_SECONDS
        while not self._over.wait(rest):
            self.tend(share=SHARE)
            self.relax()
            rest = LOOK_SECONDS

    def _steps(self, db: sqlite3.Connection, vectors: Vectors) -> Iterator[tuple[int, float]]:
        """Embeds a batch at a time; yields how many rows it had and the seconds that it took. Ends when all is embedded
        or another index has taken this one's place."""
        identity, birth = schema.identity(self._index), schema.birth(db)
        while schema.identity(self._index) == identity:
            begun = time.monotonic()
            state = vectors.state()
            if (state.model, state.birth) != (self._embedder.name, birth):
                state = self._settled(db, vectors, state)
            rows = _pending(db, state)
            if not rows:
                return self._prune(db, vectors, birth)
            first, last = min(rows)[0], max(rows)[0]
            low, high = (state.low, last) if first > state.high else (first, state.high)
            if vectors.keep(self._places(rows, vectors), birth, low, high):
                yield len(rows), time.monotonic() - begun

    def _settled(self, db: sqlite3.Connection, vectors: Vectors, old: State) -> State:
        """Begin for this model and this index; what was embedded by the same model is not embedded again."""
        name, floor, dimensions = self._embedder.name, old.floor, old.dimensions
        if old.model != name:
            floor, dimensions = _floor(self._embedder.embed(_UNRELATED)), self._embedder.dimensions
        newest = db.execute("select coalesce(max(id), 0) from rows").fetchone()[0]
        vectors.settle(State(name, dimensions, floor, schema.birth(db), newest + 1, newest))
        return vectors.state()

    def _places(self, rows: Sequence[tuple[int, str]], vectors: Vectors) -> list[Place]:
        parts = [(row, part, _digest(part)) for row, text in rows for part in _parts(text)]
        known = vectors.known(list({digest for _, _, digest in parts}))
        wanted = {digest: part for _, part, digest in parts if digest not in known}
        if wanted:
            self._warm, self._used = True, time.monotonic()
        made = dict(zip(wanted, self._embedder.embed(list(wanted.values())), strict=True))
        small = {digest: packed(vector) for digest, vector in made.items()}
        every = known | small
        return [Place(row, digest, code_of(every[digest]), small.get(digest)) for row, _, digest in parts]

    def _prune(self, db: sqlite3.Connection, vectors: Vectors, birth: str) -> None:
        """Once in a process, when all is embedded: what was deleted is forgotten."""
        if self._pruned != birth and not self._over.is_set():
            vectors.prune({row[0] for row in db.execute("select id from rows indexed by rows_narrow")})
            self._pruned = birth

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with schema.guarded(self._index, "swap"):
            if schema.identity(self._index) == (0, 0):
                raise _NoIndex
            db = schema.connect(self._index, writing=False)
        try:
            if not schema.usable(db):
                raise _NoIndex
            yield db
        finally:
            db.close()


class _NoIndex(Exception):
    """There is none that can be read now."""


class _Asking(threading.Thread):
    """A question on its way into a vector; whoever asks need not wait for it."""

    def __init__(self, embedder: Embedder, text: str) -> None:
        super().__init__(name="hermes-question", daemon=True)
        self._embedder = embedder
        self._text = text
        self.vector: bytes | None = None
        self.error: HermesError | None = None

    def run(self) -> None:
        try:
            self.vector = self._embedder.embed([self._text])[0]
        except HermesError as error:
            self.error = error


_WANTED = f"kind in ({','.join(repr(kind) for kind in KINDS)})"


def _pending(db: sqlite3.Connection, state: State) -> list[tuple[int, str]]:
    """The next rows: what came last, then backwards what was there before."""
    sql = (
        "select n.id, r.text from (select id from rows indexed by rows_narrow where id {} ? and {} order by id {} limit"
        f" {BATCH}) n join rows r on r.id = n.id order by n.id"
    )
    newer = db.execute(sql.format(">", _WANTED, "asc"), (state.high,)).fetchall()
    return newer or db.execute(sql.format("<", _WANTED, "desc"), (state.low,)).fetchall()


def _progress(db: sqlite3.Connection, state: State) -> tuple[int, int]:
    """Rows that are embedded, rows that are to be."""
    total = f"select count(*) from rows indexed by rows_narrow where {_WANTED}"
    if state.birth != schema.birth(db):
        return 0, db.execute(total).fetchone()[0]
    done = f"{total} and id between ? and ?"
    return db.execute(done, (state.low, state.high)).fetchone()[0], db.execute(total).fetchone()[0]


def _parts(text: str) -> list[str]:
    """A long text in pieces that end where a word does; what lies behind the fourth is found by words alone."""
    found: list[str] = []
    rest = " ".join(text.split())
    while rest and len(found) < MOST_PARTS:
        end = len(rest) if len(rest) <= PART else rest.rfind(" ", PART // 2, PART)
        found.append(rest[: end if end > 0 else PART])
        rest = rest[len(found[-1]) :].lstrip()
    return found


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _floor(vectors: Sequence[bytes]) -> float:
    """The likeness of texts that have nothing to do with each other, and four standard deviations."""
    alike = likenesses(vectors)
    return statistics.fmean(alike) + 4 * statistics.pstdev(alike)
