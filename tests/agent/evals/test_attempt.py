"""Attempts are real: a sandbox, the tools, the checks; the model alone is scripted. What helps is told from what does
not by the checks."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_fs.agent.evals.arms import Plan, compare
from hermes_fs.agent.evals.attempt import Means, attempt
from hermes_fs.agent.evals.case import Case, Check
from hermes_fs.agent.evals.replay import Replay
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import Cancelled
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Message, Request, ToolCall, assistant
from hermes_fs.store.candidate import File, Files
from hermes_fs.store.formats import skill
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.scripted import ScriptedProvider
from tests.store.test_history import workspace  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

COUNT = Case(
    "count",
    "Count the errors of app.log into out.txt.",
    (
        Check("file", "out.txt", (("equals", "2"),)),
        Check("command", "python3 check.py"),
        Check("reply", "", (("matches", r"^D[ao]ne"),)),
    ),
    {"app.log": "ERROR a\nok\nERROR b\n"},
    {"check.py": "assert open('out.txt').read().strip() == '2'\n"},
)
YAML = b"""
task: Count.
files:
  app.log: |
    ERROR
    ERROR
checks:
- file: out.txt
  equals: '2'
"""


def files(rule: str) -> Files:
    text = skill.create("count-errors", "Counts errors in logs. Use when errors are counted.", f"Run: {rule}\n")
    return {"SKILL.md": File(text.encode())}


GOOD, WRONG = files("grep -c ERROR app.log > out.txt"), files("wc -l < app.log > out.txt")


def call(name: str, arguments: str) -> Message:
    return assistant("", ToolCall(f"c-{name}", name, arguments))


def obedient(request: Request) -> Message:
    """Reads the skill that the prompt lists, and runs what it says; without one it guesses wrong."""
    said = [part.text for message in request.messages for part in message.parts if hasattr(part, "text")]
    rule = next((text.split("Run: ")[1].split("\n")[0] for text in said[1:] if "Run: " in text), "")
    calls = sum(len(message.calls) for message in request.messages)
    if not calls and "count-errors" in said[0]:
        return call("skill_view", '{"name": "count-errors"}')
    if calls < 2:
        return (
            call("terminal", f'{{"command": "{rule or "echo 7 > out.txt"}"}}')
            if rule or not calls
            else assistant("Done.")
        )
    return assistant("Done.")


def means(answer: Callable[[Request], Message] = obedient, cancel: Cancel | None = None) -> Means:
    def provider() -> ScriptedProvider:
        return ScriptedProvider([answer] * 12)

    return Means(provider, SystemClock(), os.environ, "full", cancel or Cancel())


def test_a_good_skill_passes_and_having_none_does_not() -> None:
    plan = Plan("count-errors", [COUNT], {"no skill": None, "incumbent": WRONG, "candidate": GOOD}, repeat=2, jobs=2)
    seen: list[int] = []
    found = compare(plan, means(), lambda done, total: seen.append(done))
    assert {arm: (tally.passed, tally.n, tally.activated) for arm, tally in found.items()} == {
        "no skill": (0, 2, 0),
        "incumbent": (0, 2, 2),
        "candidate": (2, 2, 2),
    }
    assert seen == [1, 2, 3, 4, 5, 6]
    [failure, *_] = found["incumbent"].attempts[0].failures
    assert failure == "out.txt is not '2'; it is '3'"


def test_the_gate_is_told_the_shares(workspace: Workspace) -> None:  # noqa: F811
    scores = Replay(workspace.git, means)("count-errors", "", {**GOOD, "evals/count.yaml": File(YAML)})
    assert scores
    assert (scores.bare, scores.incumbent, scores.candidate, scores.n, scores.activated) == (0.0, None, 1.0, 1, 1)
    assert Replay(workspace.git, means)("count-errors", "", GOOD) is None


def test_an_attempt_sees_nothing_of_this_machine_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("SOME_API_KEY", "k")
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")

    looks = f"cat {secret} ~/.gitconfig > out.txt; env >> out.txt; curl -m 2 http://1.1.1.1 >> out.txt; true"

    def spy(request: Request) -> Message:
        if not any(message.calls for message in request.messages):
            return call("terminal", json.dumps({"command": looks}))
        return assistant("Done.")

    lacks = (("lacks", "hunter2"), ("lacks", "Ada Example"), ("lacks", "API_KEY"))
    case = Case("spy", "Spy.", (Check("file", "out.txt", lacks),), {}, {})
    done = attempt(case, {}, means(spy))
    assert done.failures == ()
    assert list(tmp_path.glob("hermes-eval-*")) == []


def test_a_pattern_that_runs_for_ever_and_a_program_that_does_not_end_only_fail() -> None:
    slow = Case("slow", "x", (Check("file", "a", (("matches", r"(a+)+$"),)),), {"a": "a" * 40 + "!"}, {})
    assert len(attempt(slow, {}, means(lambda request: assistant("Done."))).failures) == 1


def test_a_model_that_fails_is_a_failed_attempt_and_a_stop_stops() -> None:
    def broken(request: Request) -> Message:
        raise AssertionError("not reached")

    done = attempt(COUNT, {}, Means(lambda: ScriptedProvider([]), SystemClock(), os.environ, "full", Cancel()))
    assert (done.passed, done.ended) == (False, "error")
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        attempt(COUNT, {}, means(broken, cancel))
