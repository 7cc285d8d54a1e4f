"""Owns the journal: what the door is about to do, on disk before it does it. Must not act on it; recovery does.

A file of JSON lines. A line is there, on the disk, before the first file of the mind is touched; the file is emptied
when the user's git index has caught up with all its lines. So the last line may or may not have happened, those before
it have.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed


@dataclass(frozen=True, slots=True)
class Move:
    """One file of a lesson: blob id and mode before and after, both "" where there is no file."""

    path: str
    old: str
    old_mode: str
    new: str
    new_mode: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One lesson: `ref` goes from commit `old` to `new`.

    `placed`: the files already were as the lesson has them (a person's own edit), so they are never put back. `boot`
    tells whether the machine ran on since.
    """

    ref: str
    old: str
    new: str
    placed: bool
    boot: str
    moves: tuple[Move, ...]


class Journal:
    """The journal of one workspace. Its owner holds the workspace's lock. Raises Failed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def stamp(self) -> tuple[int, int]:
        """(size, time of the last write in ns); changes with every change, (0, 0) before the first."""
        with contextlib.suppress(FileNotFoundError):  # never written yet
            status = self._path.stat()
            return status.st_size, status.st_mtime_ns
        return 0, 0

    @property
    def size(self) -> int:
        """Bytes; 0 when there is nothing to do."""
        return self.stamp[0]

    @property
    def places(self) -> tuple[Path, Path]:
        """What to wait for after `append`, until the line is on the disk."""
        return self._path, self._path.parent

    def append(self, entry: Entry) -> int:
        """Writes a line; returns where it starts, for `cut`. It is durable once the `places` are."""
        line = json.dumps(asdict(entry), ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"
        with self._opened() as descriptor:
            start = os.lseek(descriptor, 0, os.SEEK_END)
            try:
                _write_all(descriptor, line)
            except OSError:
                os.ftruncate(descriptor, start)
                raise
        return start

    def read(self) -> list[tuple[int, Entry]]:
        """All whole lines with where each starts. A torn last line never took effect and is left out; `trim` it."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Failed(f"{self._path} cannot be read: {error.strerror}") from error
        found: list[tuple[int, Entry]] = []
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a line of zeros after a loss of power
                found.append((start, _entry(json.loads(data[start:end].decode("utf-8", "surrogateescape")))))
            start = end + 1
        return found

    def trim(self) -> None:
        """Drops a torn last line, so that the next one does not continue it."""
        if self.size:
            self.cut(self._path.read_bytes().rfind(b"\n") + 1)

    def cut(self, size: int) -> None:
        """Drops every line from there on, durably; 0 empties the journal."""
        if self.size == size:
            return
        with self._opened() as descriptor:
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Failed(f"{self._path} cannot be written: {error.strerror}", "free some space there") from error


def _entry(row: dict[str, Any]) -> Entry:
    moves = tuple(Move(**move) for move in row["moves"])
    return Entry(row["ref"], row["old"], row["new"], bool(row["placed"]), row["boot"], moves)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
