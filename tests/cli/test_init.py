"""`hermes init` as a person types it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, git


def init(cwd: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hermes_fs", "init", *argv]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=env, input="", capture_output=True, text=True, timeout=60, check=False)


def test_without_a_path_it_is_made_in_the_home_folder(tmp_path: Path, home: Path) -> None:
    done = init(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(home / "hermes") in done.stdout
    assert git(home / "hermes", "status", "--porcelain") == ""
    assert git(home / "hermes", "rev-list", "--count", "main") == "1\n"


def test_a_second_time_changes_nothing_and_says_so(tmp_path: Path) -> None:
    init(tmp_path, "mind")
    head = git(tmp_path / "mind", "rev-parse", "main")
    done = init(tmp_path, "mind")
    assert done.returncode == 0
    assert "already" in done.stdout
    assert git(tmp_path / "mind", "rev-parse", "main") == head


def test_a_code_repository_is_refused_with_what_to_do_instead(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "code")
    (tmp_path / "code" / "a.py").write_text("x = 1\n")
    git(tmp_path / "code", "add", "-A")
    git(tmp_path / "code", "commit", "-qm", "x")
    done = init(tmp_path, "code")
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert "hermes init" in done.stderr
    assert git(tmp_path / "code", "status", "--porcelain") == ""


def old_folder(tmp_path: Path) -> Path:
    root = tmp_path / "old"
    (root / "skills" / "x" / "scripts").mkdir(parents=True)
    (root / "MEMORY.md").write_text("- remember me\n")
    (root / "skills" / "x" / "SKILL.md").write_text("---\nname: x\ndescription: y\n---\n")
    script = root / "skills" / "x" / "scripts" / "run.sh"
    script.write_text("echo hello\n")
    script.chmod(0o755)
    return root


def test_memories_are_shown_before_they_are_adopted(tmp_path: Path) -> None:
    root = old_folder(tmp_path)
    done = init(tmp_path, "old")
    assert done.returncode == 4
    assert "skills/x/SKILL.md" in done.stdout
    assert not (root / ".git").exists()
    done = init(tmp_path, "old", "--yes")
    assert done.returncode == 0
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "rev-list", "--count", "main") == "1\n"
    assert git(root, "ls-files", "-s", "skills/x/scripts/run.sh").startswith("100755")


def test_a_person_at_a_terminal_is_asked(tmp_path: Path) -> None:
    root = old_folder(tmp_path)
    for answer, made in (("n", False), ("y", True)):
        ours, theirs = pty.openpty()
        os.write(ours, f"{answer}\n".encode())
        command = [sys.executable, "-m", "hermes_fs", "init", str(root)]
        subprocess.run(command, cwd=ROOT, stdin=theirs, capture_output=True, timeout=60, check=False)
        os.close(ours)
        os.close(theirs)
        assert (root / ".hermes-workspace").exists() is made


def test_a_workspace_is_brought_from_another_folder_and_keeps_nothing_of_that_machine(tmp_path: Path) -> None:
    init(tmp_path, "there")
    (tmp_path / "there" / "notes").mkdir(exist_ok=True)
    (tmp_path / "there" / "notes" / "a.md").write_text("brought\n")
    git(tmp_path / "there", "add", "-A")
    git(tmp_path / "there", "commit", "-qm", "a note")
    done = init(tmp_path, "here", "--from", str(tmp_path / "there"))
    assert (done.returncode, done.stderr) == (0, "")
    here = tmp_path / "here"
    assert (here / "notes" / "a.md").read_text() == "brought\n"
    assert git(here, "rev-parse", "main") == git(tmp_path / "there", "rev-parse", "main")
    assert git(here, "status", "--porcelain") == ""
    refspecs = git(here, "config", "--get-all", "remote.origin.fetch").split()
    assert refspecs == [
        "+refs/heads/*:refs/remotes/origin/*",
        "refs/hermes/sessions/*:refs/hermes/sessions/*",
        "refs/hermes/proposals/*:refs/hermes/proposals/*",
    ]
    hosts = [json.loads((tmp_path / name / ".git/hermes/host").read_text())["host"] for name in ("here", "there")]
    assert hosts[0] != hosts[1]
    assert not (here / ".git" / "hooks").exists()


@pytest.mark.parametrize("url", ["ext::sh -c 'touch ran'", "--upload-pack=touch ran", "fd::17"])
def test_an_address_that_could_run_something_is_a_usage_error(tmp_path: Path, url: str) -> None:
    for option in ("--from", "--remote"):
        done = init(tmp_path, "here", f"{option}={url}")
        assert done.returncode == 2, done
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "ran").exists()


def test_a_remote_is_kept_and_can_be_said_again(tmp_path: Path) -> None:
    init(tmp_path, "mind", "--remote", "https://example.org/one.git")
    done = init(tmp_path, "mind", "--remote", "git@example.org:two.git")
    assert done.returncode == 0
    assert git(tmp_path / "mind", "config", "--get-all", "remote.origin.url") == "git@example.org:two.git\n"
    assert len(git(tmp_path / "mind", "config", "--get-all", "remote.origin.fetch").split()) == 3
