"""A person's standing answers to commands: `in DIRECTORY: COMMAND`, and never this one. Pure text, kept in local.yaml.

A rule is exactly one plain command in one directory. What is only known when it runs has none.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hermes_fs.core.loading import load
from hermes_fs.tools.commands.effects import Effect
from hermes_fs.tools.commands.parse import parse
from hermes_fs.tools.commands.tokens import Unreadable, Word

_UNRULED: frozenset[Effect] = frozenset(("unknown", "credentials", "persist", "remote code", "history"))
"""What a person may allow once or for a session, but not for ever."""

_HOME = re.compile(r"(?:^|[=:])~")
"""Somebody's home where it stands bare, a plain letter where it is quoted: the word does not tell."""


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
    if effects & _UNRULED or not words or ": " in directory or not _shows_all(f"{directory} {command}"):
        return None
    return Rule(directory, words)


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
    """Whether the person has said never to this very command, wherever it runs and however it is quoted; a plain one is
    found within a longer line, too."""
    texts = tuple(kept)
    if " ".join(command.split()) in {" ".join(text.split()) for text in texts}:
        return True
    asked = set(_plain_commands(command)) - {()} if texts else set()
    return any(_words(text) in asked for text in texts) if asked else False


def _shows_all(text: str) -> bool:
    """Whether a person who reads a rule sees all of it, as it is."""
    return text.isprintable() and (text.isascii() or not load("hermes_fs.core.hidden:find")(text))


def _words(command: str) -> tuple[str, ...]:
    """Of one plain command, () for anything else: what is shown of it as a rule is all that bash reads in it."""
    found = _plain_commands(command)
    try:
        alone = len(found) == 1 and tuple(shlex.split(command)) == found[0]
    except ValueError:
        return ()
    return found[0] if alone else ()


def _plain_commands(command: str) -> list[tuple[str, ...]]:
    """The words of every command in a line, () for one that a rule cannot name; what it sets and redirects aside."""
    try:
        line = parse(command)
    except Unreadable:
        return []
    return [_known_words(simple.words) for simple in (*line.commands, *line.inner)]


def _known_words(words: Sequence[Word]) -> tuple[str, ...]:
    if any(word.dynamic or word.glob for word in words):
        return ()
    texts = tuple(word.text for word in words)
    return () if any(_HOME.search(text) for text in texts) else texts
