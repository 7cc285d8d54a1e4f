"""The interactive chat: reads a message, plays its turn, runs slash commands, until the person leaves."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from typing import Protocol, assert_never

from hermes_fs import commands
from hermes_fs.apps.chat import describe
from hermes_fs.apps.chat.asking import Asker
from hermes_fs.apps.chat.face import Face, play
from hermes_fs.apps.chat.ink import Ink, Style
from hermes_fs.apps.chat.interrupts import interrupting
from hermes_fs.apps.chat.reading import Reader
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.commands import Left, Played, Said, Talk
from hermes_fs.core.errors import HermesError
from hermes_fs.core.terminal import one_line

_TITLE = 40


Reports = Callable[[], list[str]]
"""What there is to tell a person since the last call, a line each."""


class Stage(Face, Protocol):
    """A face that also shows what the chat itself says."""

    def line(self, text: str, style: Style = "dim") -> None: ...

    def say(self, text: str, diff: bool = False) -> None: ...


class Chat:
    """One person at one terminal. `run` blocks until they leave."""

    def __init__(self, talk: Talk, stage: Stage, reader: Reader, tty: Tty, reports: Reports) -> None:
        self._talk = talk
        self._stage = stage
        self._reader = reader
        self._tty = tty
        self._reports = reports
        self._ask = Asker(tty, stage, self._interrupt, Ink(sys.stdout, os.environ))

    def run(self) -> None:
        """Raises KeyboardInterrupt only when a turn does not stop after three Ctrl-C."""
        leaving = False
        while True:
            for report in self._reports():
                self._stage.line(one_line(report), "yellow")
            try:
                text = self._reader.read(self._toolbar).strip()
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

    def _handle(self, text: str) -> bool:
        """One message or command; False when the person leaves."""
        try:
            command = commands.parse(text)
            if command is None:
                self._play(self._talk.conversation.send(text, self._ask))
                return True
            return self._show(commands.run(self._talk, *command))
        except HermesError as error:
            self._stage.line(f"error: {error.message}{f' — {error.hint}' if error.hint else ''}", "red")
            return True

    def _show(self, outcome: commands.Outcome) -> bool:
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

    def _play(self, events: commands.Events) -> int:
        """How many events there were."""
        count = itertools.count()
        with self._tty.silent(), interrupting(self._interrupt):
            play((event for event, _ in zip(events, count, strict=False)), self._stage)
        return next(count)

    def _interrupt(self) -> None:
        self._talk.conversation.interrupt()

    def _toolbar(self) -> str:
        conversation = self._talk.conversation
        words = [one_line(conversation.title, _TITLE), conversation.model]
        if conversation.usage.total:
            words.append(describe.spent(conversation.usage))
        return " · ".join(word for word in words if word)
