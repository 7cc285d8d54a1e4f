"""`hermes checkout`: the mind as it was, to talk with; nothing of it reaches the mind of now, nothing of it is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.init import init
from hermes_fs.testing.openai_answers import Answer
from hermes_fs.testing.openai_server import OpenAIServer
from tests.cli.conftest import ROOT, Run, git

pytestmark = pytest.mark.slow

BY_HAND = Provenance(origin="owner", trigger="user", person="owner")


@pytest.fixture
def mind(tmp_path: Path) -> Path:
    """It knows of green tea first, then of black."""
    workspace, _ = init(tmp_path / "mind")
    with workspace:
        for text in ("- Tea is green\n", "- Tea is black\n"):
            workspace.commit(Change({"MEMORY.md": text.encode()}, "memory", "", BY_HAND))
    return tmp_path / "mind"


def test_a_copy_is_made_listed_and_taken_away(hermes: Run, mind: Path, tmp_path: Path) -> None:
    first = git(mind, "rev-parse", "HEAD~1").strip()
    said = hermes("checkout", "--at", first[:8]).stdout
    copy = tmp_path / f"mind-{first[:8]}"
    assert f"hermes -w {copy}" in said and "learns nothing" in said
    assert (copy / "MEMORY.md").read_text() == "- Tea is green\n"
    assert [one["commit"] for one in json.loads(hermes("checkout", "--list", "--json").stdout)] == [first]
    (copy / "sessions").mkdir(exist_ok=True)
    (copy / "sessions" / "a.jsonl").write_text("{}\n")
    refused = hermes("checkout", "--remove", str(copy))
    assert refused.returncode == 4 and "sessions/a.jsonl" in refused.stdout and copy.is_dir()
    assert hermes("checkout", "--remove", str(copy), "--yes").returncode == 0
    assert not copy.exists() and "no copy" in hermes("checkout", "--list").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--at", "2001-01-01"], 5),
        (["--at", "0001-01-01"], 5),
        (["--at", "ffffffff"], 5),
        (["--at", "today", "--list"], 2),
        ([], 2),
        (["--remove", "/nowhere"], 5),
        (["--at", "last", "/proc/hermes"], 1),
    ],
)
def test_what_makes_no_sense_is_one_line(hermes: Run, mind: Path, arguments: list[str], code: int) -> None:
    done = hermes("checkout", *arguments)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1), done.stderr
    assert not list((mind / ".git").glob("worktrees/*"))


def test_settings_of_now_hold_in_the_past(hermes: Run, mind: Path, tmp_path: Path) -> None:
    hermes("config", "set", "budget.day_money", "2")
    first = git(mind, "rev-parse", "HEAD~1").strip()
    hermes("config", "set", "approvals.mode", "deny")
    copy = tmp_path / "then"
    assert hermes("checkout", "--at", first, str(copy)).returncode == 0
    for key, value in (("budget.day_money", "2"), ("approvals.mode", "deny")):
        assert value in hermes("-w", str(copy), "config", "get", key).stdout


def test_one_talks_with_the_agent_as_it_was_and_nothing_reaches_the_mind_of_now(
    hermes: Run, mind: Path, tmp_path: Path
) -> None:
    first = git(mind, "rev-parse", "HEAD~1").strip()
    copy = tmp_path / "then"
    hermes("checkout", "--at", first, str(copy))
    before = git(mind, "for-each-ref"), sorted(mind.rglob("sessions/**/*"))
    learn = ("memory", '{"action": "add", "text": "Tea is red", "why": "said"}')
    with OpenAIServer([Answer(calls=(learn,)), Answer("It is green.")]) as server:
        own = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k", "PYTHONPATH": str(ROOT)}
        env = {**os.environ, **own, "NO_PROXY": "127.0.0.1"}
        done = hermes("-w", str(copy), "chat", "-q", "what is tea?", env=env)
        assert done.stdout.strip() == "It is green.", done.stderr
        turns = [json.dumps(one["body"]) for one in server.requests if one["body"]]
        asked = turns[0]
        assert "Tea is green" in asked and "Tea is black" not in asked
        assert "as it was" in turns[1]
    assert (copy / "MEMORY.md").read_text() == "- Tea is green\n"
    [session] = (copy / "sessions").rglob("*.jsonl")
    assert json.loads(session.read_text().splitlines()[0])["commit"] == first
    assert before == (git(mind, "for-each-ref"), sorted(mind.rglob("sessions/**/*")))
