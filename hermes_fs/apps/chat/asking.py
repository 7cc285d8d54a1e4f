"""Puts a turn's question to the person at the terminal. What cannot be asked is answered with None: refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from hermes_fs.apps.chat.face import Face
from hermes_fs.apps.chat.ink import Ink, diff_ink
from hermes_fs.apps.chat.interrupts import by_default
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import spell_out, spelled_line
from hermes_fs.core.types import Answer, Question

_SHOWN_LINES = 30
_ROW = 200  # characters
_BLANKS = re.compile(r"[^\S\n]{40,}")
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){4,}")
_KEYS = {"once": "y", "yes": "y", "allow": "y", "session": "s", "always": "a", "no": "n", "deny": "n", "refuse": "n"}
_LABELS = {"session": "for this session"}
_NO = ("no", "deny", "refuse")
_TELL, _VIEW = "t", "v"
_INTERRUPT = "\x03"


class Asker:
    """Called with each question in the thread that drives the turn; blocks until it is answered.

    Ctrl-C at a question refuses it and calls `interrupt`.
    """

    def __init__(self, tty: Tty | None, face: Face, interrupt: Callable[[], None], ink: Ink) -> None:
        self._tty = tty
        self._face = face
        self._interrupt = interrupt
        self._ink = ink

    def __call__(self, question: Question) -> Answer:
        if self._tty is None:
            return Answer(None)
        with self._face.paused():
            value = self._ask(self._tty, question)
        return Answer(value, "owner" if value is not None else "")

    def _ask(self, tty: Tty, question: Question) -> str | None:
        tty.write(f"\n  {self._ink('?', 'yellow')} {self._ink(_indented(_plain(question.prompt)), 'bold')}\n")
        if question.kind == "approve":
            return self._approve(tty, question)
        if question.subject:
            tty.write("\n".join(self._subject(question.subject, 0)) + "\n")
        for number, option in enumerate(question.options, 1):
            tty.write(f"    {number}  {spelled_line(option)}\n")
        return self._line(tty, question)

    def _approve(self, tty: Tty, question: Question) -> str | None:
        whole, lines = self._subject(question.subject, 0), self._subject(question.subject, _SHOWN_LINES)
        cut = len(lines) < len(whole)
        tty.write("\n".join(lines) + ("\n" if lines else ""))
        keys = approval_keys(question.options)
        offer = {key: _LABELS.get(option, option) for key, option in keys.items()} | {_TELL: "no, and say why"}
        offer |= {_VIEW: "view all"} if cut else {}
        line = "  " + " · ".join(f"{self._ink(key, 'bold')} {text}" for key, text in offer.items()) + " "
        refusal = next((option for option in question.options if option in _NO), "no")
        while True:
            key, line = tty.key(line), ""
            if key.lower() == _VIEW and cut:
                tty.write("\n" + "\n".join(whole) + "\n  ")
            elif key.lower() == _TELL:
                tty.write("→ no\n")
                return self._line(tty, Question("text", "")) or refusal
            elif key in (_INTERRUPT, ""):
                tty.write("→ interrupted\n")
                self._interrupt()
                return refusal
            elif key.lower() in keys or key == "\x1b":
                option = keys.get(key.lower(), refusal)
                tty.write(f"→ {_LABELS.get(option, option)}\n")
                return option

    def _line(self, tty: Tty, question: Question) -> str | None:
        while True:
            try:
                with tty.spoken(), by_default():
                    text = tty.line("  › ")
            except KeyboardInterrupt:
                self._interrupt()
                return None
            if text is None or not question.options:
                return text
            text = text.strip()
            if text.isdecimal() and 1 <= int(text) <= len(question.options):
                return question.options[int(text) - 1]
            if text in question.options or (text and question.kind != "choose"):
                return text
            tty.write(f"  a number from 1 to {len(question.options)}, please\n")

    def _subject(self, subject: str, limit: int) -> list[str]:
        """What is decided on, nothing hidden: each line behind a bar, coloured where it is a diff. Beyond `limit` lines
        (0: all) its middle is left out, which is said."""
        lines = (
            [piece for line in _plain(subject).rstrip("\n").split("\n") for piece in _pieces(line)] if subject else []
        )
        diff = any(line.startswith("@@ ") for line in lines)
        if limit and len(lines) > limit:
            head, rest = limit * 2 // 3, limit // 3
            lines[head:-rest] = [f"… {len(lines) - head - rest} lines left out …"]
        bar = self._ink("│", "dim")
        return [f"    {bar} {diff_ink(self._ink, line) if diff else line}" for line in lines]


def _plain(text: str) -> str:
    """All of a text that a person decides on: what hides, poses or pushes the rest out of sight is shown."""
    text = _BLANKS.sub(lambda found: f" ⟨{len(found[0]):,} blanks⟩ ", spell_out(text))
    text = _EMPTY_LINES.sub(lambda found: f"\n⟨{found[0].count(chr(10)) - 1:,} empty lines⟩\n", text)
    surfaced: str = text if text.isascii() else load("hermes_fs.core.hidden:surface")(text)
    return surfaced


def _pieces(line: str) -> list[str]:
    """A line as rows of a bounded width, so that a long one counts as many."""
    return [line[start : start + _ROW] for start in range(0, len(line), _ROW)] or [""]


def approval_keys(options: tuple[str, ...]) -> dict[str, str]:
    """Key → option: y once, s session, a always, n no; any other option by its first free letter."""
    keys: dict[str, str] = {}
    for option in options or ("once", "no"):
        letters = [_KEYS.get(option, ""), *option.lower(), *"123456789"]
        key = next(letter for letter in letters if letter and letter not in (*keys, _TELL, _VIEW))
        keys[key] = option
    return keys


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n    ")
