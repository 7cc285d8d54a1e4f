"""Three-way merge of sequences (lines of a file, ids of entries). Pure, symmetric; must not know what items are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from hermes_fs.store.formats import runs
from hermes_fs.store.formats.alignment import aligned
from hermes_fs.store.formats.runs import Items, Join

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
    sides = _both(base, ours, theirs)
    hunks = sorted(sides[0] + sides[1], key=attrgetter("start", "end"))
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


def woven(base: Items, ours: Items, theirs: Items, join: Join = runs.singly) -> list[str]:
    """Gone is what either removed, there is what either added, by whatever removal it stands beside; `join` puts
    together what both added at one place. Nothing is left to be decided."""
    sides = _both(base, ours, theirs)
    gone = {place for hunks in sides for hunk in hunks for place in range(hunk.start, hunk.end)}
    added = [{hunk.start: hunk.items for hunk in hunks} for hunks in sides]
    merged: list[str] = []
    for place in range(len(base) + 1):
        one, other = (side.get(place, ()) for side in added)
        merged += join(one, other) if one and other else one or other
        merged += [base[place]] if place < len(base) and place not in gone else []
    return merged


def _both(base: Items, ours: Items, theirs: Items) -> tuple[list[_Hunk], list[_Hunk]]:
    one, other = _hunks(base, ours, 0), _hunks(base, theirs, 1)
    return _unheard(one, other), _unheard(other, one)


def _unheard(hunks: list[_Hunk], others: Sequence[_Hunk]) -> list[_Hunk]:
    """Without the insertions that the other side has within a change that begins or ends there: it was merged with
    them, or made the same and went on."""
    at: dict[int, list[Items]] = {}
    for other in others:
        if other.start < other.end:
            at.setdefault(other.start, []).append(other.items)
            at.setdefault(other.end, []).append(other.items)
    return [hunk for hunk in hunks if hunk.start < hunk.end or not _has(at.get(hunk.start, ()), hunk.items)]


def _has(longer: Sequence[Items], items: Items) -> bool:
    return any(items == run[: len(items)] or items == run[-len(items) :] for run in longer)


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
