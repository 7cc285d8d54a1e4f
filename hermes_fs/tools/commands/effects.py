"""What a command can do, in words that a person and the policy share. Data only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hermes_fs.tools.commands.parse import Simple
from hermes_fs.tools.commands.tokens import Word

Effect = Literal[
    "read",
    "write",
    "run",
    "fetch",
    "send",
    "credentials",
    "persist",
    "system",
    "delete",
    "history",
    "remote code",
    "unknown",
]
"""Reads; writes a file; runs the project's own code; reads from the network; sends something out; reads secrets; makes
something run later; changes the machine; deletes; rewrites a repository's past; runs what comes from the network; not
known."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a command can do. `why` completes "it …". `path` is what it writes or reads, as it stands there,
    for who knows the directories to judge; `hosts` are where it connects to, () where that is not known."""

    effect: Effect
    why: str = ""
    path: str = ""
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A command that was found: its name without a folder, its arguments, the whole of it, and how what it runs in turn
    is judged: a command line, or words."""

    name: str
    args: tuple[Word, ...]
    simple: Simple
    line: Callable[[str], Iterator[Finding]]
    words: Callable[[Sequence[Word]], Iterator[Finding]]

    @property
    def texts(self) -> list[str]:
        return [word.text for word in self.args]

    @property
    def operands(self) -> list[Word]:
        """Arguments that are no options, by the look of them."""
        if any(word.text == "--" for word in self.args):
            place = self.texts.index("--")
            return [word for word in self.args[:place] if not _is_option(word)] + list(self.args[place + 1 :])
        return [word for word in self.args if not _is_option(word)]

    def has(self, *options: str) -> bool:
        """Whether one of these options stands there: long ones also with `=`, single letters also in a cluster."""
        for text in self.texts:
            for option in options:
                if text == option or (option.startswith("--") and text.startswith(option + "=")):
                    return True
                if len(option) == 2 and option[0] == "-" and _is_cluster(text) and option[1] in text[1:]:
                    return True
        return False

    def value(self, *options: str) -> Word | None:
        """The value of the first of these options that stands there."""
        for place, word in enumerate(self.args):
            for option in options:
                if word.text == option and place + 1 < len(self.args):
                    return self.args[place + 1]
                if option.startswith("--") and word.text.startswith(option + "="):
                    return Word(word.text[len(option) + 1 :], word.dynamic)
        return None


_ACTS_LATER = re.compile(
    r"(?:^|/)(?:\.git/(?:hooks|config|info/attributes|modules)|\.husky|\.envrc|\.direnv|\.config/autostart)(?:/|$)"
)
_DATA = re.compile(r"\.(?:db|sqlite3?|mdb|rdb|kdbx|bak|dump|sql\.gz|img|iso|vmdk|qcow2)$", re.IGNORECASE)


def written(word: Word) -> Finding:
    """A file that comes to be or changes."""
    if word.dynamic:
        return Finding("unknown", "writes to a place that is only known when it runs")
    if _ACTS_LATER.search(word.text):
        return Finding("persist", f"writes {word.text}, which makes something run later", path=word.text)
    return Finding("write", "writes", path=word.text)


def emptied(word: Word) -> Finding:
    """A file whose content goes."""
    if not word.dynamic and _DATA.search(word.text):
        return Finding("delete", f"throws away what {word.text} holds", path=word.text)
    return written(word)


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


Handler = Callable[[Call], Iterator[Finding]]


def _is_cluster(text: str) -> bool:
    return text[:1] == "-" and text[1:2] != "-" and text[1:].isalpha()


def _is_option(word: Word) -> bool:
    return word.text.startswith("-") and word.text != "-" and not (word.dynamic and not word.text.strip("-"))
