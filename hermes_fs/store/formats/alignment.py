"""Which items of two sequences are the same ones, in a time that no content can stretch. Pure; knows no merge."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Block = tuple[int, int, int]
"""`first[a : a + size] == second[b : b + size]`."""

_SHORT = 600  # items of both sides together that are compared thoroughly,
_PAIRS = 20_000  # unless so many of them are equal: thorough comparison is cubic at worst
_DEEPEST = 50


def aligned(first: Sequence[str], second: Sequence[str]) -> list[Block]:
    """Matching blocks in rising order of both, none empty.

    Short sequences are compared thoroughly. Long ones are cut at items that stand once on each side (a patience diff),
    and what lies between is compared again; what has no such item and is long counts as different.
    """
    blocks: list[Block] = []
    todo = [(0, len(first), 0, len(second), 0)]  # a stack, its top the leftmost part
    while todo:
        a, a_end, b, b_end, depth = todo.pop()
        low, high = _ends(first[a:a_end], second[b:b_end])
        blocks += [(a, b, low)] if low else []
        if high:
            todo.append((a_end - high, a_end, b_end - high, b_end, depth))
        a, a_end, b, b_end = a + low, a_end - high, b + low, b_end - high
        if a == a_end or b == b_end:
            continue
        middle, other = first[a:a_end], second[b:b_end]
        if _is_cheap(middle, other):
            # The end waits on the stack below what is found here: blocks come in order.
            blocks += _thorough(middle, other, a, b)
        elif depth < _DEEPEST:
            cuts = [(a + x, b + y) for x, y in _anchors(middle, other)]
            todo += reversed(list(_between(cuts, (a, a_end, b, b_end), depth + 1)))
    return _joined(blocks)


def _ends(first: Sequence[str], second: Sequence[str]) -> tuple[int, int]:
    """How many items both begin with, and how many both end with behind those."""
    shorter = min(len(first), len(second))
    low = 0
    while low < shorter and first[low] == second[low]:
        low += 1
    high = 0
    while high < shorter - low and first[-1 - high] == second[-1 - high]:
        high += 1
    return low, high


def _is_cheap(first: Sequence[str], second: Sequence[str]) -> bool:
    if len(first) + len(second) > _SHORT:
        return False
    counts = Counter(second)
    return sum(counts[item] for item in first) <= _PAIRS


def _thorough(first: Sequence[str], second: Sequence[str], a: int, b: int) -> list[Block]:
    found = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return [(a + block.a, b + block.b, block.size) for block in found if block.size]


def _anchors(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """Items that stand once on each side: the longest row of them in the same order, as (place, place)."""
    once, there = Counter(first), Counter(second)
    places = {item: place for place, item in enumerate(second)}
    pairs = [(x, places[item]) for x, item in enumerate(first) if once[item] == 1 and there[item] == 1]
    tails: list[int] = []  # the least second place that ends a row of each length
    ends: list[int] = []  # the pair that it belongs to
    before: list[int] = []  # for each pair, the one before it in its row
    for number, (_, y) in enumerate(pairs):
        length = bisect_left(tails, y)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [y]
        ends[length : length + 1] = [number]
    row: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]


def _between(
    cuts: Sequence[tuple[int, int]], whole: tuple[int, int, int, int], depth: int
) -> Iterator[tuple[int, int, int, int, int]]:
    """The parts that begin with a cut and end before the next, and what lies before the first."""
    a, a_end, b, b_end = whole
    for x, y in [*cuts, (a_end, b_end)] if cuts else []:
        if a < x and b < y:
            yield a, x, b, y, depth
        a, b = x, y


def _joined(blocks: Sequence[Block]) -> list[Block]:
    joined: list[Block] = []
    for a, b, size in blocks:
        if joined and joined[-1][0] + joined[-1][2] == a and joined[-1][1] + joined[-1][2] == b:
            joined[-1] = (joined[-1][0], joined[-1][1], joined[-1][2] + size)
        else:
            joined.append((a, b, size))
    return joined
