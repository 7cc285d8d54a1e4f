"""Looking back: beside the conversation by a process of its own, or in the foreground by command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_fs.store import transcript
from hermes_fs.store.errands import Errand, Errands
from hermes_fs.store.init import init
from hermes_fs.testing.openai_answers import Answer
from hermes_fs.testing.openai_server import OpenAIServer
from tests.agent.test_audit import tasks
from tests.cli.conftest import ROOT, Run, git, trust
from tests.store.test_errands import queue

LIST = ("note", '{"action": "list"}')
FACT = ("memory", '{"action": "add", "text": "Tests need `make database`", "why": "they failed without"}')
FIVE = Answer(calls=(LIST,) * 5)


pytestmark = pytest.mark.slow


@pytest.fixture
def mind(tmp_path: Path) -> Path:
    """This machine's own, so that nothing in it is a stranger's word; nothing else is done beside its conversations."""
    init(tmp_path / "mind")[0].close()
    (tmp_path / "mind/config.yaml").write_text('format: 1\nlearning:\n  summaries: "off"\n')
    return tmp_path / "mind"


def environment(server: OpenAIServer) -> dict[str, str]:
    own = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k", "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
    return {**os.environ, **own}


def errands(mind: Path) -> Errands:
    return queue(mind / ".git" / "hermes")


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def channels(mind: Path) -> list[str]:
    return [transcript.read_header(path).channel for path in sorted((mind / "sessions").rglob("*.jsonl"))]


def test_a_task_is_looked_back_on_after_the_reply_by_a_process_that_outlives_this_one(hermes: Run, mind: Path) -> None:
    look = [Answer(calls=(FACT,), delay=1.0), Answer("Kept it.")]
    with OpenAIServer([FIVE, Answer("There are no notes."), *look]) as server:
        done = hermes("chat", "-q", "which notes are there?", env=environment(server))
        assert (done.stdout.strip(), done.returncode) == ("There are no notes.", 0)
        wait(lambda: not errands(mind).waiting() and not errands(mind).is_busy())
        assert channels(mind) == ["cli", "reflection"]
        assert "make database" in (mind / "MEMORY.md").read_text()
        assert "Hermes-Trigger: reflection" in git(mind, "log", "-1", "--format=%B")
        [line] = errands(mind).take_news()
        assert line.startswith("learned: memory: add 1 entry · hermes show ")
        listed = hermes("sessions", "list", "--json")
        assert [one["channel"] for one in json.loads(listed.stdout)] == ["cli"]


def test_what_was_cut_off_is_picked_up_by_the_next_start(hermes: Run, mind: Path) -> None:
    with OpenAIServer([Answer("Hello."), Answer("Hello again.")], reply="Nothing to keep.") as server:
        hermes("chat", "-q", "hello", env=environment(server))
        assert not (mind / ".git/hermes/errands").exists()  # nothing to learn, nothing done
        session = next((mind / "sessions").rglob("*.jsonl")).stem
        errands(mind).add(Errand("reflect", session, "", ("an error overcome",)))
        hermes("chat", "-q", "hello", env=environment(server))
        wait(lambda: not errands(mind).waiting() and not errands(mind).is_busy())
        assert sorted(channels(mind)) == ["cli", "cli", "reflection"]


def test_the_foreground_shows_what_it_reads_and_keeps_and_what_it_costs(hermes: Run, mind: Path) -> None:
    with OpenAIServer([Answer("Hello."), Answer(calls=(LIST, FACT)), Answer("Kept how tests run.")]) as server:
        hermes("chat", "-q", "remember how the tests run", env=environment(server))
        done = hermes("learn", "how", "tests run", env=environment(server))
        assert done.returncode == 0, done.stderr
        assert "Looking back on remember how the tests run" in done.stdout
        assert "note list" in done.stdout
        assert "learned  memory: add 1 entry · hermes show " in done.stdout
        assert done.stdout.index("memory add") < done.stdout.index("learned  memory")
        assert "Kept how tests run." in done.stdout and "1 lesson · " in done.stdout and "tokens" in done.stdout
        assert "Hermes-Trigger: user" in git(mind, "log", "-1", "--format=%B")
        assert errands(mind).take_news() == []  # it was seen
        asked = [
            text for one in server.requests for text in [json.dumps(one["body"])] if "What the person wants" in text
        ]
        assert "how tests run" in asked[0]


def test_for_programs_it_is_one_object(hermes: Run, mind: Path) -> None:
    with OpenAIServer([Answer("Hello."), Answer(calls=(FACT,)), Answer("Kept.")]) as server:
        hermes("chat", "-q", "hello", env=environment(server))
        done = hermes("learn", "--json", env=environment(server))
        said = json.loads(done.stdout)
        assert (said["done"], said["said"], said["proposals"]) == (True, "Kept.", [])
        assert [one["subject"] for one in said["lessons"]] == ["memory: add 1 entry"]
        assert said["tokens"] > 0


def test_what_cannot_be_learned_from_is_said(hermes: Run) -> None:
    done = hermes("learn")
    assert (done.returncode, done.stderr.splitlines()[0][:30]) == (5, "error: there is no session yet")
    assert hermes("learn", "--pending", "this").returncode == 2
    quiet = hermes("learn", "--pending")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_a_version_that_outcomes_call_worse_is_proposed_for_reverting_when_the_queue_is_done(
    hermes: Run, mind: Path
) -> None:
    (mind / "config.yaml").write_text('format: 1\nlearning:\n  summaries: "off"\naudit:\n  every: 0\n')
    trees = []
    for body in ("Build, test, push.", "Push at once."):
        text = f"---\nname: deploy\ndescription: Deploys. Use when deploying.\n---\n{body}\n"
        (mind / "skills/deploy").mkdir(parents=True, exist_ok=True)
        (mind / "skills/deploy/SKILL.md").write_text(text)
        git(mind, "add", "-A")
        git(mind, "commit", "-qm", body)
        trees.append(git(mind, "rev-parse", "HEAD:skills/deploy").strip())
    trust(mind)
    tasks(mind, "a", "deploy", trees[0], ["success"] * 10)
    tasks(mind, "b", "deploy", trees[1], ["failure"] * 8)
    for _ in range(2):
        assert hermes("learn", "--pending").returncode == 0
    [one] = json.loads(hermes("review", "list", "--json").stdout)
    assert one["because"] == "an earlier version does better"
    news = [line for line in errands(mind).take_news() if line.startswith(one["because"])]
    assert len(news) == 1
    assert "v2: 0 of 8 tasks went well" in news[0] and news[0].endswith(" " + one["id"])
    assert hermes("review", "accept", one["id"]).returncode == 0
    assert git(mind, "rev-parse", "HEAD:skills/deploy").strip() == trees[0]
