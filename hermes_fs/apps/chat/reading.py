"""Reads what a person types. `Reader` is the port; `Lines` is for where prompt_toolkit or a terminal is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from hermes_fs.core.terminal import neutralise

Candidates = Callable[[str], list[tuple[str, str]]]
"""Text before the cursor → what it may become, each with a few words about it."""


class Reader(Protocol):
    def read(self, toolbar: Callable[[], str], begun: str = "") -> str:
        """The next message, possibly of several lines; `begun` is how it begins already. Raises EOFError on Ctrl-D,
        KeyboardInterrupt on Ctrl-C."""
        ...


class Lines:
    """Plain lines from stdin; a backslash at the end of a line continues it."""

    def __init__(self, prompt: str = "› ") -> None:
        self._prompt = prompt

    def read(self, toolbar: Callable[[], str], begun: str = "") -> str:
        lines = [begun + self._line(self._prompt + neutralise(begun))]
        while lines[-1].endswith("\\"):
            lines[-1] = lines[-1][:-1]
            lines.append(self._line("… "))
        return "\n".join(lines)

    def _line(self, prompt: str) -> str:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")
