"""The embedded model for real: from nothing to an answer, streamed, cut short, restarted, shared. Never its words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real_model.conftest import TURN_SECONDS, Person

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(2400)]


def server(person: Person) -> dict[str, object]:
    found = list(Path(person.environment["HOME"]).glob(".local/state/hermes-fs/server/*/server.json"))
    record = json.loads(found[0].read_text()) if found else {}
    assert isinstance(record, dict)
    return record


def test_without_any_model_set_up_yes_leads_to_an_answer(person: Person) -> None:
    assert person.hermes("chat", "-q", "Say hello.", "--yes", seconds=TURN_SECONDS).strip()
    assert person.hermes_json("model")["provider"] == "embedded"
    assert server(person)["alias"] == "qwen2.5-coder-1.5b"


def test_the_next_conversation_finds_the_server_and_is_streamed(person: Person) -> None:
    before = server(person)
    lines = person.hermes("chat", "-q", "Count from 1 to 20.", "--json", seconds=TURN_SECONDS).splitlines()
    assert [json.loads(line)["type"] for line in lines].count("text") > 5
    assert server(person) == before


def test_a_server_that_is_killed_in_the_middle_of_a_reply_costs_no_turn(person: Person) -> None:
    before = server(person)
    process = subprocess.Popen(
        [sys.executable, "-m", "hermes_fs", "chat", "-q", "Tell a long story of a lighthouse.", "--json"],
        cwd=person.work,
        env=person.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    events = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["type"] == "text" and server(person) == before:
            os.kill(int(str(before["pid"])), signal.SIGKILL)
            break
    deadline = time.monotonic() + TURN_SECONDS
    events += [json.loads(line) for line in process.stdout]
    assert process.wait(max(1, deadline - time.monotonic())) == 0
    assert any("ended in the middle of a reply" in str(event) for event in events)
    assert server(person)["pid"] != before["pid"]
