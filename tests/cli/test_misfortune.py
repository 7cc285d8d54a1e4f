"""A disk that is read-only or full, a program that is missing: what only reads goes on, the rest is one clear line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace
from tests.cli.conftest import ROOT

WEB = Provenance("web", "user", "owner", "host-s1", "", "m")


@pytest.fixture
def waiting(mind: Path) -> str:
    """The id of a proposal in that workspace."""
    with Workspace.open(mind) as workspace:
        made = Proposals(workspace).submit(Change({"notes/a.md": b"a walrus\n"}, "note", "", WEB))
    return str(getattr(made, "id", ""))


def on_a_read_only_disk(mind: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    shown = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/var/tmp"]
    return _run([*shown, "--setenv", "TMPDIR", "/var/tmp"], mind, argv)


def on_a_full_disk(mind: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """The workspace in a small disk of its own, filled to the last byte."""
    disk = ["--bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--size", "4000000", "--tmpfs", "/mnt"]
    fill = f'cp -a {mind} /mnt/mind && (head -c 9000000 /dev/zero > /mnt/fill; true) 2> /dev/null && exec "$@"'
    return _run([*disk, "--", "sh", "-c", fill, "sh"], Path("/mnt/mind"), argv)


def _run(shown: Sequence[str], mind: Path, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    bwrap = shutil.which("bwrap")
    assert bwrap
    line = [bwrap, *shown, sys.executable, "-m", "hermes_fs", "-w", str(mind), *argv]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.parametrize("words", ["search staging", "index status", "insights", "review list", "log", "skills list"])
def test_what_only_reads_works_on_a_read_only_disk(mind: Path, waiting: str, words: str) -> None:
    done = on_a_read_only_disk(mind, *words.split())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("how", [on_a_read_only_disk, on_a_full_disk])
@pytest.mark.parametrize(
    "words",
    [
        "checkout --at last",
        "review accept ID",
        "review reject ID",
        "config set limits.steps 5",
        "config set approvals.mode ask",
    ],
)
def test_what_writes_is_one_clear_line_where_the_disk_does_not_let_it(mind, waiting, how, words) -> None:
    done = how(mind, *words.replace("ID", waiting).split())
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "unexpected" not in done.stderr
    assert "Read-only file system" in done.stderr or "No space left" in done.stderr
    assert " — " in done.stderr  # what to do
    with Workspace.open(mind) as workspace:
        assert workspace.read("notes/a.md").text == ""


@pytest.mark.slow
def test_without_bubblewrap_or_git_there_is_one_line(mind: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("git", "bash", "sh"):
        (bare / name).symlink_to(shutil.which(name) or "")
    for path, words, said in ((bare, "backend list", "bubblewrap is not installed"), ("/nonexistent", "log", "git")):
        line = [sys.executable, "-m", "hermes_fs", "-w", str(mind), *words.split()]
        done = subprocess.run(
            line, capture_output=True, text=True, cwd=ROOT, timeout=60, env={**os.environ, "PATH": str(path)}
        )
        assert said in done.stdout + done.stderr and "unexpected" not in done.stderr
