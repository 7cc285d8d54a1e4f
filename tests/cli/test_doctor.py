from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hermes_fs.cli import checks_git
from hermes_fs.cli.checks import examine
from hermes_fs.cli.finding import Finding, Scene
from hermes_fs.core.clock import SystemClock
from hermes_fs.store import health
from hermes_fs.store.workspace import Workspace
from tests.cli.conftest import git, trust


class Stopped(SystemClock):
    def now(self) -> datetime:
        return datetime(2001, 1, 1, tzinfo=UTC)


def found(root: Path | None, clock: SystemClock | None = None, **environ: str) -> dict[str, Finding]:
    scene = Scene(root, {**os.environ, "OPENAI_API_KEY": "k", **environ}, clock or SystemClock(), offline=True)
    return {finding.name: finding for finding in examine(scene)}


def test_a_sound_workspace_has_nothing_broken(mind):
    trust(mind)
    findings = found(mind)
    assert [one for one in findings.values() if one.state != "ok"] == []
    assert {"python", "git", "sqlite", "disk", "clock", "workspace", "edits", "history", "config"} <= findings.keys()


def test_what_waits_for_trust_is_named(mind):
    finding = found(mind)["trust"]
    assert (finding.state, finding.fix) == ("warn", "hermes trust list")
    assert "mind:memory" in finding.detail


def test_without_a_workspace_it_says_how_to_make_one():
    assert found(None)["workspace"] == Finding("workspace", "warn", "there is none yet", "hermes init")


def test_a_folder_that_is_none_is_broken(tmp_path):
    assert found(tmp_path)["workspace"].state == "broken"


def test_another_branch_turns_learning_off(mind):
    git(mind, "switch", "-qc", "experiment")
    finding = found(mind)["workspace"]
    assert finding.state == "warn" and "nothing can be learned" in finding.detail


def test_a_newer_format_says_to_upgrade(mind):
    (mind / ".hermes-workspace").write_text("format: 99\n")
    assert "upgrade" in found(mind)["workspace"].fix


def test_edits_by_hand_are_named(mind):
    (mind / "MEMORY.md").write_text("- mine\n")
    assert "MEMORY.md: edited by you" in found(mind)["edits"].detail


def test_new_files_are_named_too_those_that_are_none_of_the_mind_as_such(mind):
    (mind / "notes").mkdir()
    (mind / "notes" / "fresh.md").write_text("mine\n")
    (mind / "stray.bin").write_bytes(b"x")
    detail = found(mind)["edits"].detail
    assert "notes/fresh.md: edited by you" in detail and "stray.bin: no part of the mind" in detail


def test_a_missing_object_is_broken(mind):
    blob = git(mind, "rev-parse", "HEAD:MEMORY.md").strip()
    (mind / ".git/objects" / blob[:2] / blob[2:]).unlink()
    finding = found(mind)["history"]
    assert finding.state == "broken" and finding.fix


def test_a_broken_configuration_names_the_key(mind):
    (mind / "config.yaml").write_text("format: 1\nmodle: {}\n")
    finding = found(mind)["config"]
    assert finding.state == "broken" and "modle" in finding.detail


def test_a_key_file_that_others_can_read_is_broken(mind, home):
    path = home / ".config/hermes/env"
    path.parent.mkdir(parents=True)
    path.write_text("OPENAI_API_KEY=x\n")
    path.chmod(0o644)
    assert found(mind)["keys"].state == "broken"
    path.chmod(0o600)
    assert found(mind)["keys"].state == "ok"
    assert "=x" not in str(found(mind))


def test_a_clock_that_is_years_off_is_broken(mind):
    assert found(mind, Stopped())["clock"].state == "broken"


def test_no_model_and_no_key_say_what_to_set(mind):
    assert found(mind, OPENAI_API_KEY="")["model"].state == "broken"
    assert "OPENAI_API_KEY" in found(mind, OPENAI_API_KEY="")["model"].fix


def test_a_server_that_does_not_answer_is_broken(mind, monkeypatch):
    environ = {**os.environ, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "k"}
    findings = {one.name: one for one in examine(Scene(mind, environ, SystemClock()))}
    assert findings["server"].state == "broken"


def test_the_command_exits_with_one_when_something_is_broken(hermes, mind):
    done: subprocess.CompletedProcess[str] = hermes("doctor", "--offline")
    assert done.returncode == 1
    assert "✗ model" in done.stdout and "1 broken" in done.stdout and "\x1b" not in done.stdout
    trust(mind)
    done = hermes("doctor", "--offline", "--json", env={**os.environ, "OPENAI_API_KEY": "k"})
    assert done.returncode == 0
    assert {row["state"] for row in json.loads(done.stdout)} == {"ok"}


def test_each_finding_that_is_not_well_says_what_to_do(mind, tmp_path):
    (mind / "config.yaml").write_text("format: [")
    for finding in (*found(mind, OPENAI_API_KEY="").values(), *found(tmp_path).values()):
        assert finding.state == "ok" or finding.fix


@pytest.mark.parametrize("state", ["merge", "detached"])
def test_what_is_in_progress_is_said(mind, state):
    if state == "merge":
        (mind / ".git/MERGE_HEAD").write_text(git(mind, "rev-parse", "HEAD"))
    else:
        git(mind, "switch", "-q", "--detach")
    finding = found(mind)["workspace"]
    assert finding.state == "warn" and finding.fix


def test_a_remote_that_is_not_there_is_named_and_not_asked_offline(mind, tmp_path):
    git(mind, "remote", "add", "origin", str(tmp_path / "gone.git"))
    scene = Scene(mind, {**os.environ, "OPENAI_API_KEY": "k"}, SystemClock())
    with Workspace.open(mind) as opened:
        [finding] = [one for one in checks_git.repository(opened, scene) if one.name == "remote"]
    assert finding.state == "warn" and finding.detail.startswith("origin: ")
    assert "remote" not in found(mind)


@pytest.mark.slow
def test_housekeeping_that_is_due_is_told_and_done_when_asked(mind):
    for number in range(health.PACKS + 1):
        blob = subprocess.run(
            ["git", "hash-object", "-w", "--stdin"],
            cwd=mind,
            input=f"{number}".encode(),
            capture_output=True,
            check=True,
        ).stdout
        subprocess.run(["git", "pack-objects", "-q", ".git/objects/pack/pack"], cwd=mind, input=blob, check=True,
                       capture_output=True)  # fmt: skip
    finding = found(mind)["repository"]
    assert (finding.state, finding.fix) == ("warn", "hermes doctor --fix")
    with Workspace.open(mind) as opened:
        assert "housekeeping done" in checks_git.mend(opened).detail
        assert "not due" in checks_git.mend(opened).detail
    assert found(mind)["repository"].state == "ok"


def test_a_ref_that_names_nothing_is_broken(mind):
    place = mind / ".git/refs/hermes/proposals/abcdef"
    place.parent.mkdir(parents=True)
    place.write_text("1" * 40 + "\n")
    assert found(mind)["refs"].state == "broken"
