"""Owns the queue of the learning loop's background work, in .git/hermes/errands: what is to be done, nothing of how.

An errand is a file that is on the disk before `add` returns and goes only once its work is acknowledged (`done`). So a
kill at any moment loses none; one that had done its work may be handed out again, and the work itself has to see that
(it asks the log for a lesson with its evidence first). One process at a time works on the queue.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self, get_args

from hermes_fs.core.clock import Clock, iso
from hermes_fs.core.errors import Failed
from hermes_fs.core.ids import Ulids
from hermes_fs.store import durable, failpoint

Kind = Literal["reflect", "summarise", "audit", "consolidate", "model"]
TRIES = 3
"""How often work may fail before its errand is put aside."""
BEGINNINGS = 10
"""How often it may be begun at all: work that kills its process each time is put aside, too."""
PAUSE = timedelta(minutes=10)
_ASIDE = "aside"
_NEWS_BYTES = 64 * 1024
_NAME = re.compile(r"[0-9A-Z]{26}\.json")


@dataclass(frozen=True, slots=True)
class Errand:
    """One piece of background work. `session` is the id of the session that it is about, `task` the event of the
    person's message there ("" for all of it), `why` says what led to it in a few words, `what` a person's own words.
    `model` is who answered in that session, where a flag said so.

    The rest is the queue's: `id`; `started`, a ULID of when it was first begun (what its work made has a later one);
    `begun` counts beginnings, `tries` failures; `after` is a moment (RFC 3339) before which it waits, `said` why."""

    kind: Kind
    session: str = ""
    task: str = ""
    why: tuple[str, ...] = ()
    what: str = ""
    model: str = ""
    id: str = ""
    started: str = ""
    begun: int = 0
    tries: int = 0
    after: str = ""
    said: str = ""

    @property
    def subject(self) -> tuple[str, str, str, str]:
        """Two errands with the same one are one."""
        return self.kind, self.session, self.task, self.what


class Errands:
    """The queue of one workspace. `add`, `waiting` and the news may be used by any process at any time; `take` makes
    this object the one worker until `close`. Raises Failed where the disk does not let us."""

    def __init__(self, state_dir: Path, clock: Clock, ulids: Ulids) -> None:
        self._folder = state_dir / "errands"
        self._clock = clock
        self._ulids = ulids
        self._worker = -1

    def add(self, errand: Errand) -> Errand:
        """Durable when this returns. One that waits already with the same subject, and was not begun, stands for it."""
        for other in self.waiting():
            if other.subject == errand.subject and not other.started:
                return other
        made = replace(errand, id=self._ulids())
        self._write(made)
        return made

    def waiting(self) -> list[Errand]:
        """What is still to be done, the oldest first, those that wait for a later moment too."""
        return [found for path in _files(self._folder) if (found := _read(path))]

    def aside(self) -> list[Errand]:
        """What could not be done and is not tried again."""
        return [found for path in _files(self._folder / _ASIDE) if (found := _read(path))]

    def is_due(self) -> bool:
        """Whether there is something that could be done now."""
        now = iso(self._clock.now())
        return any(errand.after <= now for errand in self.waiting())

    def is_busy(self) -> bool:
        """Whether another process works on the queue, or this object does."""
        if self._worker >= 0:
            return True
        free = self.claim()
        self.close()
        return not free

    def claim(self) -> bool:
        """Whether this object is the worker; the kernel takes the lock back from a process that dies."""
        if self._worker >= 0:
            return True
        with _on_disk(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._folder / "worker", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._worker = descriptor
        return True

    def take(self, kinds: Collection[str] = get_args(Kind), only: str = "") -> Errand | None:
        """The oldest that is due, marked as begun; None where there is none or another process works on the queue.
        `only` names one, which is due whenever it was to be."""
        if not self.claim():
            return None
        now = iso(self._clock.now())
        for errand in self.waiting():
            if errand.kind not in kinds or errand.id != (only or errand.id) or (errand.after > now and not only):
                continue
            if errand.begun >= BEGINNINGS:
                self._put_aside(replace(errand, said="it was cut off each time"))
                self.tell(f"a {errand.kind} was cut off {BEGINNINGS} times and is put aside: hermes doctor")
                continue
            begun = replace(errand, begun=errand.begun + 1, started=errand.started or self._ulids())
            self._write(begun)
            failpoint.reach("errand.begun")
            return begun
        return None

    def done(self, errand: Errand) -> None:
        """Its work is acknowledged: forget it. Twice is no error."""
        failpoint.reach("errand.acknowledged")
        _remove(self._folder / f"{errand.id}.json")

    def fail(self, errand: Errand, why: str, final: bool = False) -> bool:
        """It did not work out, and is due again in a while. False where it was put aside for good, at once where it is
        `final`."""
        failed = replace(errand, tries=errand.tries + 1, after=self.soon(), said=why)
        if final or failed.tries >= TRIES:
            self._put_aside(failed)
            return False
        self._write(failed)
        return True

    def postpone(self, errand: Errand, until: str, why: str) -> None:
        """It can't be done before that moment (RFC 3339), which is no failure."""
        self._write(replace(errand, after=until, begun=max(errand.begun - 1, 0), said=why))

    def soon(self) -> str:
        """When to try again what may work then."""
        return iso(self._clock.now() + PAUSE)

    def retry(self, errand: Errand) -> None:
        """What was put aside is to be done after all."""
        self._write(replace(errand, tries=0, begun=0, after=""))
        _remove(self._folder / _ASIDE / f"{errand.id}.json")

    # -- news ---------------------------------------------------------------------------------------------------------

    def tell(self, line: str) -> None:
        """Keep a line for the person's next look."""
        with self._news() as descriptor:
            if os.fstat(descriptor).st_size < _NEWS_BYTES:
                os.lseek(descriptor, 0, os.SEEK_END)
                os.write(descriptor, json.dumps(line).encode() + b"\n")

    def take_news(self) -> list[str]:
        """The lines that nobody was shown yet, oldest first; they count as shown."""
        if not (self._folder / "news").exists():
            return []
        with self._news() as descriptor:
            data = os.read(descriptor, 2 * _NEWS_BYTES)
            os.ftruncate(descriptor, 0)
        return [line for raw in data.splitlines() if isinstance(line := _parsed(raw), str)]

    def close(self) -> None:
        """Let another process work on the queue."""
        if self._worker >= 0:
            os.close(self._worker)
            self._worker = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the disk -----------------------------------------------------------------------------------------------------

    def _put_aside(self, errand: Errand) -> None:
        self._write(errand, self._folder / _ASIDE)
        failpoint.reach("errand.aside")
        _remove(self._folder / f"{errand.id}.json")

    def _write(self, errand: Errand, folder: Path | None = None) -> None:
        """In its place at once: nobody reads half of it, whenever this process ends."""
        place = folder or self._folder
        path = place / f"{errand.id}.json"
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        with _on_disk(path):
            place.mkdir(parents=True, exist_ok=True)
            try:
                with aside.open("w", encoding="utf-8") as file:
                    json.dump(asdict(errand), file)
                    file.flush()
                    os.fsync(file.fileno())
                failpoint.reach("errand.written")
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
        durable.sync(place)

    @contextlib.contextmanager
    def _news(self) -> Iterator[int]:
        with _on_disk(self._folder):
            self._folder.mkdir(exist_ok=True)
            descriptor = os.open(self._folder / "news", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield descriptor
            finally:
                os.close(descriptor)


def _files(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):  # nothing was ever put there
        return sorted(Path(entry.path) for entry in os.scandir(folder) if _NAME.fullmatch(entry.name))
    return []


def _read(path: Path) -> Errand | None:
    """None for what is gone, or no errand: a file that somebody made, or of a newer version."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        data = json.loads(path.read_bytes())
        known = {key: data[key] for key in Errand.__dataclass_fields__ if key in data}
        if known.get("kind") in get_args(Kind) and _fits(known):
            return Errand(**{**known, "id": path.stem, "why": tuple(map(str, known.get("why", ())))})
    return None


def _fits(known: dict[str, Any]) -> bool:
    counts = all(isinstance(known.get(key, 0), int) for key in ("tries", "begun"))
    texts = (value for key, value in known.items() if key not in ("tries", "begun", "why"))
    return counts and isinstance(known.get("why", []), list) and all(isinstance(value, str) for value in texts)


def _parsed(raw: bytes) -> object:
    with contextlib.suppress(ValueError):  # torn by a kill
        return json.loads(raw)
    return None


def _remove(path: Path) -> None:
    with _on_disk(path):
        path.unlink(missing_ok=True)
    durable.sync(path.parent)


@contextlib.contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}", "free some space, or make it writable") from error
