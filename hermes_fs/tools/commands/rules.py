"""A person's standing answers to commands: `in DIRECTORY: COMMAND`, and never this one. Pure text, kept in local.yaml.

A rule is exactly one plain command in one directory. What is only known when it runs has none.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from hermes_fs.tools.commands.effects import Effect
from hermes_fs.tools.commands.parse import parse
from hermes_fs.tools.commands.tokens import Unreadable

_UNRULED: frozenset[Effect] = frozenset(("unknown", "credentials", "persist", "remote code", "history"))
"""What a person may allow once or for a session, but not for ever."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`words` are the command's, as bash would give them to it."""

    directory: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"in {self.directory}: {shlex.join(self.words)}"


def rule_for(command: str, directory: str, effects: frozenset[Effect]) -> Rule | None:
    """The rule that would always allow this command here; None where there can be none."""
    words = _words(command)
    return None if effects & _UNRULED or not words else Rule(directory, words)


def read(text: str) -> Rule | None:
    """A rule as it was kept; None for what is none."""
    head, separator, command = text.removeprefix("in ").partition(": ")
    if not separator or not head.startswith("/"):
        return None
    try:
        return Rule(head, tuple(shlex.split(command)))
    except ValueError:
        return None


def allowed(command: str, directory: str, kept: Iterable[str]) -> Rule | None:
    """The kept rule that covers exactly this command in this directory."""
    words = _words(command)
    rules = (read(text) for text in kept)
    return next((rule for rule in rules if rule and words and rule == Rule(directory, words)), None)


def forbidden(command: str, kept: Iterable[str]) -> bool:
    """Whether the person has said never to this very command, wherever it runs."""
    return " ".join(command.split()) in {" ".join(text.split()) for text in kept}


def _words(command: str) -> tuple[str, ...]:
    """Of one plain command, () for anything else."""
    try:
        found = parse(command).commands
    except Unreadable:
        return ()
    if len(found) != 1 or found[0].sets or found[0].redirects:
        return ()
    words = found[0].words
    return () if any(word.dynamic or word.glob for word in words) else tuple(word.text for word in words)
