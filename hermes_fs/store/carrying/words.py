"""Makes single entries of what other agents remember: texts between § lines, or Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

MARK = "§"
"""Alone on a line it stands between two entries of hermes-agent's memory."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BULLET = re.compile(r"(?:[-*+]|\d{1,3}[.)])[ \t]+(?=\S)")
_HEADING = re.compile(r"#{1,6}(?:\s|$)|={3,}$|-{3,}$|\*{3,}$|_{3,}$")
_UNANSWERED = re.compile(r"[*_\s]*[\w /'’()&-]{1,60}[*_\s]*:[*_\s]*(?:[_*]+\([^)]*\)[_*]+)?")
_PLACEHOLDER = re.compile(r"[_*]+\([^)]*\)[_*]*")


def between_marks(text: str) -> list[str]:
    """The entries of a memory that hermes-agent wrote, in their order, each once. Without a mark it is one."""
    found: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip() == MARK:
            found.append([])
        else:
            found[-1].append(line)
    return _once("\n".join(lines).strip() for lines in found)


def of_markdown(text: str) -> list[str]:
    """The bullets of a text, each with what is indented below it, and its paragraphs, in their order, each once.
    Headings, front matter, comments and questions that nobody answered (`- Name:`) are none."""
    if any(line.strip() == MARK for line in text.split("\n")):
        return between_marks(text)
    plain = _COMMENT.sub("", _without_front(text))
    return _once(block for block in _blocks(plain.split("\n")) if not _is_empty(block))


def _blocks(lines: list[str]) -> Iterator[str]:
    """A bullet goes on over lines that are indented, a paragraph until a line is empty."""
    block: list[str] = []
    bullet = False
    for line in lines:
        bare = line.strip()
        begins = bool(_BULLET.match(line))
        heading = bool(_HEADING.match(bare))
        goes_on = bare and not begins and not heading and (line[0] in " \t" or not bullet)
        if block and not goes_on:
            yield "\n".join(block)
            block = []
        if bare and not heading:
            bullet = begins if not block else bullet
            block.append(_BULLET.sub("", line, count=1).rstrip() if begins else line.rstrip())
    if block:
        yield "\n".join(block)


def _without_front(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    end = text.find("\n---\n", 3)
    return text[end + 5 :] if end >= 0 else text


def _is_empty(block: str) -> bool:
    flat = " ".join(block.split())
    return (
        not any(letter.isalnum() for letter in flat)
        or bool(_UNANSWERED.fullmatch(flat))
        or bool(_PLACEHOLDER.fullmatch(flat))
    )


def _once(texts: Iterator[str] | list[str]) -> list[str]:
    return [text for text in dict.fromkeys(text.strip() for text in texts) if text]
