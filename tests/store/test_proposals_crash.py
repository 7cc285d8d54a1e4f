"""Whenever the process dies, a proposal waits, or was decided on, and once only; two at once decide once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.core.types import Change
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace
from tests.store.deciding import WEB
from tests.store.git_shell import sh, status

PROJECT = Path(__file__).parents[2]
_DOOR = ("door.locked", "door.judged")
_COMMIT = ("door.objects", "door.staged", "door.journal", "door.held", "door.durable", "door.renamed")


def start(root: Path, *words: str, failpoint: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.deciding", str(root), *words]
    env = {**os.environ, "HERMES_FAILPOINT": failpoint}
    return subprocess.Popen(command, cwd=PROJECT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def killed(root: Path, *words: str, failpoint: str) -> None:
    process = start(root, *words, failpoint=failpoint)
    process.communicate("\n", timeout=60)
    assert process.returncode == -signal.SIGKILL


def waiting(root: Path) -> list[str]:
    with Workspace.open(root) as workspace:
        return [one.id for one in Review(workspace).waiting()]


def propose(root: Path) -> str:
    with Workspace.open(root) as workspace:
        return Proposals(workspace).submit(Change({"notes/a.md": b"AGENT\n"}, "note", "why", WEB)).id


def lessons(root: Path) -> int:
    return len(sh(root, "git", "log", "--format=%H", "--", "notes/a.md").split())


def whole(root: Path) -> None:
    """Nothing is half done, and no agent's bytes are anybody's edit."""
    with Workspace.open(root) as workspace:
        workspace.settle()
        assert workspace.commit_pending() == []
    assert status(root) == ""
    assert sh(root, "git", "fsck", "--strict", "--no-dangling") == ""
    assert list((root / ".git").glob("*.lock")) == []


@pytest.mark.parametrize("step", [*_DOOR, "propose.objects", "propose.ledger", "propose.ref"])
def test_killed_while_it_proposes(root: Path, step: str) -> None:
    killed(root, "propose", failpoint=step)
    assert len(waiting(root)) == (step == "propose.ref")
    again = propose(root)
    assert waiting(root) == [again]
    whole(root)
    assert lessons(root) == 0


@pytest.mark.parametrize("step", [*_DOOR, "propose.objects", "propose.ledger", "propose.ref"])
def test_killed_while_it_goes_on_from_a_proposal(root: Path, step: str) -> None:
    first = propose(root)
    killed(root, "amend", failpoint=step)
    with Workspace.open(root) as workspace:
        [one] = Review(workspace).waiting()
        assert one.id == first and not one.foreign
        said = Proposals(workspace).read("notes/a.md", "s1").text
    assert said == ("AGENT\nMORE\n" if step == "propose.ref" else "AGENT\n")
    assert start(root, "amend").wait(60) == 0
    assert waiting(root) == [first]
    whole(root)


@pytest.mark.parametrize("step", [*_DOOR, *_COMMIT, "door.ref", "review.committed", "review.dropped"])
def test_killed_while_it_is_accepted(root: Path, step: str) -> None:
    made = propose(root)
    killed(root, "accept", made, failpoint=step)
    on_main = step in ("door.ref", "review.committed", "review.dropped")
    assert waiting(root) == ([] if on_main else [made])
    whole(root)
    assert lessons(root) == on_main
    if not on_main:
        with Workspace.open(root) as workspace:
            Review(workspace).accept(made, "owner")
    assert lessons(root) == 1
    assert (root / "notes/a.md").read_text() == "AGENT\n"
    assert sh(root, "git", "for-each-ref", "refs/hermes") == ""


def test_accepted_before_a_crash_is_not_accepted_again_whatever_was_learned_since(root: Path) -> None:
    made = propose(root)
    killed(root, "accept", made, failpoint="review.committed")
    with Workspace.open(root) as workspace:
        workspace.commit(Change({"notes/a.md": b"by hand\n"}, "note", "", WEB.__class__("owner", "user")))
        lesson = Review(workspace).accept(made, "owner")
        assert lesson.subject == "note a: add"
    assert (root / "notes/a.md").read_text() == "by hand\n"
    assert waiting(root) == []


@pytest.mark.parametrize("step", ["review.said", "review.kept"])
def test_killed_while_it_is_rejected(root: Path, step: str) -> None:
    made = propose(root)
    killed(root, "reject", made, failpoint=step)
    with Workspace.open(root) as workspace:
        for one in Review(workspace).waiting():
            Review(workspace).reject(one.id, "owner")
        assert [one.id for one in Review(workspace).put_away()] == [made]
    assert waiting(root) == []
    whole(root)


@pytest.mark.parametrize(("first", "second"), [("accept", "accept"), ("accept", "reject"), ("reject", "reject")])
def test_two_that_decide_at_once_decide_once(root: Path, first: str, second: str) -> None:
    made = propose(root)
    both = [start(root, first, made), start(root, second, made)]
    for process in both:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].split(" ")[0] for process in both]
    assert waiting(root) == []
    whole(root)
    if (first, second) == ("accept", "accept"):
        assert sorted(word.strip() for word in said) == ["NotFound", "done"]
        assert lessons(root) == 1
    else:
        assert lessons(root) <= 1
