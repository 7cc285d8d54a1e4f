"""`hermes sync` as a person and a program use it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.source import ROOT
from tests.store.clones import bare, clones


def hermes(root: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hermes_fs", "-w", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_it_says_what_came_and_went(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/x.md", "# X\n")
        assert "Synced with origin: 1 lesson went" in hermes(a.mind.root, "sync").stdout
        told = json.loads(hermes(b.mind.root, "sync", "--json").stdout)
        assert (told["received"], told["sent"], told["conflicts"]) == (1, 0, [])
        assert "nothing new on either side" in hermes(b.mind.root, "sync").stdout
        assert re.match(r"Last sync today \d\d:\d\d: nothing new", hermes(b.mind.root, "sync", "status").stdout)
        assert "--remote ADDRESS" in hermes(b.mind.root, "sync", "--help").stdout


@pytest.mark.slow
def test_a_conflict_is_said_shown_and_settled(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/x.md", "# X\n\nfirst\n")
        a.sync()
        b.sync()
        a.learn("notes/x.md", "# X\n\nof a\n")
        b.learn("notes/x.md", "# X\n\nof b\n")
        a.sync()
        said = hermes(b.mind.root, "sync").stdout
        assert "1 conflict for you: hermes sync resolve " in said
        [one] = json.loads(hermes(b.mind.root, "sync", "resolve", "--json").stdout)
        assert one["file"] == "notes/x.md"
        other = 1 if "of a" not in b.text("notes/x.md") else 2
        assert "of " in hermes(b.mind.root, "sync", "resolve", one["id"]).stdout
        hermes(b.mind.root, "sync", "resolve", one["id"], "--keep", "--take", str(other), code=2)
        hermes(b.mind.root, "sync", "resolve", one["id"], "--take", "1")
        assert "No conflict waits for you." in hermes(b.mind.root, "sync", "resolve").stdout
        hermes(b.mind.root, "sync", "resolve", one["id"], "--keep", code=5)
        b.sync()
        a.sync()
        assert a.tree == b.tree
        assert a.is_clean()


def test_without_a_remote_it_says_how_to_name_one(tmp_path: Path) -> None:
    hermes(tmp_path, "init", str(tmp_path / "w"))
    done = hermes(tmp_path / "w", "sync", code=5)
    assert "hermes sync --remote ADDRESS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_remote_that_is_away_is_one_line(tmp_path: Path) -> None:
    with clones(tmp_path, "a") as (a,):
        (tmp_path / "remote.git").rename(tmp_path / "away")
        done = hermes(a.mind.root, "sync", code=2)
        assert len(done.stderr.strip().splitlines()) == 1
        assert json.loads((a.mind.state_dir / "sync.json").read_text())["failed"]


@pytest.mark.slow
def test_watching_sends_what_is_learned(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        command = [sys.executable, "-m", "hermes_fs", "-w", str(a.mind.root), "sync", "--watch", "--every", "1"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watching:
            a.learn("notes/x.md", "# X\n")
            deadline = time.monotonic() + 60
            while not b.text("notes/x.md") and time.monotonic() < deadline:
                time.sleep(0.5)
                b.sync()
            watching.send_signal(2)
            assert watching.wait(20) == 0
        assert b.text("notes/x.md") == "# X\n"


def test_a_mirror_can_be_an_address(tmp_path: Path) -> None:
    mirror = bare(tmp_path / "mirror.git")
    with clones(tmp_path, "a") as (a,):
        hermes(a.mind.root, "config", "set", "sync.mirrors", f"[{mirror}]")
        hermes(a.mind.root, "sync")
        head = subprocess.run(
            ["git", "-C", str(mirror), "rev-parse", "main"], capture_output=True, text=True, check=True
        )
        assert head.stdout.strip() == a.mind.head()
