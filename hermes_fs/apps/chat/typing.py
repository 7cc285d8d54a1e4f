"""Reads what a person types while a turn runs, and hands over whole lines. Paints nothing, decides nothing.

Works on a terminal whose lines are off (`Tty.silent`): editing is backspace, Ctrl-U and Ctrl-W, no more.
"""

from __future__ import annotations

import codecs
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Key = Literal["enter", "tab"]
"""What ended a line: Enter says it at once, Tab keeps it for after the turn."""

_ESCAPE_SECONDS = 0.03


class Typing:
    """Use as a context manager around a turn. `said` is called in another thread with each line; `text` is the line on
    its way. `taken` gives back what was left unsent."""

    def __init__(self, descriptor: int, said: Callable[[str, Key], None]) -> None:
        self.text = ""
        self._fd = descriptor
        self._said = said
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._reading = threading.Event()
        self._idle = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake = (-1, -1)

    def __enter__(self) -> Typing:
        self._wake = os.pipe()
        self._reading.set()
        self._thread = threading.Thread(target=self._read, name="typing", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        reader, writer = self._wake
        os.close(writer)
        self._reading.set()
        if self._thread:
            self._thread.join()
        os.close(reader)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Somebody else reads the keys meanwhile: a question."""
        self._reading.clear()
        os.write(self._wake[1], b"\0")
        self._idle.wait(1.0)
        try:
            yield
        finally:
            self._idle.clear()
            self._reading.set()

    def taken(self) -> str:
        """The line that was not sent; it is gone from here."""
        text, self.text = self.text, ""
        return text

    def _read(self) -> None:
        reader = self._wake[0]
        while True:
            ready, _, _ = select.select([self._fd, reader], [], [])
            if reader in ready:
                if not os.read(reader, 64):
                    return
                if not self._reading.is_set():
                    self._idle.set()
                    self._reading.wait()
                continue
            data = self._keys()
            if not data:  # the terminal is gone
                return
            self._take(data)

    def _keys(self) -> bytes:
        try:
            data = os.read(self._fd, 1024)
        except OSError:
            return b""
        if data.startswith(b"\x1b") and len(data) < 16:  # an arrow, a function key: none of ours
            while select.select([self._fd], [], [], _ESCAPE_SECONDS)[0] and os.read(self._fd, 32):
                continue
            return b"\0"
        return data

    def _take(self, data: bytes) -> None:
        for letter in self._decoder.decode(data):
            match letter:
                case "\r" | "\n":
                    self._send("enter")
                case "\t":
                    self._send("tab")
                case "\x7f" | "\b":
                    self.text = self.text[:-1]
                case "\x15":
                    self.text = ""
                case "\x17":
                    self.text = self.text.rstrip().rpartition(" ")[0]
                case _ if letter.isprintable():
                    self.text += letter
                case _:
                    continue

    def _send(self, key: Key) -> None:
        line = self.taken().strip()
        if line:
            self._said(line, key)
