"""Where more rows fit than are ranked, what holds more of the question still comes first, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hermes_fs.store.index import Index
from hermes_fs.store.searching import BUDGET
from tests.store.index_world import header, make_root, open_index, said, transcript_path, write

MANY = 9_000
_WORDS = ("amber", "birch", "cedar", "dogwood", "elder")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Five words, each in 900 rows of its own; an old row holds two of them, another three; all rows hold `the`."""
    root = make_root(tmp_path_factory.mktemp("large") / "mind")
    lines = said("old-two", "amber over cedar") + said("old-three", "the elder on a birch by the dogwood")
    for number in range(MANY):
        word = _WORDS[number % 10] if number % 10 < len(_WORDS) else "filler"
        lines += said(f"m{number}", f"the {word} number {number} alone{number % 700}")
    lines += said("newest", "the lighthouse keeper")
    write(transcript_path(root, "s1"), header("s1") + lines)
    write(root / "notes" / "trees.md", "# Trees\n\namber\n")
    index = open_index(root)
    index.refresh()
    yield index
    index.close()


def found(index: Index, query: str) -> list[str]:
    return [hit.anchor for hit in index.search(query)]


def test_the_words_fill_more_rows_than_are_ranked(index: Index) -> None:
    assert sum(MANY // 10 for _ in _WORDS) > BUDGET


def test_old_rows_that_hold_several_of_the_words_come_before_new_ones_that_hold_one(index: Index) -> None:
    assert found(index, "amber birch cedar dogwood elder")[0] == "old-three"
    assert "old-two" in found(index, "amber birch cedar dogwood elder")


def test_rows_that_hold_one_of_the_words_fill_what_is_left(index: Index) -> None:
    assert len(found(index, "amber birch cedar dogwood elder")) > 2


@pytest.mark.parametrize(
    ("query", "anchors"),
    [
        ('"the lighthouse"', ["newest"]),
        ('"elder on a birch"', ["old-three"]),
        ("lighthou", ["newest"]),
        ("amber kind:note", ["Trees"]),
        ("amber birch cedar dogwood elder kind:note", ["Trees"]),
        ("amber birch cedar since:2030-01-01", []),
    ],
)
def test_phrases_beginnings_and_filters_find_the_one_row_that_fits(
    index: Index, query: str, anchors: list[str]
) -> None:
    assert found(index, query) == anchors


def test_a_beginning_that_half_the_rows_hold_still_finds(index: Index) -> None:
    assert found(index, "alon") != []
    assert found(index, "numbe") != []
