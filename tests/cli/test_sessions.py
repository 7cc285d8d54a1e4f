"""`hermes sessions` as a person or a program runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.core.clock import SystemClock, iso
from hermes_fs.core.ids import Ulids
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header, Record
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.openai_answers import Answer
from hermes_fs.testing.openai_server import OpenAIServer
from tests.store.git_shell import make_workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace where somebody talked twice; the second conversation goes on."""
    root = make_workspace(tmp_path / "mind")
    clock = SystemClock()
    ulids = Ulids(clock)
    with Workspace.open(root) as workspace:
        sessions = Sessions(root, workspace.host, clock, ulids)

        def talk(*events: tuple[str, dict[str, object]]) -> None:
            writer = sessions.start(Header("", "", "cli", "ada", "m", "p", "", "", ""))
            for kind, data in events:
                writer.append(Record(ulids(), kind, iso(clock.now()), "ada", "cli", "owner", data))
            writer.close()

        talk(("message", {"role": "user", "text": "Deploy \x1b[31mstaging"}), ("end", {"reason": "exit"}))
        talk(
            ("message", {"role": "user", "text": "What is on\nfridays?"}),
            ("tool_call", {"call": "1", "name": "recall", "arguments": '{"query": "fridays"}'}),
            ("tool_result", {"call": "1", "name": "recall", "text": "deploys"}),
            ("message", {"role": "assistant", "text": "Deploys."}),
        )
    return root


def hermes(root: Path, *arguments: str, code: int = 0, env: dict[str, str] | None = None) -> str:
    line = [sys.executable, "-m", "hermes_fs", "-w", str(root), "sessions", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, env=env)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_list_names_title_time_messages_person_and_channel(root: Path) -> None:
    first, second = json.loads(hermes(root, "list", "--json"))
    assert (first["title"], first["messages"], first["person"], first["open"]) == (
        "What is on fridays?",
        2,
        "ada",
        True,
    )
    assert second["open"] is False
    text = hermes(root, "list", "-n", "1")
    assert "What is on fridays?" in text and "today" in text and "staging" not in text
    assert json.loads(hermes(root, "list", "--json", "--person", "bob")) == []


def test_a_conversation_is_shown_with_what_was_done_and_without_escapes(root: Path) -> None:
    text = hermes(root, "show", "last")
    assert text.index("fridays?") < text.index("→ recall") < text.index("← deploys") < text.index("Deploys.")
    older = json.loads(hermes(root, "list", "--json"))[1]["id"]
    assert "\x1b" not in hermes(root, "show", older[-6:])
    shown = json.loads(hermes(root, "show", "last", "--json"))
    assert [record["type"] for record in shown["records"]] == ["message", "tool_call", "tool_result", "message"]


def test_its_path_is_printed_for_other_programs(root: Path) -> None:
    assert Path(hermes(root, "path", "last").strip()).read_text().startswith('{"type":"header"')


def test_what_ended_is_committed_and_the_rest_when_it_is_named(root: Path) -> None:
    assert hermes(root, "commit").count("committed") == 1
    assert "Nothing is new." in hermes(root, "commit")
    assert hermes(root, "commit", "last").count("committed") == 1
    refs = subprocess.run(["git", "-C", str(root), "for-each-ref"], capture_output=True, text=True, check=True).stdout
    assert "refs/hermes/sessions/" in refs


def test_a_session_that_is_not_there_is_one_line(root: Path) -> None:
    assert "hermes sessions list" in hermes(root, "show", "nowhere", code=5)


@pytest.mark.parametrize("command", ["list", "show", "path", "commit"])
def test_every_command_shows_an_example(root: Path, command: str) -> None:
    assert f"hermes sessions {command}" in hermes(root, command, "--help")


def test_a_replay_shows_what_differs_and_is_no_conversation_of_a_person(root: Path, tmp_path: Path) -> None:
    call = ("terminal", '{"command": "touch here"}')
    with OpenAIServer([Answer("Deploys.\nAnd \x1b[31mtea."), Answer(calls=(call,)), Answer("Deploys.")]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        said = hermes(root, "replay", "last", env=environ)
        found = json.loads(hermes(root, "replay", "last", "--model", "other", "--json", env=environ))
        models = [one["model"] for one in server.chats()]
    assert "     Deploys.\n   + And tea." in said and "1 of 1 answers differ" in said and "\x1b" not in said
    assert models == ["m", "other", "other"]
    [one] = found["messages"]
    assert one["same"] and one["now"]["refused"] == 1 and one["now"]["calls"][0]["failed"]
    assert found["then"]["model"] == "m" and found["now"]["model"] == "other"
    assert json.loads(hermes(root, "list", "--json"))[0]["title"] == "What is on fridays?"
    kept = [row for row in json.loads(hermes(root, "list", "--all", "--json")) if row["channel"] == "replay"]
    assert {row["id"] for row in kept} >= {found["replay"]} and len(kept) == 2
    assert "none of a person's" in hermes(root, "replay", found["replay"], code=4)
    assert "add --live" in hermes(root, "replay", "last", "--work", ".", code=2)
