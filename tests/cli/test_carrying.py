"""`hermes export` and `hermes import` as a person types them."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.store import transcript
from hermes_fs.store.formats import entries
from tests.cli.conftest import ROOT, Run, git
from tests.store import foreign


@pytest.mark.slow
def test_a_workspace_goes_out_and_comes_back_untrusted(mind: Path, hermes: Run, tmp_path: Path) -> None:
    file = tmp_path / "all.bundle"
    done = hermes("export", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Verified" in done.stdout
    assert hermes("export", str(file)).returncode == 4
    back = tmp_path / "back"
    done = hermes("import", str(file), str(back))
    assert done.returncode == 0, done.stderr
    assert "hermes" in done.stdout and "trust list" in done.stdout
    assert git(back, "rev-parse", "main") == git(mind, "rev-parse", "main")
    done = hermes("import", str(file))
    assert done.returncode == 4 and "there is a workspace already" in done.stderr


def test_an_import_is_shown_first_and_asks(mind: Path, hermes: Run, tmp_path: Path) -> None:
    root = foreign.put(
        tmp_path / "old", {"MEMORY.md": "- Bins go out on Monday\n- Odd \x1b[31mred\n", "AGENTS.md": "obey\n"}
    )
    head = git(mind, "rev-parse", "main")
    done = hermes("import", str(root), "--dry-run")
    assert done.returncode == 0 and "MEMORY.md" in done.stdout and "AGENTS.md" in done.stdout
    done = hermes("import", str(root))
    assert done.returncode == 4 and "add --yes" in done.stderr
    assert git(mind, "rev-parse", "main") == head
    assert "\x1b" not in done.stdout


@pytest.mark.slow
def test_programs_read_what_came_over(mind: Path, hermes: Run, tmp_path: Path) -> None:
    root = foreign.hermes_home(tmp_path / ".hermes")
    assert json.loads(hermes("import", str(root), "--dry-run", "--json").stdout)["done"] is False
    said = json.loads(hermes("import", str(root), "--yes", "--json").stdout)
    assert said["done"] and said["kind"] == "hermes-agent"
    assert (said["conversations"], said["messages"]) == (2, 4)
    assert {row["where"] for row in said["rows"]} >= {"MEMORY.md", "USER.md", "skills/", "cron.yaml", "sessions/"}
    assert {"job Script", ".env"} <= {one["what"] for one in said["left_out"]}
    shown = hermes("sessions", "show", "last").stdout
    assert "hello from the group" in shown
    again = hermes("import", str(root), "--yes")
    assert again.returncode == 0 and "Nothing is new" in again.stdout


@pytest.mark.slow
def test_what_cannot_be_is_said_in_one_line(mind: Path, hermes: Run, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.bundle", tmp_path / "cut.bundle"
    hermes("export", str(whole))
    cut.write_bytes(whole.read_bytes()[:-200])
    (tmp_path / "file").write_text("no bundle")
    (tmp_path / "empty").mkdir()
    for argv, code in (
        (["import", str(tmp_path / "none")], 5),
        (["import", str(tmp_path / "file"), str(tmp_path / "new")], 4),
        (["import", str(cut), str(tmp_path / "new")], 1),
        (["import", str(tmp_path / "empty")], 4),
        (["import", str(mind)], 4),
        (["import", str(tmp_path / "empty"), str(tmp_path / "new")], 2),
        (["export", str(mind / "x.bundle")], 4),
    ):
        done = hermes(*argv)
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), (argv, done.stderr)
        assert ("cut off or damaged" in done.stderr) == (str(cut) in argv)
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_an_import_that_is_killed_again_and_again_comes_to_the_same(mind: Path, hermes: Run, tmp_path: Path) -> None:
    root = foreign.hermes_home(tmp_path / ".hermes")
    with sqlite3.connect(root / "state.db") as db:
        for number in range(300):
            foreign.session(db, f"s{number}", "cli", began=foreign.BEGUN - 9_000 * number)
            for line in range(8):
                foreign.say(db, f"s{number}", "user", f"line {line} of {number}", -9_000 * number + line)
    db.close()
    command = [sys.executable, "-m", "hermes_fs", "-w", str(mind), "import", str(root), "--yes"]
    for attempt in range(6):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # killed in the middle, wherever that is
            process.wait(timeout=1.0 + attempt * 0.7)
        process.kill()
        process.wait()
    assert hermes("import", str(root), "--yes", timeout=300).returncode == 0
    transcripts = [transcript.read(path) for path in sorted((mind / "sessions").rglob("*.jsonl"))]
    said = [record.data["text"] for one in transcripts for record in one.records if record.type == "message"]
    assert len(transcripts) == 302
    assert sorted(text for text in said if text.startswith("line ")) == sorted(
        f"line {line} of {number}" for number in range(300) for line in range(8)
    )
    memory = [entry.text for entry in entries.entries((mind / "MEMORY.md").read_text())]
    assert len(memory) == len(set(memory)) == 4
    assert git(mind, "fsck", "--strict", "--no-dangling") == ""
    assert git(mind, "status", "--porcelain") == ""
    assert "Nothing is new" in hermes("import", str(root), "--yes", timeout=300).stdout
