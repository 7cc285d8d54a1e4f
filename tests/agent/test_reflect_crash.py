"""Whenever a look back is killed, it is finished at the next start and keeps nothing twice; two at once do it once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.store import history
from tests.agent.reflecting import world
from tests.store.git_shell import sh, status

PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def start(root: Path, failpoint: str = "") -> subprocess.Popen[str]:
    env = {**os.environ, "HERMES_FAILPOINT": failpoint}
    command = [sys.executable, "-m", "tests.agent.reflecting", str(root)]
    return subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True)


def prepared(root: Path, sessions: int = 1) -> None:
    with world(root) as mind:
        for _ in range(sessions):
            mind.record()
            mind.add("an error overcome")


def kept(root: Path) -> list[tuple[str, ...]]:
    with world(root) as mind:
        assert mind.errands.waiting() == []
        return [one.files for one in history.log(mind.workspace.git) if one.trailers.get("Trigger") == "reflection"]


@pytest.mark.parametrize(
    "point",
    ["errand.begun", "door.locked", "door.journal", "door.renamed", "door.ref", "errand.acknowledged"],
)
def test_killed_in_the_middle_it_is_finished_and_nothing_is_kept_twice(tmp_path: Path, point: str) -> None:
    root = tmp_path / "mind"
    prepared(root)
    killed = start(root, point)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with world(root) as mind:
        assert len(mind.errands.waiting()) == 1
    again = start(root)
    assert again.communicate(timeout=60)[0] == "done\n"
    assert kept(root) == [("skills/run-its-tests/SKILL.md",)]
    assert status(root) == ""
    assert sh(root, "git", "fsck", "--strict", "--no-dangling") == ""


def test_two_at_once_do_each_errand_once(tmp_path: Path) -> None:
    root = tmp_path / "mind"
    prepared(root)
    racing = [start(root) for _ in range(3)]
    said = [one.communicate(timeout=60)[0] for one in racing]
    assert [one.returncode for one in racing] == [0, 0, 0]
    assert sorted(said) == ["", "", "done\n"]
    assert kept(root) == [("skills/run-its-tests/SKILL.md",)]
