"""Taking back, blame and bisect where several machines taught one mind, and their histories were joined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hermes_fs.core.errors import NotFound
from hermes_fs.core.types import Commit
from hermes_fs.store import bisecting, blame, choosing, history, taking_back
from hermes_fs.store.bisecting import Answer, Tried
from hermes_fs.store.choosing import Chosen
from hermes_fs.store.formats import entries
from tests.store.clones import OWNER, Clone, clones

pytestmark = pytest.mark.slow


def remember(one: Clone, text: str) -> Commit:
    return one.learn("MEMORY.md", entries.add(one.text("MEMORY.md"), text).text, "memory")


def known(one: Clone) -> set[str]:
    return {entry.text for entry in entries.entries(one.text("MEMORY.md"))}


def taught(a: Clone, b: Clone, rounds: int) -> dict[str, Commit]:
    """Both teach at the same time and are joined, again and again."""
    done = {}
    for number in range(rounds):
        for one, name in ((a, "a"), (b, "b")):
            done[f"fact {name}{number}"] = remember(one, f"fact {name}{number}")
        for one in (a, b, a):
            one.sync()
    assert a.tree == b.tree
    return done


def test_blame_names_the_lesson_of_each_side_and_never_a_merge(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        done = taught(a, b, 3)
        assert len(history.these(a.mind.git, [a.mind.head()])[0].parents) == 2
        rows = {row.text: row.lesson.commit for row in blame.blame(a.mind.git, "MEMORY.md")}
        assert {text: commit.id for text, commit in done.items()} == {text: rows[text] for text in done}


def test_all_since_a_date_is_taken_back_over_merges_and_reaches_the_other_machine(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        before = known(a)
        done = taught(a, b, 3)
        [one] = choosing.choose(a.mind.git, Chosen(ids=[done["fact b1"].id]))
        taking_back.revert(a.mind, [one], "", OWNER)
        assert known(a) == before | set(done) - {"fact b1"}
        chosen = choosing.choose(a.mind.git, Chosen(since=datetime.now(UTC) - timedelta(hours=1)))
        assert all(len(lesson.parents) == 1 for lesson in chosen)
        taking_back.revert(a.mind, chosen, "", OWNER)
        assert known(a) == before
        for each in (a, b):
            each.sync()
        assert known(b) == before and b.is_clean()
        assert all(history.find(b.mind.git, commit.id).reverted_by for commit in done.values())


def test_both_take_back_the_same_and_it_stays_taken_back(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        done = taught(a, b, 1)
        for one in (a, b):
            lesson = history.find(one.mind.git, done["fact a0"].id)
            taking_back.revert(one.mind, [lesson], "", OWNER)
        for one in (a, b, a):
            one.sync()
        assert "fact a0" not in known(a) == known(b) and "fact b0" in known(a)
        assert history.find(a.mind.git, done["fact a0"].id).reverted_by


def test_a_lesson_of_the_other_machine_is_found_by_halving(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        start = a.mind.head()
        done = taught(a, b, 8)
        git = a.mind.git
        of = bisecting.span(git, [start], a.mind.head())

        def probe(commit: str) -> Answer:
            text = git.read_blob(git.blob_at(commit, "MEMORY.md")).decode()
            return Answer("bad" if "fact b5" in text else "good")

        tried = Tried(of.goods, of.bad)
        bisecting.search(of, probe, lambda *_: None, tried)
        assert tried.suspects == (done["fact b5"].id,)
        assert tried.steps <= bisecting.expected(len(of.commits)) + 1


class Ahead:
    """A clock that goes a day ahead."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=1)

    def monotonic(self) -> float:
        return 0.0


def test_marks_hold_where_the_clocks_of_the_machines_differ(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.mind.clock = Ahead()
        taught_ahead = remember(a, "from tomorrow")
        for one in (a, b):
            one.sync()
        taking_back.revert(b.mind, [history.find(b.mind.git, taught_ahead.id)], "", OWNER)
        later = remember(a, "from tomorrow, too")
        for one in (b, a, b):
            one.sync()
        assert history.find(b.mind.git, taught_ahead.id).reverted_by
        assert taking_back.last_standing(b.mind).commit == later.id
        taking_back.revert(b.mind, [taking_back.last_standing(b.mind)], "", OWNER)
        with pytest.raises(NotFound):  # what stands no more is not taken back once more
            choosing.choose(b.mind.git, Chosen(since=datetime.now(UTC) + timedelta(hours=12)))
