"""`hermes trust` as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, git


def hermes(cwd: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hermes_fs", *argv]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=env, input="", capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A workspace with a skill that brings a script, from another machine."""
    assert hermes(tmp_path, "init", "there").returncode == 0
    scripts = tmp_path / "there/skills/deploy/scripts"
    scripts.mkdir(parents=True)
    (scripts.parent / "SKILL.md").write_text("---\nname: deploy\ndescription: Deploys.\n---\n# Deploy\n")
    (scripts / "run.sh").write_text("echo \x1b[2J deployed\n")
    git(tmp_path / "there", "add", "-A")
    git(tmp_path / "there", "commit", "-qm", "a skill")
    done = hermes(tmp_path, "init", "here", "--from", "there")
    assert done.returncode == 0, done.stderr
    assert "skill:deploy" in done.stdout and "stay off" in done.stdout
    return tmp_path / "here"


def test_it_is_shown_whole_accepted_by_name_and_taken_back(clone: Path) -> None:
    listed = hermes(clone, "trust", "list").stdout
    assert "brings programs: scripts/run.sh" in listed
    shown = hermes(clone, "trust", "show", "skill:deploy").stdout
    assert "deployed" in shown and "\x1b" not in shown
    assert hermes(clone, "trust", "accept", "skill:deploy").returncode == 4
    assert hermes(clone, "trust", "accept", "skill:deploy@0000", "--yes").returncode == 5
    assert hermes(clone, "trust", "accept", "deploy", "--yes").returncode == 0
    assert "skill:deploy" not in hermes(clone, "trust", "list").stdout
    rows = json.loads(hermes(clone, "trust", "list", "--all", "--json").stdout)
    assert {row["name"]: row["trusted"] for row in rows}["skill:deploy"] is True
    assert hermes(clone, "trust", "revoke", "deploy").returncode == 0
    assert "skill:deploy" in hermes(clone, "trust", "list").stdout


def test_all_at_once(clone: Path) -> None:
    assert hermes(clone, "trust", "accept").returncode == 2
    assert hermes(clone, "trust", "accept", "--all", "--yes").returncode == 0
    assert "Nothing waits" in hermes(clone, "trust", "list").stdout


def test_a_clone_of_ones_own_is_trusted_in_one_word(clone: Path, tmp_path: Path) -> None:
    done = hermes(tmp_path, "init", "third", "--from", "there", "--trust")
    assert "Trusted, as they are now" in done.stdout
    assert "Nothing waits" in hermes(tmp_path / "third", "trust", "list").stdout


def test_what_is_not_there_is_said(clone: Path) -> None:
    assert hermes(clone, "trust", "show", "skill:nothing").returncode == 5
