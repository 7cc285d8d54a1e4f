"""How commands print: JSON for programs, aligned columns for people, everything neutralised. Raises BrokenPipeError."""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from hermes_fs.core.terminal import neutralise, one_line

_GAP = "  "


def print_json(value: Any) -> None:
    """One JSON value, indented; ASCII only, so that it is safe on every terminal and in every locale."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def print_text(text: str) -> None:
    """Text of several lines; a newline is added where it lacks one."""
    safe = neutralise(text)
    sys.stdout.write(safe if safe.endswith("\n") else f"{safe}\n")


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Aligned columns under dim headers. On a terminal the last column is cut to fit; in a pipe nothing is cut."""
    cells = [[one_line(str(cell)) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(map(_columns, column)) for column in zip(headers, *cells, strict=True)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    print(dim(_row(headers, widths, room)))
    for row in cells:
        print(_row(row, widths, room))


def dim(text: str) -> str:
    return _styled(text, 2)


def bold(text: str) -> str:
    return _styled(text, 1)


def good(text: str) -> str:
    """Green where there is colour."""
    return _styled(text, 32)


def bad(text: str) -> str:
    """Red where there is colour."""
    return _styled(text, 31)


def warning(text: str) -> str:
    """Yellow where there is colour."""
    return _styled(text, 33)


def _styled(text: str, code: int) -> str:
    plain = sys.stdout is None or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb"
    colourless = code >= 30 and bool(os.environ.get("NO_COLOR"))
    return text if plain or colourless else f"\x1b[{code}m{text}\x1b[0m"


def _row(cells: Sequence[str], widths: Sequence[int], room: int) -> str:
    *first, last = cells
    line = "".join(f"{cell}{' ' * (width - _columns(cell))}{_GAP}" for cell, width in zip(first, widths, strict=False))
    return (line + (_cut(last, max(room - _columns(line), 10)) if room else last)).rstrip()


def _cut(text: str, columns: int) -> str:
    if _columns(text) <= columns:
        return text
    while text and _columns(text) >= columns:
        text = text[:-1]
    return f"{text}…"


def _columns(text: str) -> int:
    """Columns that a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )
