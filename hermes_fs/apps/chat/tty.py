"""The terminal that a person sits at, for questions: single keys and lines, also where stdin is a pipe.

Owns the terminal's modes and puts them back. POSIX only (Linux, macOS, WSL2).
"""

from __future__ import annotations

import os
import select
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ESCAPE_SECONDS = 0.05
_LFLAG = 3


class Tty:
    """Reads from and writes to the controlling terminal. Methods block until the person answers."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor

    @property
    def descriptor(self) -> int:
        """For who reads keys beside us."""
        return self._fd

    @staticmethod
    def find() -> Tty | None:
        """The controlling terminal, else stdin where it is a terminal, else None."""
        with suppress(OSError):  # no controlling terminal: a service, a container without -t
            return Tty(os.open(Path("/dev/tty"), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        return Tty(sys.stdin.fileno()) if sys.stdin is not None and sys.stdin.isatty() else None

    def write(self, text: str) -> None:
        data = text.encode(errors="replace")
        while data:
            data = data[os.write(self._fd, data) :]

    def key(self, offer: str = "") -> str:
        """One key. With an `offer`, which is written first, only one pressed from now on: what was typed before the
        question was up could not mean it.

        Ctrl-C is "\\x03", an arrow or function key "\\x1b", a terminal that went away "".
        """
        with self._mode(termios.ECHO | termios.ICANON | termios.ISIG):
            if offer:
                termios.tcflush(self._fd, termios.TCIFLUSH)
                self.write(offer)
            data = os.read(self._fd, 1)
            if data == b"\x1b":
                while select.select([self._fd], [], [], _ESCAPE_SECONDS)[0] and os.read(self._fd, 32):
                    continue
            while data and data[0] >= 0xC0 and not _is_character(data):
                data += os.read(self._fd, 1)
        return data.decode(errors="replace")

    def line(self, prompt: str) -> str | None:
        """One line of text; None at end of input. Raises KeyboardInterrupt on Ctrl-C."""
        self.write(prompt)
        data = b""
        while not data.endswith(b"\n"):
            piece = os.read(self._fd, 4096)
            if not piece:
                return data.decode(errors="replace") or None
            data += piece
        return data.decode(errors="replace").rstrip("\r\n")

    def hidden(self, prompt: str) -> str | None:
        """As `line`, for what must not be seen: nothing of it is shown."""
        with self._mode(termios.ECHO):
            try:
                return self.line(prompt)
            finally:
                self.write("\n")

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Keys do not echo while a turn paints; what is typed waits for the next prompt, Ctrl-C or not."""
        with self._mode(termios.ECHO | termios.ICANON, termios.NOFLSH):
            yield

    @contextmanager
    def spoken(self) -> Iterator[None]:
        """The ordinary line mode again, for a line inside `silent`."""
        with self._mode(0, termios.ECHO | termios.ICANON | termios.ISIG):
            yield

    @contextmanager
    def _mode(self, off: int, on: int = 0) -> Iterator[None]:
        before = termios.tcgetattr(self._fd)
        changed = [*before]
        changed[_LFLAG] = (before[_LFLAG] & ~off) | on
        termios.tcsetattr(self._fd, termios.TCSANOW, changed)
        try:
            yield
        finally:
            with suppress(termios.error):  # the terminal may be gone
                termios.tcsetattr(self._fd, termios.TCSANOW, before)


def _is_character(data: bytes) -> bool:
    length = 2 if data[0] < 0xE0 else 3 if data[0] < 0xF0 else 4
    return len(data) >= length
