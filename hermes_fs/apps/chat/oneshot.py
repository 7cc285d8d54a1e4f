"""One message, one turn, one exit code: `hermes chat -q`, piped input and `--json`. Loads no terminal library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Protocol

from hermes_fs.apps.chat import describe
from hermes_fs.apps.chat.face import Face, play
from hermes_fs.apps.chat.interrupts import interrupting
from hermes_fs.apps.chat.wire import as_json
from hermes_fs.core.errors import Failed
from hermes_fs.core.events import Event
from hermes_fs.core.ports import Ask
from hermes_fs.core.types import Answer, Part, Question


class Speaker(Protocol):
    """The side of a conversation that a single turn needs."""

    @property
    def id(self) -> str: ...

    @property
    def model(self) -> str: ...

    def send(self, text: str, ask: Ask, attached: Sequence[Part] = ()) -> Iterator[Event]: ...

    def interrupt(self) -> None: ...


class JsonLines:
    """A face for programs: each event is one JSON object on a line of its own, written at once."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    @contextmanager
    def turn(self) -> Iterator[None]:
        yield

    @contextmanager
    def paused(self) -> Iterator[None]:
        yield

    def begin(self, speaker: Speaker) -> None:
        """The first line: which session this is, so that a program can go on with it."""
        self._write({"type": "session", "session": speaker.id, "model": speaker.model})

    def show(self, event: Event) -> None:
        self._write(as_json(event))

    def _write(self, value: object) -> None:
        self._out.write(json.dumps(value) + "\n")  # ASCII only: safe on every terminal and in every locale
        self._out.flush()


def nobody(question: Question) -> Answer:
    """The `Ask` where nobody is there: everything that needs a person is refused."""
    return Answer(None)


def run_once(speaker: Speaker, text: str, face: Face, ask: Ask, attached: Sequence[Part] = ()) -> int:
    """Play one turn to its end; returns the exit code. Ctrl-C interrupts it."""
    with interrupting(speaker.interrupt):
        ended = play(speaker.send(text, ask, attached), face)
    if ended is None:
        raise Failed("the turn stopped without an ending", "send the message again")
    return describe.exit_code(ended)
