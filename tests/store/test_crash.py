"""Whenever the process dies, the workspace holds the old or the new state, and says truthfully who wrote what."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Provenance
from tests.store.git_shell import make_workspace, opened, sh, status

PROJECT = Path(__file__).parents[2]
AGENT = Provenance("agent", "user")
_ONCE = ("door.locked", "door.pending", "door.judged", "door.placed", "door.placed:2", "index.locked", "index.done")
_OF_EACH_COMMIT = (
    "door.objects",
    "door.staged",
    "door.journal",
    "door.held",
    "door.durable",
    "door.renamed",
    "door.ref",
)
STEPS = (*_ONCE, *_OF_EACH_COMMIT, *(f"{step}:2" for step in _OF_EACH_COMMIT))
"""The first commit is a person's edit, the second the lesson."""


def start(root: Path, lessons: int, failpoint: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.crashing", str(root), str(lessons)],
        cwd=PROJECT,
        env={**os.environ, "HERMES_FAILPOINT": failpoint},
        stdout=subprocess.PIPE,
        text=True,
    )


def acknowledged(process: subprocess.Popen[str]) -> list[str]:
    """Ids of lessons that were acknowledged before the end."""
    out = process.communicate()[0]
    return [line for line in out.splitlines() if len(line) == 40]


def check(root: Path, acks: list[str]) -> None:
    """Opens the workspace as a next session would, and holds it against all that was promised."""
    opened(root).close()
    assert sh(root, "git", "fsck", "--strict", "--no-dangling") == ""
    history = sh(root, "git", "log", "--format=%H").split()
    assert set(acks) <= set(history)
    assert sh(root, "git", "log", "--merges", "--format=%H") == ""
    diff = sh(root, "git", "diff", "HEAD").splitlines()
    edited = [line for line in diff if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]
    assert all("AGENT" not in line for line in edited), edited  # a person's edit may be pending, nothing of the agent's
    if not edited:
        assert status(root) == ""
    assert_authors(root)
    assert list((root / ".git").glob("*.lock")) == []
    journal = root / ".git" / "hermes" / "journal"
    assert not journal.exists() or journal.stat().st_size == 0


def assert_authors(root: Path) -> None:
    for commit in sh(root, "git", "log", "--format=%H").split():
        author = sh(root, "git", "log", "-1", "--format=%an", commit).strip()
        changed = sh(root, "git", "show", "--format=", "--unified=0", commit).splitlines()
        added = [line for line in changed if line.startswith("+") and not line.startswith("+++")]
        if author != "Hermes":
            assert not any("AGENT" in line for line in added), (commit, added)
        else:
            assert not any("HUMAN" in line for line in added), (commit, added)


@pytest.mark.parametrize("step", ["door.journal", "door.held", "door.renamed"])
def test_a_process_that_goes_on_beside_one_that_was_killed_takes_nothing_unfinished_for_done(
    root: Path, step: str
) -> None:
    with opened(root) as beside:
        before = (root / "MEMORY.md").read_text()
        killed = start(root, 1, step)
        assert acknowledged(killed) == []
        assert killed.returncode == -signal.SIGKILL
        assert beside.settle()
        assert (root / "MEMORY.md").read_text() == before
        assert status(root) == ""


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_the_workspace_opens_in_the_old_or_the_new_state(root: Path, step: str) -> None:
    with (root / "MEMORY.md").open("a") as file:
        file.write("- HUMAN first\n")
    process = start(root, 3, step)
    acks = acknowledged(process)
    assert process.returncode == -signal.SIGKILL
    check(root, acks)
    memory = (root / "MEMORY.md").read_text()
    assert ("AGENT 0" in memory) == (root / "notes" / "a.md").exists()
    if not step.startswith("index."):  # the index follows in its own time
        assert ("AGENT 0" in memory) == (step == "door.ref:2")
    assert memory.startswith("- one\n- HUMAN first\n")
    again = start(root, 1)
    assert len(acknowledged(again)) == 1
    check(root, acks)


def test_a_crash_is_mended_by_a_process_that_was_open_all_the_time(root: Path) -> None:
    with opened(root) as workspace:
        process = start(root, 3, "door.renamed")
        acknowledged(process)
        assert "AGENT 0" in (root / "MEMORY.md").read_text()
        workspace.commit(Change({"notes/b.md": b"b\n"}, "note", "", AGENT))
        assert (root / "MEMORY.md").read_text() == "- one\n"
    check(root, [])


def test_a_file_that_a_person_edited_after_the_crash_keeps_their_edit(root: Path) -> None:
    acknowledged(start(root, 1, "door.renamed"))
    (root / "MEMORY.md").write_text("- HUMAN after the crash\n")
    opened(root).close()
    assert (root / "MEMORY.md").read_text() == "- HUMAN after the crash\n"
    assert not (root / "notes").exists()


def test_a_crash_after_the_ref_is_not_undone_when_the_person_went_on_with_git(root: Path) -> None:
    acknowledged(start(root, 1, "door.ref"))
    assert (
        "index.lock" in subprocess.run(["git", "commit", "-am", "x"], cwd=root, capture_output=True, text=True).stderr
    )
    (root / ".git" / "index.lock").unlink()
    (root / "SOUL.md").write_text("HUMAN\n")
    sh(root, "git", "add", "-A")
    sh(root, "git", "commit", "-qm", "mine")
    check(root, [])
    assert "AGENT 0" in (root / "MEMORY.md").read_text()


def test_a_torn_line_of_the_journal_never_took_effect(root: Path) -> None:
    acknowledged(start(root, 1, "door.ref"))
    journal = root / ".git" / "hermes" / "journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole[: len(whole) // 2])
    check(root, [])
    journal.write_bytes(b"\0" * 100 + b"\n{}\n[]\n")
    check(root, [])


def random_kills(root: Path, count: int) -> None:
    chance = random.Random(count)
    acks: list[str] = []
    for number in range(count):
        process = start(root, 10_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.0, 0.12))
        if number == count - 1:  # however busy the machine is, one was acknowledged
            acks.append(process.stdout.readline().strip())
        process.kill()
        acks += acknowledged(process)
        opened(root).close()
    check(root, acks)
    assert acks


def test_killed_at_random_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    random_kills(make_workspace(tmp_path / "mind"), 15)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_random_many_times_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    for turn in range(8):
        random_kills(make_workspace(tmp_path / f"mind{turn}"), 25)


def test_after_a_loss_of_power_the_files_of_a_lesson_that_happened_are_put_in_place(root: Path) -> None:
    acknowledged(start(root, 1, "door.ref:1"))
    journal = root / ".git" / "hermes" / "journal"
    (root / "MEMORY.md").write_text("- one\n")  # as if the disk had lost the rename
    before = journal.read_bytes()
    opened(root).close()
    assert (root / "MEMORY.md").read_text() == "- one\n"  # the machine ran on: a person put it back
    journal.write_bytes(before.replace(b'"boot": "', b'"boot": "another-'))
    opened(root).close()
    assert "AGENT 0" in (root / "MEMORY.md").read_text()
    check(root, [])
