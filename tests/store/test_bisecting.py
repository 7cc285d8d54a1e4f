"""Halving finds the lesson that broke it, in as few steps as there can be, whatever the shape of history is."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from hermes_fs.core.errors import Failed, Refused, UsageError
from hermes_fs.store import bisecting
from hermes_fs.store.bisecting import Answer, Span, Tried
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import sh


def line(length: int) -> Span:
    commits = tuple(str(place) for place in range(length))
    parents = {one: (str(int(one) - 1),) if int(one) else () for one in commits}
    return Span(("start",), commits[-1], commits, parents)


def tried(of: Span, is_bad: Callable[[str], bool], skipped: frozenset[str] = frozenset()) -> tuple[Tried, list[str]]:
    asked: list[str] = []

    def probe(commit: str) -> Answer:
        asked.append(commit)
        return Answer("skip" if commit in skipped else "bad" if is_bad(commit) else "good")

    found = Tried(of.goods, of.bad)
    bisecting.search(of, probe, lambda *_: None, found)
    return found, asked


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9, 200, 257])
def test_any_lesson_of_a_line_is_found_in_as_few_steps_as_there_can_be(length: int) -> None:
    of = line(length)
    for bad in range(length):
        found, asked = tried(of, lambda one, bad=bad: one != "start" and int(one) >= bad)  # type: ignore[misc]
        assert found.suspects == (str(bad),) and not found.wavering
        assert found.steps <= math.ceil(math.log2(length)) <= bisecting.expected(length)
        assert len(asked) == found.steps + found.checks <= math.ceil(math.log2(length)) + 4


def test_a_planted_lesson_among_200_takes_at_most_9_tries_before_the_result_is_looked_at_again() -> None:
    for bad in range(200):
        found, _ = tried(line(200), lambda one, bad=bad: one != "start" and int(one) >= bad)  # type: ignore[misc]
        looked_again = 2
        assert found.steps + found.checks - looked_again <= 9


@pytest.mark.parametrize("seed", range(8))
def test_in_a_graph_of_merges_the_first_bad_lesson_is_found(seed: int) -> None:
    dice = random.Random(seed)
    commits = [str(place) for place in range(80)]
    parents: dict[str, tuple[str, ...]] = {"0": ()}
    for place in range(1, 80):
        back = [str(dice.randrange(max(0, place - 6), place)) for _ in range(2)]
        parents[str(place)] = tuple(dict.fromkeys(back if dice.random() < 0.4 else back[:1]))
    from_: dict[str, set[str]] = {}
    for one in commits:
        from_[one] = {one}.union(*(from_[parent] for parent in parents[one]))
    of = Span(("start",), "79", tuple(commits), parents)
    culprit = dice.choice(sorted(from_["79"]))
    found, _ = tried(of, lambda one: culprit in from_.get(one, ()))
    assert found.suspects == (culprit,)
    assert found.steps <= 2 * math.log2(80)


def test_what_cannot_be_tried_is_gone_around_and_named_where_it_may_be_the_one() -> None:
    found, _ = tried(line(50), lambda one: one != "start" and int(one) >= 30, frozenset({"25", "24", "10"}))
    assert found.suspects == ("30",)
    found, _ = tried(line(50), lambda one: one != "start" and int(one) >= 30, frozenset({"29", "30"}))
    assert found.suspects == ("29", "30", "31")


def test_ends_that_are_not_as_they_were_said_end_the_search_early() -> None:
    with pytest.raises(Failed, match="bad end, is good"):
        tried(line(200), lambda one: False)
    with pytest.raises(Failed, match="good end, is bad"):
        tried(line(200), lambda one: True)
    asked = []

    def missing(commit: str) -> Answer:
        asked.append(commit)
        return Answer("bad", "exit 127")

    with pytest.raises(Failed, match="good end"):
        bisecting.search(line(200), missing, lambda *_: None, Tried(("start",), "199"))
    assert len(asked) == 2


def test_an_answer_that_wavers_is_noticed() -> None:
    seen: dict[str, int] = {}

    def probe(commit: str) -> Answer:
        seen[commit] = seen.get(commit, 0) + 1
        bad = commit != "start" and int(commit) >= 30
        return Answer("good" if bad and commit == "30" and seen[commit] > 1 else "bad" if bad else "good")

    found = Tried(("start",), "199")
    bisecting.search(line(200), probe, lambda *_: None, found)
    assert found.suspects == ("30",) and found.wavering == ("30",)


def test_an_interrupted_search_knows_how_far_it_came() -> None:
    left = 4

    def probe(commit: str) -> Answer:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        return Answer("bad" if commit != "start" and int(commit) >= 30 else "good")

    found = Tried(("start",), "199")
    with pytest.raises(KeyboardInterrupt):
        bisecting.search(line(200), probe, lambda *_: None, found)
    assert (found.goods, found.bad) == (("start",), "49")
    again, _ = tried(line(50), lambda one: one != "start" and int(one) >= 30)
    assert again.suspects == ("30",)


def test_the_span_holds_lessons_of_both_sides_of_a_merge_or_those_of_one_path(workspace: Workspace) -> None:
    root, start = workspace.root, workspace.head()
    for name in ("ours", "theirs"):
        sh(root, "git", "switch", "-qc", name, start)
        (root / f"{name}.md").write_text("x\n")
        sh(root, "git", "add", f"{name}.md")
        sh(root, "git", "commit", "-qm", name)
    sh(root, "git", "switch", "-q", "main")
    sh(root, "git", "merge", "-q", "--no-ff", "--no-edit", "ours", "-m", "one")
    sh(root, "git", "merge", "-q", "--no-edit", "theirs", "-m", "two")
    of = bisecting.span(workspace.git, [start], workspace.head())
    assert len(of.commits) == 4 and of.commits[-1] == of.bad and len(of.parents[of.bad]) == 2
    only = bisecting.span(workspace.git, [start], workspace.head(), ["theirs.md"])
    assert len(only.commits) == 1 and only.bad == only.commits[0] != workspace.head()
    with pytest.raises(UsageError, match="not older"):
        bisecting.span(workspace.git, [workspace.head()], start)
    with pytest.raises(Refused):
        bisecting.span(workspace.git, [start], start)
