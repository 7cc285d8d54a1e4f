"""Puts the questions of `hermes setup` to the person at the terminal: each has a default, which Enter takes.

Writes to the terminal alone. Every question raises KeyboardInterrupt where the person leaves (Ctrl-C, end of input).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.core.errors import HermesError
from hermes_fs.core.terminal import one_line

_WIDTH = 76
_BESIDE = 60
"""Letters of a choice up to which its meaning stands beside its name."""
Choice = tuple[str, str]
"""What is offered, and a line on what it means."""


class Desk:
    """Lines are indented by two, the answers to choose from by four."""

    def __init__(self, tty: Tty, ink: Ink) -> None:
        self._tty = tty
        self._ink = ink

    def title(self, text: str, held: str) -> None:
        """The head of a step, with what holds now."""
        self._tty.write(f"\n  {self._ink(text, 'bold')}  {one_line(held)}\n")

    def say(self, text: str) -> None:
        for line in textwrap.wrap(one_line(text), _WIDTH):
            self._tty.write(f"  {self._ink(line, 'dim')}\n")

    def good(self, text: str) -> None:
        self._tty.write(f"  {self._ink('✓', 'green')} {one_line(text)}\n")

    def trouble(self, error: HermesError) -> None:
        """What could not be done; the step goes on or asks again."""
        hint = f" — {error.hint}" if error.hint else ""
        self._tty.write(f"  {self._ink('✗', 'red')} {one_line(error.message + hint)}\n")

    def ask(self, question: str, default: str = "") -> str:
        """One line, stripped."""
        shown = f" [{one_line(default)}]" if default else ""
        return self._line(f"  {question}{shown}: ") or default

    def hidden(self, question: str) -> str:
        """One line that is shown nowhere; "" for Enter alone."""
        said = self._tty.hidden(f"  {question}: ")
        if said is None:
            raise KeyboardInterrupt
        return said.strip()

    def agree(self, question: str, default: bool) -> bool:
        while True:
            said = self._line(f"  {question} [{'Y/n' if default else 'y/N'}] ").lower()
            if not said:
                return default
            if said in ("y", "yes", "n", "no"):
                return said.startswith("y")

    def choose(self, choices: Sequence[Choice], kept: str) -> int | None:
        """The place of what was chosen by its number or first word; None for Enter, which keeps what `kept` says."""
        beside = max(len(name) + len(detail) for name, detail in choices) < _BESIDE
        width = max(len(name) for name, _ in choices)
        for number, (name, detail) in enumerate(choices, 1):
            head = f"    {self._ink(str(number), 'bold')}  "
            if beside:
                self._tty.write(f"{head}{one_line(name):<{width}}  {self._ink(one_line(detail), 'dim')}\n")
                continue
            self._tty.write(f"{head}{one_line(name)}\n")
            for line in textwrap.wrap(one_line(detail), _WIDTH - 7):
                self._tty.write(f"       {self._ink(line, 'dim')}\n")
        while True:
            said = self._line(f"  which? [Enter: {kept}] ")
            if not said:
                return None
            if said.isdecimal() and 1 <= int(said) <= len(choices):
                return int(said) - 1
            named = [place for place, (name, _) in enumerate(choices) if name.split()[0].lower() == said.lower()]
            if named:
                return named[0]
            self._tty.write(f"  a number from 1 to {len(choices)}, please\n")

    def _line(self, prompt: str) -> str:
        said = self._tty.line(prompt)
        if said is None:
            raise KeyboardInterrupt
        return said.strip()
