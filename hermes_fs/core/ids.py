"""Identifiers: ULIDs for events, sessions and changes; content-derived ids for memory entries."""

from __future__ import annotations

import base64
import functools
import hashlib
import secrets
import threading
from collections.abc import Callable

from hermes_fs.core.clock import Clock

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class Ulids:
    """Mints ULIDs (https://github.com/ulid/spec): 26 characters, sorted by time, strictly increasing per instance.

    Thread-safe. `randbits(n)` must return an integer of n random bits.
    """

    def __init__(self, clock: Clock, randbits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._randbits = randbits
        self._lock = threading.Lock()
        self._last = (0, 0)

    def __call__(self) -> str:
        millis = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            last_millis, last_random = self._last
            if millis > last_millis:
                self._last = (millis, self._randbits(_RANDOM_BITS - 1))
            else:
                self._last = (last_millis, last_random + 1)
            moment, noise = self._last
        return _base32((moment << _RANDOM_BITS) | noise, 26)


def derived_ulid(seconds: float, source: str) -> str:
    """The ULID of a moment (Unix time) whose random part is made of a text: the same on every machine."""
    noise = int.from_bytes(hashlib.sha256(source.encode()).digest()[: _RANDOM_BITS // 8])
    return _base32((int(seconds * 1000) << _RANDOM_BITS) | noise, 26)


def _base32(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(_CROCKFORD[digit])
    return "".join(reversed(digits))


@functools.lru_cache(maxsize=512)
def entry_id(text: str) -> str:
    """Id of a memory entry: first 6 characters of the lower-case base32 SHA-256 of its first text, stripped.

    The same text gives the same id on every machine, which is what lets two machines merge a hand-added bullet.
    """
    digest = hashlib.sha256(text.strip().encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()[:6]  # five bytes are eight letters
