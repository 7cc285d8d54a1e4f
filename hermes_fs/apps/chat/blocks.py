"""Finds how much of a growing Markdown text is complete, so that it can be printed for good. Pure; renders nothing."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_CONTINUES = re.compile(r"\s|$")


def split_complete(text: str) -> tuple[str, str]:
    """`text` cut into the blocks that later text cannot change any more, and the rest.

    A cut lies at a blank line outside a code fence, before a line that is not indented (an indented one may still
    belong to a list item above). The two parts joined are `text`.
    """
    cut = place = 0
    fence = ""
    after_blank = False
    for line in text.splitlines(keepends=True):
        if not fence and after_blank and not _CONTINUES.match(line):
            cut = place
        fence = _fence_after(line, fence)
        after_blank = not fence and not line.strip()
        place += len(line)
    return text[:cut], text[cut:]


def _fence_after(line: str, fence: str) -> str:
    """The fence that is open after `line`, given the one that was open before it ("": none)."""
    found = _FENCE.match(line.rstrip("\r\n"))
    if not found:
        return fence
    marks, info = found[1], found[2]
    if not fence:
        return "" if marks[0] == "`" and "`" in info else marks
    closes = marks[0] == fence[0] and len(marks) >= len(fence) and not info.strip()
    return "" if closes else fence
