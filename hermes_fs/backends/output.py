"""Keeps a command's output within bounds: head and tail stay, the middle is counted, the whole goes to a file."""

from __future__ import annotations

import codecs
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from hermes_fs.core.secrets import redact

OVERFLOW_LIMIT = 16 * 1024 * 1024
"""Bytes of one output that are kept on disk; a command that prints for ever must not fill it."""

_CHUNK = 256 * 1024
_LONGEST_PIECE = 1024 * 1024
_SHOWN_TAIL = 2000
_SHOWN_EVERY = 0.2


def decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class BoundedOutput:
    """Collects bytes. Not thread-safe. `limit` is in bytes; the file `overflow` is made once the limit is passed.

    `shown` gets text as it comes: everything up to the limit, then at most a glimpse every 0.2 s.
    """

    def __init__(self, limit: int, overflow: Path, shown: Callable[[str], None] | None) -> None:
        self._head_limit = limit // 2
        self._tail_limit = limit - self._head_limit
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._overflow = _Overflow(overflow)
        self._shown = shown
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._glimpsed = 0.0

    def feed(self, data: bytes) -> None:
        self._show(data)
        was_whole = self._is_whole
        self._total += len(data)
        if not self._is_whole:
            self._overflow.write(bytes(self._head + self._tail) + data if was_whole else data)
        room = self._head_limit - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._tail_limit:
            del self._tail[: -self._tail_limit]

    @property
    def _is_whole(self) -> bool:
        return self._total <= self._head_limit + self._tail_limit

    def _show(self, data: bytes) -> None:
        if self._shown is None:
            return
        text = self._decoder.decode(data)
        if not self._is_whole:
            now = time.monotonic()
            if now - self._glimpsed < _SHOWN_EVERY:
                return
            self._glimpsed = now
            text = text[-_SHOWN_TAIL:]
        if text:
            self._shown(text)

    def close(self) -> tuple[str, int, str]:
        """The text, the number of bytes left out of its middle, and the file that holds the whole ("" where nothing is
        left out, or the disk did not take it)."""
        if self._shown is not None and (rest := self._decoder.decode(b"", final=True)):
            self._shown(rest)
        if self._is_whole:
            return decode(bytes(self._head + self._tail)), 0, ""
        head, tail = _without_torn_end(bytes(self._head)), _without_torn_start(bytes(self._tail[-self._tail_limit :]))
        dropped = self._total - len(head) - len(tail)
        text = f"{decode(head)}\n[... {dropped} bytes left out ...]\n{decode(tail)}"
        return text, dropped, self._overflow.close()


class _Overflow:
    """The file that holds the whole of a long output, up to a limit and without credentials. A disk that takes no more
    ends it, not the command."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._failed = False
        self._pending = bytearray()
        self._taken = 0

    def write(self, data: bytes) -> None:
        room = OVERFLOW_LIMIT - self._taken
        if room <= 0:
            return
        self._taken += len(data)
        self._pending += data[:room]
        if len(self._pending) >= _CHUNK:
            self._flush(_safe_cut(self._pending))

    def close(self) -> str:
        """The path, or "" where the file is not whole for want of space."""
        self._flush(len(self._pending))
        if self._file is not None:
            self._file.close()
        if self._failed:
            with contextlib.suppress(OSError):  # it may never have come to be
                self._path.unlink()
            return ""
        return str(self._path)

    def _flush(self, end: int) -> None:
        text = redact(decode(bytes(self._pending[:end])))
        del self._pending[:end]
        try:
            if self._file is None and not self._failed:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = self._path.open("xb", buffering=0)
            if self._file is not None and not self._failed:
                self._file.write(text.encode())
        except OSError:
            self._failed = True


def _safe_cut(data: bytearray) -> int:
    """Where `data` can be cut without tearing a credential: at a line's end, and not inside a private key."""
    end = data.rfind(b"\n") + 1
    begun = data.rfind(b"-----BEGIN")
    if begun > data.rfind(b"-----END"):
        end = data.rfind(b"\n", 0, begun) + 1
    if end == 0 and len(data) > _LONGEST_PIECE:
        return whole_characters(bytes(data))
    return end


def whole_characters(data: bytes) -> int:
    """How many leading bytes of `data` end on a character's border, for a reader that comes back for the rest."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return len(data) - back if length > back else len(data)
    return len(data)


def _without_torn_end(data: bytes) -> bytes:
    return data[: whole_characters(data)]


def _without_torn_start(data: bytes) -> bytes:
    for place in range(min(4, len(data))):
        if data[place] & 0xC0 != 0x80:
            return data[place:]
    return data
