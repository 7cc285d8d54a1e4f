"""A line on stderr for what takes long: nothing within the first second, nothing left behind on a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_PATIENCE_SECONDS = 1.0


class Progress:
    """Call it with what is done and what there is in all. In a pipe it writes one line, once."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._begun = time.monotonic()
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._begun < _PATIENCE_SECONDS:
            return
        if sys.stderr.isatty():
            print(f"\r\x1b[K{self._doing} {done:,} of {total:,} files", end="", file=sys.stderr, flush=True)
        elif not self._shown:
            print(f"{self._doing} {total:,} files", file=sys.stderr, flush=True)
        self._shown = True

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown and sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
