"""A real process on a real pseudo-terminal, seen through pyte."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect

from tests.apps.chat.glass import Glass

WAIT = 20.0


class Console:
    """Starts `argv` with this interpreter; `wait` reads until something stands on the screen."""

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str] | None = None,
        size: tuple[int, int] = (80, 24),
        cwd: Path | None = None,
    ):
        self.glass = Glass(*size)
        self.raw = ""
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        self._child = pexpect.spawn(
            sys.executable,
            list(argv),
            env={**clean, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environ or {})},
            dimensions=(size[1], size[0]),
            encoding="utf-8",
            cwd=str(cwd) if cwd else None,
            timeout=WAIT,
        )
        self._child.delaybeforesend = None

    @property
    def pid(self) -> int:
        return int(self._child.pid)

    def wait(self, text: str, seconds: float = WAIT) -> list[str]:
        """Read until `text` stands somewhere; returns the visible rows."""
        limit = time.monotonic() + seconds
        while text not in self.glass.text():
            if time.monotonic() > limit:
                raise AssertionError(f"{text!r} did not appear in:\n{self.glass.text()}")
            self._read(0.1)
        return self.glass.screen()

    def settle(self, seconds: float = 0.3) -> list[str]:
        """Read until nothing comes for a while; returns the visible rows."""
        while self._read(seconds):
            continue
        return self.glass.screen()

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def say(self, line: str) -> None:
        """Type a line and Enter, once the prompt is up."""
        self.settle(0.15)
        self.type(f"{line}\r")

    def end(self) -> int:
        """Wait for the process to end; returns its exit code (minus the signal that ended it)."""
        limit = time.monotonic() + WAIT
        while self._child.isalive() and time.monotonic() < limit:
            self._read(0.1)
        self._read(0.1)
        self._child.close()
        return self._child.exitstatus if self._child.exitstatus is not None else -(self._child.signalstatus or 0)

    def kill(self) -> None:
        self._child.close(force=True)

    def _read(self, seconds: float) -> bool:
        try:
            text = self._child.read_nonblocking(65_536, seconds)
        except (pexpect.TIMEOUT, pexpect.EOF, ValueError):  # ValueError: closed already
            return False
        self.raw += text
        self.glass.write(text)
        if "\x1b[6n" in text:  # where is the cursor?
            self.type(f"\x1b[{self.glass.pane.cursor.y + 1};{self.glass.pane.cursor.x + 1}R")
        return True
