"""A bar on stderr for what takes long: how far, how long still. Nothing within the first second, nothing that stays,
and nothing where no terminal shows it."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import Self, TextIO

_PATIENCE_SECONDS = 1.0
_EVERY_SECONDS = 0.1
_WIDTH = 24
_LONGEST_SECONDS = 86_400.0
"""What would take longer than that is too slow to be told."""


class Bar:
    """Call it with what is done and what there is in all (0: not known), in `unit` by `scale`."""

    def __init__(
        self,
        doing: str,
        unit: str,
        scale: float = 1.0,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doing, self._unit, self._scale = doing, unit, scale
        self._out = out or sys.stderr
        self._clock = clock
        self._begun = clock()
        self._first: tuple[int, float] | None = None
        self._drawn = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        self._first = self._first or (done, now)  # what was there before says nothing of the speed
        if now - self._begun < _PATIENCE_SECONDS or now - self._drawn < _EVERY_SECONDS or not self._out.isatty():
            return
        self._drawn = now
        room = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{self._line(done, total, now)[:room]}", end="", file=self._out, flush=True)

    def say(self, line: str) -> None:
        """A line above the bar; terminal or not."""
        self.done()
        print(f"  {line}", file=self._out, flush=True)

    def done(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=self._out, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()

    def _line(self, done: int, total: int, now: float) -> str:
        before, since = self._first or (0, self._begun)
        speed = (done - before) / max(now - since, 0.001)
        pace = f"  {speed / self._scale:,.0f} {self._unit}/s" if speed >= self._scale else ""
        so_far = f"{done / self._scale:,.0f}"
        if not total:
            return f"  {self._doing} {so_far} {self._unit}{pace}"
        full = round(_WIDTH * min(done / total, 1))
        bar = "█" * full + "░" * (_WIDTH - full)
        seconds = (total - done) / speed if speed > 0 else _LONGEST_SECONDS
        left = f"  {_duration(seconds)} left" if seconds < _LONGEST_SECONDS else ""
        return f"  {self._doing} {bar} {so_far} of {total / self._scale:,.0f} {self._unit}{pace}{left}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
