"""A terminal to look at: what is written to it is drawn by pyte."""

from __future__ import annotations

import io

import pyte
from pyte import modes

SYNCHRONISED = ("\x1b[?2026h", "\x1b[?2026l")  # pyte prints the h of a mode that it does not know


class Glass(io.StringIO):
    """A text stream that is a terminal. `frames` counts the writes, `written` keeps the bytes."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        super().__init__()
        self.pane = pyte.HistoryScreen(columns, rows, history=5_000)
        self.pane.set_mode(modes.LNM)
        self._stream = pyte.Stream(self.pane)
        self.written: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written.append(text)
        for mode in SYNCHRONISED:
            text = text.replace(mode, "")
        self._stream.feed(text)
        return len(text)

    def screen(self) -> list[str]:
        """The rows that are visible, without blanks at the end of each and of all."""
        return _stripped([row.rstrip() for row in self.pane.display])

    def everything(self) -> list[str]:
        """What has scrolled away, then the visible rows."""
        gone = ["".join(row[place].data for place in range(self.pane.columns)) for row in self.pane.history.top]
        return _stripped([row.rstrip() for row in (*gone, *self.pane.display)])

    def text(self) -> str:
        return "\n".join(self.everything())


def _stripped(rows: list[str]) -> list[str]:
    while rows and not rows[-1]:
        rows.pop()
    return rows
