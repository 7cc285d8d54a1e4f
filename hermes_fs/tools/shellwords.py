"""Reads the plainest of shell command lines: words and pipes, nothing that expands, redirects or runs something else.

What it does not understand it refuses to read, so that no command is taken for what it is not.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from dataclasses import dataclass

_METACHARACTERS = frozenset("\n\r;&<>()$`{}")
_GLOB = frozenset("*?[]")
_ASSIGNMENT = re.compile(r"\w+(?:\[.*)?\+?=")


class Unreadable(Exception):
    """The command line is not of the plain kind."""


@dataclass(frozen=True, slots=True)
class Word:
    """`text` is the word as the command will see it; `shell` is how to write it so that bash makes exactly that of it.
    A word with a `glob` in it becomes any number of file names, none of which begins with a dash."""

    text: str
    shell: str
    glob: bool = False


@dataclass(slots=True)
class _Growing:
    text: str = ""
    shell: str = ""
    glob: bool = False
    begun: bool = False

    def add(self, char: str) -> None:
        self.text += char
        self.shell += shlex.quote(char)
        self.begun = True

    def finished(self) -> Word:
        if not self.glob:
            return Word(self.text, shlex.quote(self.text) if not self.text.startswith("~") else self.shell)
        # A file named like an option must not become one.
        return Word(self.text, self.shell if self.text.startswith(("/", "~")) else f"./{self.shell}", True)


def read(command: str) -> list[list[Word]]:
    """The simple commands of a pipeline, each a non-empty list of words. Raises Unreadable for all else."""
    if any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") and char != "\t" for char in command):
        raise Unreadable
    commands: list[list[Word]] = [[]]
    rest = command.strip(" \t")
    while rest:
        if rest[0] == "|":
            if not commands[-1] or rest.startswith(("||", "|&")):
                raise Unreadable
            commands.append([])
            rest = rest[1:]
        else:
            word, rest = _word(rest)
            commands[-1].append(word)
        rest = rest.lstrip(" \t")
    for words in commands:
        if not words or _ASSIGNMENT.match(words[0].text) or words[0].glob:
            raise Unreadable
    return commands


def _word(rest: str) -> tuple[Word, str]:
    word = _Growing()
    if rest[0] == "#" or rest == "!" or rest.startswith("! "):
        raise Unreadable
    if rest[0] == "~":
        if not re.match(r"~(?:[/ \t|]|$)", rest):
            raise Unreadable  # another user's home
        word.text = word.shell = "~"
        word.begun, rest = True, rest[1:]
    while rest and rest[0] not in " \t|":
        char = rest[0]
        if char in _METACHARACTERS or (char == "~" and word.text.endswith(("=", ":"))):
            raise Unreadable  # bash reads a home there too
        if char in "'\"\\":
            rest = _quoted(word, rest)
            continue
        if char in _GLOB:
            word.text, word.shell, word.glob = word.text + char, word.shell + char, True
        else:
            word.add(char)
        rest = rest[1:]
    return word.finished(), rest


def _quoted(word: _Growing, rest: str) -> str:
    """Takes the quoted piece at the start of `rest` into the word; returns what follows it."""
    quote = rest[0]
    if quote == "\\":
        if len(rest) < 2:
            raise Unreadable
        word.add(rest[1])
        return rest[2:]
    word.begun = True
    place = 1
    while place < len(rest) and rest[place] != quote:
        char = rest[place]
        if quote == '"':
            if char in "$`":
                raise Unreadable
            if char == "\\" and rest[place + 1 : place + 2] in ('"', "\\", "$", "`"):
                place += 1
                char = rest[place : place + 1]
        word.add(char)
        place += 1
    if place >= len(rest):
        raise Unreadable
    return rest[place + 1 :]
