"""The prompt's history: one JSON string a line in a file that only its owner can read, secrets redacted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

KEPT = 1_000


class History:
    """Lines that a person has sent, oldest first. A file that cannot be read or written means no history, no error."""

    def __init__(self, path: Path, redact: Callable[[str], str]) -> None:
        self._path = path
        self._redact = redact

    def load(self) -> list[str]:
        """At most the last `KEPT` lines; a torn or foreign line is left out."""
        try:
            rows = self._path.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return []
        lines = [line for row in rows if (line := _parsed(row))]
        if len(lines) > 2 * KEPT:
            self._write("".join(_row(line) for line in lines[-KEPT:]), os.O_TRUNC)
        return lines[-KEPT:]

    def add(self, line: str) -> None:
        self._write(_row(self._redact(line)), os.O_APPEND)

    def _write(self, text: str, flag: int) -> None:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flag, 0o600)
        except OSError:
            return  # read-only disk or folder: chatting matters more than remembering keystrokes
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def _row(line: str) -> str:
    return json.dumps(line) + "\n"


def _parsed(row: str) -> str:
    try:
        line = json.loads(row)
    except ValueError:
        return ""
    return line if isinstance(line, str) else ""
