"""The face of a turn where no terminal shows it: the reply's text on one stream, remarks on another. No colour codes.

Loads nothing, because a one-shot prompt must start at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, assert_never

from hermes_fs.apps.chat import describe
from hermes_fs.apps.chat.ink import Style
from hermes_fs.core.events import (
    Appended,
    Asked,
    Compacted,
    Event,
    Learned,
    Notice,
    Proposed,
    SkillUsed,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
)
from hermes_fs.core.foreign import unwrap
from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.core.types import Message, ToolResult


class Plain:
    """`replies` gets replies; `remarks` gets a line per tool call, lesson and notice (None: they are not shown);
    `errors` gets why a turn did not end well, always.

    With `interim`, also what the model says before it calls tools; without, only the reply that ends the turn.
    """

    def __init__(self, replies: IO[str], remarks: IO[str] | None, errors: IO[str], interim: bool = False) -> None:
        self._replies = replies
        self._remarks = remarks
        self._errors = errors
        self._interim = interim

    @contextmanager
    def turn(self) -> Iterator[None]:
        yield

    @contextmanager
    def paused(self) -> Iterator[None]:
        yield

    def show(self, event: Event) -> None:
        match event:
            case TextDelta() | ThinkingDelta() | ToolStarted() | ToolOutput():
                return  # the whole message and the finished call say it once
            case Appended(message):
                self._reply(message)
            case ToolFinished(call, result, seconds):
                what = "  ".join(filter(None, (one_line(call.name), describe.argument(call))))
                self.line(f"{what} · {describe.seconds(seconds)}{_failure(result)}")
            case TurnEnded():
                self._ending(describe.ending(event))
            case Asked() | Compacted() | SkillUsed() | Notice() | Learned() | Proposed():
                self.line(describe.remark(event))
            case _:
                assert_never(event)

    def typed(self, text: Callable[[], str]) -> None:
        """Nothing is shown of a line on its way: what was written stays written here."""

    def line(self, text: str, style: Style = "dim") -> None:
        """One remark, already safe to print; an empty one is none."""
        if text and self._remarks:
            self._remarks.write(f"  {text}\n")
            self._remarks.flush()

    def say(self, text: str, diff: bool = False) -> None:
        """What a command answers."""
        self._replies.write(f"{neutralise(text)}\n")
        self._replies.flush()

    def _ending(self, text: str) -> None:
        if text:
            self._errors.write(f"{text}\n")
            self._errors.flush()

    def _reply(self, message: Message) -> None:
        wanted = message.role == "assistant" and (self._interim or not message.calls)
        text = neutralise(message.text).rstrip("\n")
        if wanted and text:
            self._replies.write(f"{text}\n")
            self._replies.flush()


def _failure(result: ToolResult) -> str:
    return f" · failed: {one_line(unwrap(result.text), 200)}" if result.failed else ""
