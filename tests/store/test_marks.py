from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.store import marks


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("We deployed it. Deploying deploys.", ["deploy"], ["deployed", "Deploying", "deploys"]),
        ("Tom keeps a tomcat", ["tom"], ["Tom"]),
        ("to be or not to bees", ["be"], ["be"]),
        ("在数据库服务器上", ["数据", "据库"], ["数据库"]),
        ("Café cafe", ["cafe"], ["Café", "cafe"]),
        ("unbelievable", ["liev"], ["liev"]),
        ("nothing of it", ["else"], []),
    ],
)
def test_words_are_marked_with_their_endings(text: str, words: list[str], marked: list[str]) -> None:
    assert [text[start:end] for start, end in marks.spans(text, words)] == marked


@given(st.text(), st.lists(st.text(min_size=1), max_size=4))
def test_spans_are_in_order_apart_and_inside(text: str, words: list[str]) -> None:
    edges = [edge for span in marks.spans(text, words) for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
    assert 0 <= marks.first(text, words) <= len(text)
