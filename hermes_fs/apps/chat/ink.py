"""The few styles that the chat writes with, and where colour is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Literal

Style = Literal["bold", "dim", "red", "green", "yellow", "magenta", "cyan"]

_CODES: dict[Style, int] = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}


class Ink:
    """Styles text for one stream: nothing where it is no capable terminal, no colours under NO_COLOR."""

    def __init__(self, stream: IO[str] | None, environ: Mapping[str, str]) -> None:
        self.styled = stream is not None and stream.isatty() and environ.get("TERM", "") not in ("", "dumb")
        self.coloured = self.styled and not environ.get("NO_COLOR")

    def __call__(self, text: str, style: Style) -> str:
        code = _CODES[style]
        wanted = self.coloured if code >= 30 else self.styled
        return f"\x1b[{code}m{text}\x1b[0m" if wanted and text else text


_DIFF: dict[str, Style] = {"+": "green", "-": "red", "@": "cyan"}


def diff_ink(ink: Ink, line: str) -> str:
    """A line of a patch, styled by how it begins."""
    return ink(line, _DIFF[line[0]]) if line[:1] in _DIFF else line
