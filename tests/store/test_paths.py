"""Where things of the mind lie: whatever a topic is called, its note is one file, and a path that the door takes."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hermes_fs.store.paths import check_path, kind_of, note_of


@pytest.mark.parametrize(
    ("topic", "path"),
    [
        ("Deploys", "notes/deploys.md"),
        ("notes/deploys.md", "notes/deploys.md"),
        ("Reisen/São Paulo", "notes/reisen/são-paulo.md"),
        ("旅行", "notes/旅行.md"),
        ("../../etc/passwd", "notes/etc/passwd.md"),
        (" -- / ", ""),
        ("", ""),
    ],
)
def test_a_topic_in_words_is_a_path(topic: str, path: str) -> None:
    assert note_of(topic) == path


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
@example("メモリの使い方について" * 20)
@example("a/" * 500)
@example("İ" * 100)
@example("half \ud800 a character")
def test_every_topic_has_one_note_that_the_door_takes(topic: str) -> None:
    path = note_of(topic)
    if path:
        check_path(path)
        assert kind_of(path) == "note"
        assert note_of(path) == path
