"""Merges of every format, thousands at random: the same from both sides, readable, and nothing lost in silence."""

from __future__ import annotations

import random

import pytest

from hermes_fs.store.formats.registry import format_of
from hermes_fs.testing import edits
from hermes_fs.testing.pen import words
from tests.store.formats.merging import failings

QUICK, MANY = 8, 240


def failed(path: str, numbers: range) -> list[str]:
    """What went wrong with so many random worlds, each by the seed that makes it again."""
    found = []
    for number in numbers:
        for hostile in (False, True):
            seed = f"{path} {number} {hostile}"
            base, one, other = edits.versions(path, random.Random(seed), hostile=hostile)
            found += [f"{seed}: {line}" for line in failings(path, base, one, other)]
    return found


@pytest.mark.parametrize("path", edits.PATHS)
def test_a_few_random_merges_of_every_format_are_right(path: str) -> None:
    assert failed(path, range(QUICK)) == []


def parted(path: str, numbers: range) -> list[str]:
    """Worlds of three machines without a conflict whose files hold other words, by which two met first."""
    kind, found = format_of(path), []
    for number in numbers:
        base, *sides = edits.versions(path, random.Random(f"{path} {number}"), 3)
        ends = set()
        clean = True
        for last in range(3):
            first = kind.merge(base, *(side for place, side in enumerate(sides) if place != last))
            whole = kind.merge(base, first.content, sides[last])
            clean = clean and not first.conflicts and not whole.conflicts
            ends.add(frozenset(words(whole.content)))
        if clean and len(ends) > 1:
            found.append(f"{path} {number}")
    return found


@pytest.mark.parametrize("path", edits.PATHS)
def test_three_machines_come_to_the_same_whichever_two_meet_first(path: str) -> None:
    assert parted(path, range(4)) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", edits.PATHS)
def test_three_machines_come_to_the_same_in_many_worlds(path: str) -> None:
    assert parted(path, range(4, 60)) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", edits.PATHS)
def test_thousands_of_random_merges_of_every_format_are_right(path: str) -> None:
    assert failed(path, range(QUICK, MANY)) == []
