"""One question from the shell, by the real process against a loopback server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.store.init import init
from hermes_fs.testing.openai_answers import Answer, failure
from hermes_fs.testing.openai_server import OpenAIServer

ROOT = Path(__file__).resolve().parents[3]
Ask = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(reply="All is well.") as running:
        yield running


@pytest.fixture
def environ(server: OpenAIServer, tmp_path: Path) -> dict[str, str]:
    workspace, _ = init(tmp_path / "mind")
    workspace.close()
    (tmp_path / "work").mkdir()
    return {
        **os.environ,
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_API_KEY": "k",
        "HERMES_WORKSPACE": str(tmp_path / "mind"),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def ask(environ: dict[str, str], tmp_path: Path) -> Ask:
    def run(*argv: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hermes_fs", *argv]
        settings = {"cwd": tmp_path / "work", "env": {**environ, **more}, "timeout": 60}
        return subprocess.run(command, input=stdin, capture_output=True, text=True, **settings)  # type: ignore[call-overload]

    return run


def last_message(server: OpenAIServer) -> str:
    return [one["content"] for one in server.requests[-1]["body"]["messages"] if one["role"] == "user"][-1]


def test_only_the_reply_is_printed(ask):
    done = ask("chat", "-q", "how are things?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "All is well.\n", "")


def test_what_is_piped_in_is_the_message_or_joins_it(ask, server):
    assert ask(stdin="from a pipe\n").stdout == "All is well.\n"
    assert last_message(server).startswith("from a pipe")
    ask("chat", "-q", "review this", stdin="+ one line\n")
    assert re.match(r"review this\n\n<foreign \w+ file>\n\+ one line\n</foreign", last_message(server))


def test_a_tool_runs_and_only_the_last_reply_is_printed(ask, server, tmp_path):
    (tmp_path / "work" / "notes.txt").write_text("milk\n")
    server.answers[:] = [Answer("Let me look.", calls=(("read_file", '{"path": "notes.txt"}'),)), Answer("Milk.")]
    done = ask("chat", "-q", "what is in my notes?")
    assert (done.stdout, done.stderr) == ("Milk.\n", "")


def test_json_is_one_object_a_line(ask, server):
    server.answers[:] = [Answer(calls=(("terminal", '{"command": "rm -rf x"}'),)), Answer("Not \x1b[31mdone.")]
    done = ask("chat", "--json", "-q", "touch x")
    assert done.returncode == 0 and "\x1b" not in done.stdout
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [row["type"] for row in rows if row["type"] != "text"]
    assert kinds == [
        "session", "message", "tool_started", "asked", "tool_finished", "message", "message", "ended",
    ]  # fmt: skip
    assert rows[-1]["reason"] == "done" and rows[-1]["usage"]["input"] > 0
    assert next(row for row in rows if row["type"] == "asked")["answer"] is None


def test_what_needs_approval_is_refused_unless_told_otherwise(ask, server, tmp_path):
    call = Answer(calls=(("terminal", '{"command": "rm -rf old; touch made"}'),))
    server.answers[:] = [call, Answer("No.")]
    ask("chat", "-q", "make it")
    assert not (tmp_path / "work" / "made").exists()
    server.answers[:] = [call, Answer("Yes.")]
    assert ask("chat", "--yes", "-q", "make it").stdout == "Yes.\n"
    assert (tmp_path / "work" / "made").exists()


def test_the_last_session_goes_on(ask, server):
    ask("chat", "-q", "my name is Ada")
    ask("chat", "--continue", "-q", "who am I?")
    texts = [one["content"] for one in server.requests[-1]["body"]["messages"]]
    assert any("my name is Ada" in text for text in texts if isinstance(text, str))


def test_an_unknown_session_is_not_found(ask):
    done = ask("chat", "--session", "nonsense", "-q", "x")
    assert done.returncode == 5 and done.stderr.count("\n") == 1


def test_escapes_in_a_reply_do_not_reach_the_terminal(ask, server):
    server.answers[:] = [Answer("a\x1b]0;owned\x07\x1b[2Jb")]
    assert ask("chat", "-q", "x").stdout == "ab\n"


@pytest.mark.parametrize(
    ("answer", "said"), [(failure(401, "bad key"), "OPENAI_API_KEY"), (failure(404, "no such model"), "no such model")]
)
def test_a_failing_server_is_one_line_and_exit_code_one(ask, server, answer, said):
    server.answers[:] = [answer] * 9
    done = ask("chat", "-q", "x", "--model", "fake-model")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and said in done.stderr


def test_without_a_model_it_says_what_to_set_and_exits_with_two(ask):
    done = ask("chat", "-q", "x", OPENAI_BASE_URL="", OPENAI_API_KEY="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "OPENAI_API_KEY" in done.stderr and done.stderr.count("\n") == 1


def test_without_a_terminal_and_without_a_message_there_is_nothing_to_do(ask):
    done = ask("chat")
    assert done.returncode == 2 and "-q" in done.stderr


def test_without_a_workspace_it_says_how_to_make_one(ask, tmp_path):
    done = ask("chat", "-q", "x", HERMES_WORKSPACE=str(tmp_path / "none"))
    assert done.returncode == 5 and "hermes init" in done.stderr


def test_options_that_contradict_are_wrong_usage(ask):
    assert ask("chat", "--continue", "--session", "x", "-q", "y").returncode == 2
    assert ask("chat", "--json").returncode == 2


def test_ctrl_c_ends_the_turn_with_130_and_the_session_is_kept(environ, ask, server, tmp_path):
    server.answers[:] = [Answer(manner="hang")]
    command = [sys.executable, "-m", "hermes_fs", "chat", "-q", "remember this"]
    process = subprocess.Popen(
        command, cwd=tmp_path / "work", env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not any("chat/completions" in request["path"] for request in server.requests):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "interrupted\n")
    ask("chat", "--continue", "-q", "go on")
    assert "remember this" in json.dumps(server.requests[-1]["body"])
