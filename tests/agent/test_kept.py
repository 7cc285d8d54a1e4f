"""What background work kept is told in one wording."""

from __future__ import annotations

from datetime import UTC, datetime

from hermes_fs.agent import kept
from hermes_fs.core.events import Learned, Proposed
from hermes_fs.core.people import Observed
from hermes_fs.core.types import Commit

COMMIT = Commit("0123456789abcdef", "01ABC", "note deploys: add", datetime(2026, 1, 31, tzinfo=UTC))
WAITS = Proposed("p1", "note deploys: add", "it came from a page")


def test_each_lesson_has_a_line_and_what_waits_has_one() -> None:
    learned = "learned: note deploys: add · hermes show 01234567"
    assert list(kept.lines([COMMIT, WAITS, Learned(COMMIT), WAITS])) == [
        learned,
        learned,
        "2 lessons await you: /review",
    ]
    assert list(kept.lines([WAITS])) == ["1 lesson awaits you: /review"]


def test_what_was_learned_about_the_person_is_said_and_nothing_where_nothing_was() -> None:
    seen = [Observed(("add [x] tea",), lesson="0123456789"), Observed(("add [y] rye",), proposal="p1"), Observed()]
    about = "learned about you: add [x] tea · hermes show 01234567"
    assert list(kept.lines(seen)) == [about, "1 lesson awaits you: /review"]
