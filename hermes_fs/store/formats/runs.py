"""Puts together what two sides wrote at one place, in an order that is made of what they wrote. Pure.

Three machines merge in any order, so the order of what they added must not hang on who came first: pieces are taken by
their text, the smaller of the two that are next. That is the merge of sorted rows where they are sorted, and where they
are not each piece keeps what it leads behind it; either way it does not matter which two come together first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

Items = Sequence[str]
Pieces = list[list[str]]

_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]")
_BULLET = re.compile(r"([ \t]*)(?:[-*+]|\d{1,4}[.)])[ \t]+(?=\S)")
_FENCE = re.compile(r"[ ]{0,3}(```+|~~~+)")


def singly(one: Items, other: Items) -> list[str]:
    """Items that stand for themselves: ids, keys."""
    return [piece[0] for piece in _taken([[item] for item in one], [[item] for item in other])]


def whole(one: Items, other: Items) -> list[str]:
    """Lines of which nobody knows what belongs together (code): one side's, then the other's."""
    if found := _containing(one, other):
        return list(found)
    return [line for side in sorted((list(one), list(other))) for line in side]


def prose(one: Items, other: Items) -> list[str]:
    """Lines of Markdown: by paragraph, bullet, or section. A blank line comes between paragraphs. A line that goes on
    with the one above it, beside others that do, is a piece of its own."""
    if found := _containing(one, other):
        return list(found)
    if min(len(one), len(other)) == 1 and all(_is_row(line) for line in (*one, *other)):
        return singly(one, other)
    first, second = _parted(one), _parted(other)
    newline = "\r\n" if max(*one, *other).endswith("\r\n") else "\n"
    joined = max([[], *(lead for lead, pieces in (first, second) if not pieces)])
    above = ""
    for piece in _taken(first[1], second[1]):
        if not above:
            leads = [lead for lead, pieces in (first, second) if pieces and _key(pieces[0]) == _key(piece)]
            joined = max([joined, *leads])
        elif joined[-1].strip() and not (_BULLET.match(piece[0]) and _BULLET.match(above)):
            joined.append(newline)
        joined += piece
        above = piece[0]
    return joined


def keyed(one: Items, other: Items) -> list[str]:
    """Lines of YAML: each with what is indented below it and the remarks above it."""
    if found := _containing(one, other):
        return list(found)
    return [line for piece in _taken(*(list(_outline(side)) for side in (one, other))) for line in piece]


Join = Callable[[Items, Items], list[str]]


def _containing(one: Items, other: Items) -> Items | None:
    """The side that has all that the other has, in its order."""
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return long if all(item in rest for item in short) else None


def _taken(one: Pieces, other: Pieces) -> Iterator[list[str]]:
    """The pieces of both, the smaller first, each as often as the side has it that has it oftener."""
    keys = [[(_rank(piece[0]), _key(piece)) for piece in side] for side in (one, other)]
    most = Counter(keys[0]) | Counter(keys[1])
    a = b = 0
    while a < len(one) or b < len(other):
        left = b == len(other) or (a < len(one) and keys[0][a] <= keys[1][b])
        piece, key = (one[a], keys[0][a]) if left else (other[b], keys[1][b])
        if left and b < len(other) and key == keys[1][b]:
            piece = max(piece, other[b])  # they differ in blanks at most
            b += 1
        a, b = (a + 1, b) if left else (a, b + 1)
        if most[key]:
            most[key] -= 1
            yield piece


def _is_row(line: str) -> bool:
    return line[:1] not in " \t\r\n" and not _HEADING.match(line) and not _FENCE.match(line)


def _rank(line: str) -> int:
    """What stands under no heading of its own goes first, for it belongs to the section above; then the deeper ones."""
    heading = _HEADING.match(line)
    return 7 - len(heading[1]) if heading else 0


def _key(piece: Sequence[str]) -> tuple[str, ...]:
    lines = [line.rstrip() for line in piece]
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _parted(run: Items) -> tuple[list[str], Pieces]:
    """The blank lines at the beginning, and the pieces."""
    start = next((place for place, line in enumerate(run) if line.strip()), len(run))
    found: Pieces = []
    fence = ""
    for line in run[start:]:
        mark = _FENCE.match(line)
        if found and (fence or not _begins(found[-1], line)):
            found[-1].append(line)
        else:
            found.append([line])
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
    return list(run[:start]), found


def _begins(piece: Sequence[str], line: str) -> bool:
    """Whether a line is the first of another piece than the one before it."""
    heading, above = _HEADING.match(line), _HEADING.match(piece[0])
    if heading or above:
        return bool(heading and (not above or len(heading[1]) <= len(above[1])))
    bullet, first = _BULLET.match(line), _BULLET.match(piece[0])
    if bullet and first:
        return len(bullet[1]) <= len(first[1])
    last = next((text for text in reversed(piece) if text.strip()), "")
    return not piece[-1].strip() and line[:1] not in " \t\r\n" and not last.rstrip().endswith(":")


def _outline(run: Items) -> Iterator[list[str]]:
    depths = [len(line) - len(line.lstrip()) for line in run if _says(line)]
    least = min(depths, default=0)
    piece: list[str] = []
    begun = False
    for line in run:
        fresh = not line.strip() or line.lstrip().startswith("#")
        starts = _says(line) and len(line) - len(line.lstrip()) == least
        if begun and (starts or fresh):
            yield piece
            piece, begun = [], False
        piece.append(line)
        begun = begun or starts
    if piece:
        yield piece


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
