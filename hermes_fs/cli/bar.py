"""A bar on stderr for many bytes: how far, how fast, how long still. In a pipe a line for each quarter."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType

_EVERY_SECONDS = 0.1
_WIDTH = 24
_QUARTER = 25


class Bar:
    """Call it with bytes done and bytes in all (0: not known). `done()` leaves nothing behind on a terminal."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._live = sys.stderr.isatty()
        self._begun = time.monotonic()
        self._first: int | None = None
        self._drawn = 0.0
        self._said = 0

    def __call__(self, done: int, total: int) -> None:
        if self._first is None:
            self._first = done  # what an earlier pull brought says nothing of the speed
        now = time.monotonic()
        if self._live and now - self._drawn >= _EVERY_SECONDS:
            self._drawn = now
            columns = shutil.get_terminal_size().columns
            print(f"\r\x1b[K{self._line(done, total, now)[: columns - 1]}", end="", file=sys.stderr, flush=True)
        elif not self._live and total and done * 100 // total >= self._said + _QUARTER:
            self._said = done * 100 // total // _QUARTER * _QUARTER
            print(f"  {self._doing} {self._said} % of {total / 1e6:,.0f} MB", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """A line above the bar."""
        self.done()
        print(f"  {line}", file=sys.stderr, flush=True)

    def done(self) -> None:
        if self._live and self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.done()

    def _line(self, done: int, total: int, now: float) -> str:
        speed = (done - (self._first or 0)) / max(now - self._begun, 0.001)
        if not total:
            return f"  {self._doing} {done / 1e6:,.0f} MB  {speed / 1e6:,.0f} MB/s"
        full = round(_WIDTH * min(done / total, 1))
        bar = "█" * full + "░" * (_WIDTH - full)
        left = f"  {_duration((total - done) / speed)} left" if speed > 1000 else ""
        return f"  {self._doing} {bar} {done / 1e6:,.0f} of {total / 1e6:,.0f} MB  {speed / 1e6:,.0f} MB/s{left}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
