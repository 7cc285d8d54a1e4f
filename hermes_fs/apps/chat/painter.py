"""Paints lines at the bottom of a terminal: permanent ones that scroll away, a live region that is rewritten in place.

Knows nothing of what the lines mean. Lines carry only colour sequences (SGR) of our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import IO

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"  # synchronised update: terminals that know it show the frame at once
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"

Size = Callable[[], tuple[int, int]]


class Painter:
    """The cursor always rests at the start of the line below the live region. Not thread-safe.

    `size()` gives columns and rows, `cells(text)` the columns that a text takes. Writes may raise BrokenPipeError.
    """

    def __init__(self, out: IO[str], size: Size, cells: Callable[[str], int]) -> None:
        self._out = out
        self._size = size
        self._cells = cells
        self._painted: list[str] = []
        self._hidden = False

    @property
    def room(self) -> int:
        """How many lines the live region may hold."""
        return max(self._size()[1] - 2, 1)

    def replace(self, permanent: Sequence[str], live: Sequence[str]) -> None:
        """Add permanent lines and replace the live region, in one frame; only what differs is written.

        Of `live` only the last lines are shown where there are more than `room`.
        """
        shown = list(live)[-self.room :]
        if permanent or shown != self._painted:
            self._paint(permanent, shown)

    def hide_cursor(self, hidden: bool) -> None:
        if hidden != self._hidden:
            self._hidden = hidden
            self._write(_HIDE if hidden else _SHOW)

    def _paint(self, permanent: Sequence[str], shown: list[str]) -> None:
        same = 0 if permanent else self._common(shown)
        up = sum(self._height(line) for line in self._painted[same:])
        frame = [_BEGIN, f"\x1b[{up}A" if up else "", "\r"]
        frame += [f"{line}\x1b[K\n" for line in (*permanent, *shown[same:])]
        frame += ["\x1b[J", _END]
        self._painted = shown
        self._write("".join(frame))

    def _common(self, shown: Sequence[str]) -> int:
        """Length of the common beginning of what is painted and what is to be."""
        place = 0
        for old, new in zip(self._painted, shown, strict=False):
            if old != new:
                break
            place += 1
        return place

    def _height(self, line: str) -> int:
        """Rows that a painted line takes now; more than one after the window has become narrower."""
        columns = max(self._size()[0], 1)
        return max(-(-self._cells(_STYLE.sub("", line)) // columns), 1)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
