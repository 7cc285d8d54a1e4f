"""A model that saves nothing for long is reminded once, and what it saves then says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.agent.conversation import Conversation
from hermes_fs.core.types import Answer, Text
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import history
from hermes_fs.store.init import init
from hermes_fs.testing.openai_server import OpenAIServer

KEEP = 'keep it [[fake tools=1 name=memory args={"action": "add", "text": "The office is in %s"}]]'
SAVED_NOTHING = "Nothing of this conversation was saved"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    init(tmp_path / "mind")[0].close()
    (tmp_path / "project").mkdir()
    with OpenAIServer(reply="Well.") as server:
        environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENAI_BASE_URL": server.base_url}
        settings = {"learning.nudge_after": 2, "terminal.backend": "local"}
        with Runtime.open(Options(tmp_path / "mind", tmp_path / "project", environ, settings=settings)) as runtime:
            yield runtime


def reminded(talk: Conversation, text: str) -> bool:
    """Whether a message that is sent now carries the reminder."""
    for _ in talk.send(text, lambda question: Answer(None)):
        pass
    said = [message for message in talk.messages if message.role == "user"][-1]
    return any(SAVED_NOTHING in part.text for part in said.parts if isinstance(part, Text) and part.aside)


def triggers(runtime: Runtime) -> list[str]:
    found = (one.trailers.get("Trigger", "") for one in history.log(runtime.workspace.git))
    return [trigger for trigger in reversed(list(found)) if trigger]


def test_after_some_turns_without_a_save_once(runtime: Runtime) -> None:
    talk = runtime.conversation()
    assert [reminded(talk, f"and {number}") for number in range(5)] == [False, False, True, False, False]
    talk.close()


def test_what_is_saved_in_that_turn_says_so_and_the_count_begins_anew(runtime: Runtime) -> None:
    talk = runtime.conversation()
    before = triggers(runtime)
    assert [reminded(talk, text) for text in ("a", "b", KEEP % "Bergen")] == [False, False, True]
    assert triggers(runtime) == [*before, "nudge"]
    assert [reminded(talk, text) for text in ("c", KEEP % "Graz", "d", "e", "f")] == [False, False, False, False, True]
    assert triggers(runtime) == [*before, "nudge", "user"]
    talk.close()
