"""Parts the reasoning that some models write into their text, between <think> tags at its start, from the reply."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class ThinkTags:
    """Takes a reply in pieces of any size; what it gives back depends on their concatenation alone."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._thought = False
        self._passing = False
        self._trim = False

    def feed(self, piece: str) -> tuple[str, str]:
        """(reasoning, text) that this piece completes."""
        if self._passing and not self._trim:
            return "", piece
        self._held += piece
        thinking = ""
        if not self._inside and not self._passing:
            self._open()
        if self._inside:
            thinking = self._think()
        return thinking, self._pass() if self._passing else ""

    def end(self) -> tuple[str, str]:
        """What was held back: a reply that never closes its tag was all reasoning."""
        held, self._held = self._held, ""
        return (held, "") if self._inside else ("", "" if self._trim else held)

    def _open(self) -> None:
        start = self._held.lstrip()
        if start.startswith(_OPEN):
            self._held, self._inside = start[len(_OPEN) :], True
        elif not _OPEN.startswith(start):
            self._passing = True

    def _think(self) -> str:
        if not self._thought:
            self._held = self._held.lstrip("\n")
            self._thought = bool(self._held)
        thinking, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._held, self._inside, self._passing, self._trim = rest, False, True, True
            return thinking
        keep = overlap(self._held, _CLOSE)
        self._held = thinking[len(thinking) - keep :]
        return thinking[: len(thinking) - keep]

    def _pass(self) -> str:
        text, self._held = self._held, ""
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        return text


def overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    return next((size for size in range(min(len(text), len(tag) - 1), 0, -1) if text.endswith(tag[:size])), 0)
