"""What a bash command line consists of: words, operators, redirections. Data only, and the error of who reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

LONGEST = 262_144
"""Characters of a command line, here-documents included."""
DEEPEST = 12
"""Levels of substitution within substitution."""


_EVALUATED = re.compile(r"\[[^]\[]*?(?:\$\(|`|[<>]\()")
"""An index in which bash runs a command, also where the word was quoted."""


class Unreadable(Exception):
    """The command line is not understood; the message says why in a few words."""


@dataclass(frozen=True, slots=True)
class Word:
    """`text` is the word as far as it is known; `dynamic`: a part is only known when it runs; `glob`: it may become
    several file names; `names` are the variables in it, `bare`: it is one variable and nothing else. `gives` are
    variables that it sets by expanding. `shape` are its pieces where a part is not known: `=text`, `$name`, `#` for a
    number, `<` for what a command gives as a file, `?` for all else."""

    text: str
    dynamic: bool = False
    glob: bool = False
    quoted: bool = False
    names: tuple[str, ...] = ()
    bare: bool = False
    gives: tuple[str, ...] = ()
    shape: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` word: `word` is set. operator: `text`. redirection: `text` is the sign; for here-documents `body` is what
    is read. arithmetic: `(( … ))`. comment: nothing."""

    kind: Literal["word", "operator", "redirection", "arithmetic", "comment"]
    text: str = ""
    word: Word | None = None
    body: str = ""


def evaluates(text: str) -> bool:
    """Whether arithmetic on this text would run a command: `a[$(…)]`."""
    return bool(_EVALUATED.search(text))


def holds_code(text: str) -> bool:
    """Whether a text that is known holds what runs once bash expands it again."""
    return "$(" in text or "`" in text


@dataclass(slots=True)
class Growing:
    """A word on its way. `brace`: it may become several words."""

    pieces: list[str] = field(default_factory=list)
    dynamic: bool = False
    glob: bool = False
    quoted: bool = False
    begun: bool = False
    names: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)
    brace: bool = False
    only_names: bool = True
    shape: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """A piece that is known."""
        self.pieces.append(text)
        self.shape.append(f"={text}")
        self.begun = True
        self.only_names = self.only_names and not text

    def add_unknown(self, kind: Literal["#", "<", "?"] = "?") -> None:
        """A piece that is only known when it runs."""
        self.shape.append(kind)
        self.dynamic = self.begun = True
        self.only_names = False

    def add_variable(self, name: str) -> None:
        self.names.append(name)
        self.shape.append(f"${name}")
        self.dynamic = self.begun = True

    def finished(self) -> Word:
        bare = self.only_names and len(self.names) == 1
        text, names = "".join(self.pieces), tuple(self.names)
        shape = tuple(self.shape) if self.dynamic else ()
        return Word(text, self.dynamic, self.glob, self.quoted, names, bare, tuple(self.gives), shape)
