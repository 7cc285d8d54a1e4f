"""Three-way merge of sequences (lines of a file, ids of entries). Pure, symmetric; must not know what items are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from hermes_fs.store.formats.alignment import aligned

Items = Sequence[str]
Resolve = Callable[[Items, Items, Items], Items]
"""Decides where both sides changed one place differently: (base, one side, other side) → items. The sides come in an
order that depends on their content alone, which is what makes a merge symmetric."""


@dataclass(frozen=True, slots=True)
class _Hunk:
    """`base[start:end]` became `items` on one side."""

    start: int
    end: int
    items: Items
    side: int


def merge(base: Items, ours: Items, theirs: Items, resolve: Resolve) -> list[str]:
    """Both sides' changes applied to the base; what overlaps, and insertions at one place, reach `resolve`."""
    hunks = sorted(_hunks(base, ours, 0) + _hunks(base, theirs, 1), key=attrgetter("start", "end"))
    merged: list[str] = []
    place = 0
    done = 0
    while done < len(hunks):
        group = _overlapping(hunks, done)
        done += len(group)
        start, end = group[0].start, max(hunk.end for hunk in group)
        merged.extend(base[place:start])
        merged.extend(_decide(base, start, end, group, resolve))
        place = end
    merged.extend(base[place:])
    return merged


def common(first: Items, second: Items) -> list[str]:
    """What both hold, in order; a base for two files that have none. Symmetric."""
    low, high = sorted((list(first), list(second)))
    return [item for start, _, size in aligned(low, high) for item in low[start : start + size]]


def union(base: Items, one: Items, other: Items) -> list[str]:
    """A `Resolve` that loses nothing: what both kept, and what either added; gone is only what either removed."""
    removed = Counter(base) - (Counter(base) & Counter(one) & Counter(other))
    wanted = (Counter(base) | Counter(one) | Counter(other)) - removed
    kept: list[str] = []
    for item in [*one, *other]:
        if wanted[item] > 0:
            wanted[item] -= 1
            kept.append(item)
    return kept


def _hunks(base: Items, side: Items, number: int) -> list[_Hunk]:
    hunks: list[_Hunk] = []
    place = other = 0
    for start, there, size in [*aligned(base, side), (len(base), len(side), 0)]:
        if place < start or other < there:
            hunks.append(_Hunk(place, start, side[other:there], number))
        place, other = start + size, there + size
    return hunks


def _overlapping(hunks: Sequence[_Hunk], first: int) -> list[_Hunk]:
    """That hunk and those after it that touch the same items of the base, or insert at the same place."""
    group = [hunks[first]]
    end = hunks[first].end
    for place in range(first + 1, len(hunks)):
        hunk = hunks[place]
        same_place = hunk.start == hunk.end == group[0].start == end
        if hunk.start >= end and not same_place:
            break
        group.append(hunk)
        end = max(end, hunk.end)
    return group


def _decide(base: Items, start: int, end: int, group: Sequence[_Hunk], resolve: Resolve) -> Items:
    before = list(base[start:end])
    sides = [_applied(before, start, [hunk for hunk in group if hunk.side == side]) for side in (0, 1)]
    ours, theirs = sides
    if ours == theirs or theirs == before:
        return ours
    if ours == before:
        return theirs
    return resolve(before, *sorted(sides))


def _applied(before: list[str], start: int, hunks: Sequence[_Hunk]) -> list[str]:
    after = list(before)
    for hunk in reversed(hunks):
        after[hunk.start - start : hunk.end - start] = hunk.items
    return after
