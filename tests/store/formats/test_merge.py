"""Merges of every format, thousands at random: the same from both sides, readable, and nothing lost in silence."""

from __future__ import annotations

import random

import pytest

from hermes_fs.testing import edits
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


@pytest.mark.slow
@pytest.mark.parametrize("path", edits.PATHS)
def test_thousands_of_random_merges_of_every_format_are_right(path: str) -> None:
    assert failed(path, range(QUICK, MANY)) == []
