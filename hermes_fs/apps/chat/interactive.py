"""The interactive chat: reads a message, plays its turn, runs slash commands, until the person leaves."""

from __future__ import annotations

import itertools
import os
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, assert_never

from hermes_fs import commands
from hermes_fs.apps.chat import describe
from hermes_fs.apps.chat.asking import Asker
from hermes_fs.apps.chat.face import Face, play
from hermes_fs.apps.chat.ink import Ink, Style
from hermes_fs.apps.chat.interrupts import interrupting
from hermes_fs.apps.chat.mentions import attached
from hermes_fs.apps.chat.reading import Reader
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.apps.chat.typing import Key, Typing
from hermes_fs.commands.talk import Events, Left, Outcome, Played, Said, Talk
from hermes_fs.core.errors import HermesError
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Answer, Question

_TITLE = 40


class Reports(Protocol):
    """What there is to tell a person between two messages."""

    def lines(self) -> list[str]:
        """What happened since the last call."""
        ...

    def status(self) -> str:
        """A word for the toolbar, "" for none."""
        ...


class Stage(Face, Protocol):
    """A face that also shows what the chat itself says."""

    def line(self, text: str, style: Style = "dim") -> None: ...

    def typed(self, text: Callable[[], str]) -> None:
        """From where to read the line that the person types while a turn runs, to show it."""
        ...

    def say(self, text: str, diff: bool = False) -> None: ...


class Chat:
    """One person at one terminal. `run` blocks until they leave."""

    def __init__(self, talk: Talk, stage: Stage, reader: Reader, tty: Tty, reports: Reports) -> None:
        self._talk = talk
        self._stage = stage
        self._reader = reader
        self._tty = tty
        self._reports = reports
        self._unsent = ""
        self._asker = Asker(tty, stage, self._interrupt, Ink(sys.stdout, os.environ))
        self._typing: Typing | None = None
        self._queue: deque[str] = deque()

    def run(self) -> None:
        """Raises KeyboardInterrupt only when a turn does not stop after three Ctrl-C."""
        leaving = False
        while True:
            for report in self._reports.lines():
                self._stage.line(one_line(report), "yellow")
            try:
                text = self._next()
            except EOFError:
                return
            except KeyboardInterrupt:
                if leaving:
                    return
                leaving = True
                self._stage.line("Ctrl-C once more leaves")
                continue
            leaving = False
            if text and not self._handle(text):
                return

    def _next(self) -> str:
        """What the person said while the last turn ran, else what they say now. Raises EOFError, KeyboardInterrupt."""
        if self._queue:
            text = self._queue.popleft()
            self._stage.line(f"› {one_line(text, 200)}", "bold")
            return text
        unsent, self._unsent = self._unsent, ""
        return self._reader.read(self._toolbar, unsent).strip()

    def _handle(self, text: str) -> bool:
        """One message or command; False when the person leaves."""
        try:
            command = commands.parse(text)
            if command is None:
                self._say(text)
                return True
            return self._show(commands.run(self._talk, *command))
        except HermesError as error:
            self._stage.line(f"error: {error.message}{f' — {error.hint}' if error.hint else ''}", "red")
            return True

    def _say(self, text: str) -> None:
        found = attached(text, self._talk.runtime.work_dir, Path.home())
        for remark in found.remarks:
            self._stage.line(one_line(remark))
        self._play(self._talk.conversation.send(text, self._ask, found.parts))
        self._queue.extendleft(reversed(self._talk.conversation.take_unread()))
        self._talk.runtime.settle(self._talk.conversation)

    def _show(self, outcome: Outcome) -> bool:
        match outcome:
            case Said(text, diff):
                self._stage.say(text, diff)
                return True
            case Played(events, otherwise):
                if not self._play(events):
                    self._stage.line(otherwise)
                return True
            case Left():
                return False
            case _:
                assert_never(outcome)

    def _play(self, events: Events) -> int:
        """How many events there were."""
        count = itertools.count()
        with self._tty.silent(), Typing(self._tty.descriptor, self._heard) as typing, interrupting(self._interrupt):
            self._typing = typing
            self._stage.typed(lambda: typing.text)
            try:
                play((event for event, _ in zip(events, count, strict=False)), self._stage)
            finally:
                self._typing = None
                self._unsent = typing.taken()
        return next(count)

    def _heard(self, line: str, key: Key) -> None:
        """Said while a turn runs: joins before the next model call, or waits for the end of the turn."""
        if key == "tab" or commands.parse(line):
            self._queue.append(line)
            self._stage.line(f"after this turn: {one_line(line, 200)}")
        else:
            self._talk.conversation.steer(line)
            self._stage.line(f"› {one_line(line, 200)}", "bold")

    def _ask(self, question: Question) -> Answer:
        if self._typing is None:
            return self._asker(question)
        with self._typing.paused():
            return self._asker(question)

    def _interrupt(self) -> None:
        """Ctrl-C: stops the turn; a line on its way is said next, instead."""
        if self._typing and (line := self._typing.taken().strip()):
            self._queue.append(line)
        self._talk.conversation.interrupt()

    def _toolbar(self) -> str:
        conversation = self._talk.conversation
        words = [one_line(conversation.title, _TITLE), one_line(conversation.model)]
        if conversation.usage.total:
            words.append(describe.spent(conversation.usage))
        return " · ".join(word for word in (*words, self._reports.status()) if word)
