"""skill_run: scripts of a skill, listed without being run and run with a structured result, trusted and approved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hermes_fs.core.errors import NotFound, Refused, ToolError
from hermes_fs.core.events import SkillUsed
from hermes_fs.store import acting, skill_places
from tests.tools.conftest import Conversation, files

COUNT = '''"""Counts things."""
import sys
print("loaded")
from helper import STEP

def count(path: str, top: int = 3, *, deep: bool | None = None) -> dict[str, int]:
    """Counts the words of a file.

    More on it.
    """
    words = open(path).read().split()
    print("counting", len(words))
    return {"words": len(words), "top": top * STEP}

def fails() -> None:
    raise ValueError("no such luck")

def _private() -> None: ...
def by_place(a, /): ...
def anything(**more): return more
def big() -> str:
    return "x" * 100_000
'''
GREET = '#!/bin/sh\n# Greets somebody.\necho "hello $1 from $(pwd)"; exit 3\n'


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREETING_TOKEN", "t0ken-of-mine")


@pytest.fixture
def skilled(talk: Conversation) -> Conversation:
    scripts = talk.mind / "skills/greet/scripts"
    scripts.mkdir()
    for name, text in (("count.py", COUNT), ("helper.py", "STEP = 2\n"), ("greet.sh", GREET), ("bad.py", "def x(:\n")):
        (scripts / name).write_text(text)
    (talk.work / "json.py").write_text("raise SystemExit('the work directory is no place for imports')\n")
    (talk.work / "text").write_text("a b c\n")
    talk.context.workspace.commit_pending()
    talk.context.workspace.trust.accept(acting.pending(talk.context.workspace))
    talk.person.always = "once"
    return talk


def test_scripts_are_listed_with_signatures_and_nothing_is_run(skilled: Conversation) -> None:
    said = skilled.call("skill_run", name="greet").splitlines()
    assert said == [
        "scripts/bad.py (python): cannot be read: line 1: invalid syntax",
        "scripts/count.py (python): Counts things.",
        "  count(path: str, top: int = 3, deep: bool | None = None) -> dict[str, int]: Counts the words of a file.",
        "  fails() -> None",
        "  anything(**…)",
        "  big() -> str",
        "scripts/greet.sh (shell): Greets somebody.",
        "scripts/helper.py (python)",
    ]
    assert skilled.asked == [] and skilled.origin == "agent"
    assert "scripts/count.py: fails() -> None" in skilled.call("skill_view", name="greet")


def test_a_function_is_called_with_json_and_answers_in_json(skilled: Conversation) -> None:
    said = skilled.call("skill_run", name="greet", script="count", function="count", arguments={"path": "text"})
    assert said == 'exit code 0\nresult: {"words": 3, "top": 6}\noutput:\nloaded\ncounting 3'
    assert skilled.origin == "tool"
    assert [event.name for event in skilled.events if isinstance(event, SkillUsed)] == ["greet"]


@pytest.mark.slow
def test_nothing_is_left_in_the_mind(skilled: Conversation) -> None:
    before = files(skilled.mind)
    skilled.call("skill_run", name="greet", script="count.py", function="count", arguments={"path": "text"})
    skilled.call("skill_run", name="greet", script="scripts/count.py")
    assert files(skilled.mind) == before


def test_a_shell_script_gets_its_arguments_as_they_are(skilled: Conversation) -> None:
    said = skilled.call("skill_run", name="greet", script="greet.sh", argv=["; rm -rf $HOME 'x'"])
    assert said == f"exit code 3\noutput:\nhello ; rm -rf $HOME 'x' from {skilled.work}"


def test_a_function_that_fails_shows_why(skilled: Conversation) -> None:
    said = skilled.call("skill_run", name="greet", script="count", function="fails")
    assert said.startswith("exit code 1\noutput:\nloaded") and said.endswith("ValueError: no such luck")


@pytest.mark.slow
def test_a_result_that_is_too_long_is_said_to_be_so(skilled: Conversation) -> None:
    said = skilled.call("skill_run", name="greet", script="count", function="big")
    assert "result: too long to be shown whole" in said and "the whole output: read_file" in said
    assert len(said) < 10_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "it needs path"),
        ({"path": 3}, "path must be str"),
        ({"path": "x", "depth": 1}, "it has no argument depth"),
        ({"path": "x", "top": True}, "top must be int"),
    ],
)
def test_a_call_that_cannot_work_is_refused_before_it_is_made(
    skilled: Conversation, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(ToolError, match=said):
        skilled.call("skill_run", name="greet", script="count", function="count", arguments=arguments)
    assert skilled.asked == []


@pytest.mark.parametrize(
    "more",
    [
        {"script": "nothing"},
        {"script": "../SKILL.md"},
        {"script": "count", "function": "_private"},
        {"script": "count", "function": "by_place"},
    ],
)
def test_what_is_not_there_is_not_found(skilled: Conversation, more: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        skilled.call("skill_run", name="greet", **more)


def test_a_skill_from_elsewhere_runs_nothing(skilled: Conversation) -> None:
    skilled.context.workspace.trust.revoke(["skill:greet"])
    with pytest.raises(Refused, match="nothing of it is run"):
        skilled.call("skill_run", name="greet", script="greet.sh")
    skilled.call("skill_run", name="greet")
    assert skilled.origin == "file"


def test_it_is_approved_as_the_same_command_would_be(skilled: Conversation) -> None:
    skilled.taint()
    skilled.person.always = "no"
    with pytest.raises(Refused):
        skilled.call("skill_run", name="greet", script="greet.sh", argv=["Ada"])
    [question] = skilled.person.questions
    assert question.subject == f"bash {skilled.mind}/skills/greet/scripts/greet.sh Ada"
    assert question.prompt.startswith("Run scripts/greet.sh, a script of the skill greet, in ")


def test_a_skill_beside_the_mind_runs_and_one_of_a_project_gets_no_credentials(
    skilled: Conversation, tmp_path: Path
) -> None:
    front = "---\nname: say\ndescription: Says.\nmetadata:\n  hermes-secrets: GREETING_TOKEN\n---\nSay.\n"
    for place in (tmp_path / "home/.claude/skills/say", skilled.work / ".claude/skills/say"):
        (place / "scripts").mkdir(parents=True)
        (place / "SKILL.md").write_text(front)
        (place / "scripts/say.sh").write_text('echo "${#GREETING_TOKEN} letters"\n')
    for trusted, letters in (([str(skilled.work)], 0), ([], 13)):
        places = skill_places.beyond([], skilled.work, trusted, tmp_path / "home")
        settings = replace(skilled.context.memo.settings, places=places, skill_secrets=("say:GREETING_TOKEN",))
        skilled.context.memo.settings = settings
        assert f"{letters} letters" in skilled.call("skill_run", name="say", script="say")


@pytest.mark.slow
def test_another_language_runs_by_its_first_line(skilled: Conversation) -> None:
    (skilled.mind / "skills/greet/scripts/words").write_text("#!/usr/bin/env -S awk -f\nBEGIN { print ARGV[1] }\n")
    assert skilled.call("skill_run", name="greet", script="words", argv=["a b"]) == "exit code 0\noutput:\na b"


@pytest.mark.slow
def test_arguments_may_hold_anything(skilled: Conversation) -> None:
    odd = {"a": "'\"\n$(x) é \u2028", "b": [1, None, {"c": 1.5}]}
    said = skilled.call("skill_run", name="greet", script="count", function="anything", arguments=odd)
    assert json.loads(said.splitlines()[1].removeprefix("result: ")) == odd
