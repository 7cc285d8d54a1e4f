"""`hermes config`: settings are shown with their source, kept with their comments, and wrong ones named."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.store.init import init


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace, _ = init(tmp_path / "mind")
    workspace.close()
    return tmp_path / "mind"


def hermes(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hermes_fs", "-w", str(root), "config", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_setting_is_changed_through_the_door_and_comments_stay(root: Path) -> None:
    assert hermes(root, "set", "limits.steps", "7").returncode == 0
    assert hermes(root, "get", "limits.steps").stdout == "7\n"
    text = (root / "config.yaml").read_text()
    assert "# Settings of this workspace" in text
    log = subprocess.run(["git", "-C", str(root), "log", "--format=%s%n%b"], capture_output=True, text=True).stdout
    assert "Hermes-Kind: config" in log
    assert hermes(root, "set", "limits.steps", "").returncode == 0
    assert hermes(root, "get", "limits.steps").stdout == "100\n"


def test_what_opens_a_machine_stays_on_it(root: Path) -> None:
    assert hermes(root, "set", "approvals.mode", "deny").returncode == 0
    assert "deny" not in (root / "config.yaml").read_text()
    assert "local.yaml" in hermes(root, "get", "approvals").stdout
    (root / "config.yaml").write_text("format: 1\napprovals:\n  mode: allow\n")
    refused = hermes(root, "check")
    assert refused.returncode == 2
    assert "each machine's own" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("get", "limits.step"), "did you mean limits.steps?"),
        (("set", "modle.name", "x"), "did you mean model.name?"),
        (("set", "limits.steps", "many"), "limits.steps"),
        (("set", "limits.steps", "[1"), "the value"),
    ],
)
def test_a_wrong_key_or_value_is_one_line_that_helps(root: Path, words: tuple[str, ...], said: str) -> None:
    done = hermes(root, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_broken_file_is_named_with_its_line(root: Path) -> None:
    (root / "config.yaml").write_text("format: 1\nlimits: [1\n")
    done = hermes(root, "check")
    assert done.returncode == 2
    assert "config.yaml, line" in done.stderr


def test_check_says_who_may_do_what(root: Path) -> None:
    assert hermes(root, "set", "git.protected", "[skills/deploy by ann]").returncode == 0
    said = hermes(root, "check").stdout
    assert re.search(r"notes +at once +at once +waits for you +at once", said)
    assert re.search(r"settings: config.yaml +never", said)
    assert "skills/deploy" in said and "only by ann, signed" in said
    assert "is not trusted here" in said
    told = json.loads(hermes(root, "check", "--json").stdout)
    assert told["permissions"][0]["tainted"] == "waits for you" and told["trust_waits"] == []
