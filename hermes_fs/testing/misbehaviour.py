"""How servers misbehave, and what a whole conversation makes of each case: the matrix, for tests and for its table.

Each case is a turn through the real SDK, the retries, the loop and the transcript, then a second turn that must be
answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hermes_fs.agent.conversation import Conversation
from hermes_fs.core.events import EndReason, Notice, TurnEnded
from hermes_fs.core.types import Answer, Question
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store.replay import replay
from hermes_fs.store.transcript import read
from hermes_fs.testing.openai_server import OpenAIServer

KEY = "sk-test-0123456789"
SILENCE = 0.4
"""Seconds after which a hanging server counts as broken here."""


@dataclass(frozen=True, slots=True)
class Case:
    """`fault` is what the server is asked to do wrong, see openai_answers; `ends` is how the turn must end, with `says`
    among the words of its last line."""

    name: str
    fault: str
    ends: EndReason = "done"
    says: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case. `calls` are the requests to the model in the first turn, `answered` whether the turn after
    it was, `replays` whether the transcript gives the conversation again; `seconds` of the first turn."""

    reason: EndReason
    detail: str
    notices: tuple[str, ...]
    calls: int
    seconds: float
    answered: bool
    replays: bool


_ONCE = (
    ("429 with Retry-After, once", "status=429 retry_after=0.2"),
    ("429 without, once", "status=429"),
    ("500, once", "status=500"),
    ("503, once", "status=503"),
    ("529, once", "status=529"),
    ("stream cut, once", "cut=1"),
    ("hanging before the answer, once", "hang=1"),
    ("hanging within it, once", "stall=1"),
    ("never ending, once", "linger=1"),
    ("empty reply, once", "empty=1"),
    ("malformed arguments, once", "malformed=1"),
    ("context overflow, once", "overflow=1"),
)
CASES: tuple[Case, ...] = (
    *(Case(name, f"{fault} times=1") for name, fault in _ONCE),
    Case("401", "status=401", "error", "OPENAI_API_KEY"),
    Case("402", "status=402", "error", "scripted failure"),
    Case("404", "status=404", "error", "hermes model"),
    Case("429, Retry-After of an hour", "status=429 retry_after=3600", "error", "hermes model"),
    Case("429", "status=429", "error", "hermes model"),
    Case("500", "status=500", "error", "hermes model"),
    Case("503", "status=503", "error", "hermes model"),
    Case("529", "status=529", "error", "hermes model"),
    Case("stream cut", "cut=1", "error", "broke off"),
    Case("hanging before the answer", "hang=1", "error", "did not answer in time"),
    Case("hanging within it", "stall=1", "error", "did not answer in time"),
    Case("empty reply", "empty=1", "error", "answered nothing"),
    Case("malformed arguments", "malformed=1", "repeating", "same call"),
    Case("context overflow", "overflow=1", "error", "/new"),
    Case("content filter", "filter=1", "filtered", "content filter"),
)


def options(server: OpenAIServer, workspace: Path, work_dir: Path, wire: str, **more: Any) -> Options:
    """A front end's wishes: this server over this wire, two tries, little patience."""
    settings: Mapping[str, Any] = {
        "model.base_url": server.base_url,
        "model.wire": wire,
        "model.api_key_env": "OPENAI_API_KEY",
        "retries.attempts": 2,
        "retries.silence": SILENCE,
        "recall.hits": 0,
        **more,
    }
    environ = {"OPENAI_API_KEY": KEY, "HOME": str(work_dir), "PATH": "/usr/bin:/bin"}
    return Options(workspace=workspace, work_dir=work_dir, environ=environ, yes=True, settings=settings)


def meet(runtime: Runtime, server: OpenAIServer, case: Case) -> Outcome:
    """One conversation that meets the fault in its third turn, so that there is something to compact."""
    talk = runtime.conversation()
    for text in ("tell me a lot [[fake text=20000]]", "and more [[fake text=20000]]"):
        _say(talk, text)
    before, started = len(server.chats()), time.monotonic()
    notices, ended = _say(talk, f"now this [[fake {case.fault}]]")
    seconds, calls = time.monotonic() - started, len(server.chats()) - before
    _, after = _say(talk, "[[fake text=3]] and now?")
    messages, path = talk.messages[1:], talk.pen.transcript.path
    talk.close()
    replays = replay(read(path).records) == messages
    said = tuple(notice.text for notice in notices)
    return Outcome(ended.reason, ended.detail, said, calls, seconds, after.reason == "done", replays)


def _say(talk: Conversation, text: str) -> tuple[list[Notice], TurnEnded]:
    ask: Callable[[Question], Answer] = lambda question: Answer(None)  # noqa: E731 - a type is needed
    events = list(talk.send(text, ask))
    ended = events[-1]
    if not isinstance(ended, TurnEnded):
        raise AssertionError(f"a turn must end with TurnEnded, not with {ended}")
    return [event for event in events if isinstance(event, Notice)], ended
