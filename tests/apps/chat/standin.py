"""A chat with a conversation that does what the message says: run as a process on a pseudo-terminal."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from hermes_fs import commands
from hermes_fs.apps.chat.assemble import reader, stage
from hermes_fs.apps.chat.history import History
from hermes_fs.apps.chat.interactive import Chat
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.commands.talk import Talk
from hermes_fs.core.errors import Refused
from hermes_fs.core.events import (
    Appended,
    Asked,
    Compacted,
    Event,
    Learned,
    TextDelta,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
)
from hermes_fs.core.ports import Ask
from hermes_fs.core.types import Commit, Part, Question, ToolCall, ToolResult, Usage, assistant, user


class Conversation:
    id = "01JTEST"
    model = "stand-in"
    tools = ("terminal",)

    def __init__(self) -> None:
        self.title = ""
        self.usage = Usage()
        self._stop = threading.Event()
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()

    def send(self, text: str, ask: Ask, attached: Sequence[Part] = ()) -> Iterator[Event]:
        self._stop.clear()
        self.title = self.title or text[:60]
        match text.split()[0]:
            case "approve":
                yield from self._approve(ask)
            case "slow":
                yield from self._slow()
            case "fail":
                raise Refused("that is not possible", "ask for something else")
            case "learn":
                yield Learned(Commit("k3v9qa1ffffff", "01J", "memory: add 1 entry", datetime.now(UTC)))
                yield from self._reply("Noted.")
            case "long":
                yield from self._long()
            case "look":
                yield from self._reply(" ".join(type(part).__name__ for part in attached) or "nothing")
            case "stubborn":
                yield TextDelta("never ")
                threading.Event().wait()
            case _:
                yield from self._reply(f"You said **{text!r}**.")

    def interrupt(self) -> None:
        self._stop.set()

    def steer(self, text: str) -> None:
        self._said.put(text)

    def take_unread(self) -> list[str]:
        return [] if self._said.empty() else [self._said.get()]

    def _long(self) -> Iterator[Event]:
        """Works until it is steered."""
        call = ToolCall("1", "terminal", '{"command": "make"}')
        yield ToolStarted(call)
        while not self._stop.wait(0.02):
            if not self._said.empty():
                yield ToolFinished(call, ToolResult("1", "made"), 0.5)
                yield from self._reply(f"Steered by {self._said.get()!r}.")
                return
        yield ToolFinished(call, ToolResult("1", "interrupted", failed=True), 0.5)
        yield TurnEnded("cancelled", self.usage, "interrupted")

    def compact(self) -> Iterator[Event]:
        if self.usage.total:
            yield Compacted(user("summary"), 3)

    def reload(self) -> None: ...

    def close(self) -> None: ...

    def _reply(self, text: str) -> Iterator[Event]:
        for place in range(0, len(text), 4):
            yield TextDelta(text[place : place + 4])
        self.usage += Usage(1_000, 200, 0, 0.01)
        yield Appended(assistant(text), "agent", Usage(1_000, 200, 0, 0.01))
        yield TurnEnded("done", self.usage)

    def _approve(self, ask: Ask) -> Iterator[Event]:
        call = ToolCall("1", "terminal", '{"command": "rm -rf build"}')
        question = Question("approve", "Run this command?", "rm -rf build", ("once", "session", "no"))
        yield ToolStarted(call)
        answer = ask(question)
        yield Asked(question, answer)
        yield ToolFinished(call, ToolResult("1", "refused", failed=answer.value == "no"), 0.1)
        yield from self._reply(f"The answer was {answer.value}.")

    def _slow(self) -> Iterator[Event]:
        call = ToolCall("1", "terminal", '{"command": "sleep 60"}')
        yield ToolStarted(call)
        yield ToolOutput("1", "working\n")
        self._stop.wait(60)
        yield ToolFinished(call, ToolResult("1", "interrupted", failed=True), 0.5)
        yield TurnEnded("cancelled", self.usage, "interrupted")


class Runtime:
    work_dir = Path.cwd()

    def conversation(self, session_id: str = "", model: str = "") -> Conversation:
        return Conversation()

    def settle(self, conversation: object = None) -> None:
        """Nothing is learned beside this one."""


class Quiet:
    def lines(self) -> list[str]:
        return []

    def status(self) -> str:
        return ""


def main() -> None:
    runtime = Runtime()
    talk = Talk(runtime, runtime.conversation())
    tty = Tty.find()
    assert tty is not None
    face = stage(os.environ)
    history = History(Path(sys.argv[1]), lambda text: text.replace("hunter2", "[redacted]"))
    chosen, hint = reader(history, lambda text: commands.complete(talk, text), os.environ)
    print("  ready", hint)
    Chat(talk, face, chosen, tty, Quiet()).run()
    print("  bye")


main()
