"""Reads the tokens of a bash command line: words, operators, redirections. Knows no grammar and no command.

Linear in the text; what it cannot read it says so, for a misread command is worse than a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from hermes_fs.tools.commands.brackets import Unreadable, closing, end_of_commands

LONGEST = 262_144
"""Characters of a command line, here-documents included."""
MOST = 4_000
"""Words, signs and substitutions of a command line."""

_OPERATORS = ("&&", "||", ";;&", ";;", ";&", "|&", "((", "&>>", "&>", ";", "|", "&", "(", ")", "\n")
_REDIRECTIONS = ("<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,+@%^-]+")
_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_FD = re.compile(r"(?:\d+|\{[A-Za-z_]\w*\})(?=[<>])")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Word:
    """`text` is the word as far as it is known; `dynamic`: a part is only known when it runs; `glob`: it may become
    several file names; `names` are the variables in it, `bare`: it is one variable and nothing else."""

    text: str
    dynamic: bool = False
    glob: bool = False
    quoted: bool = False
    names: tuple[str, ...] = ()
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` word: `word` is set. operator: `text`. redirection: `text` is the sign; for here-documents `body` is what
    is read."""

    kind: Literal["word", "operator", "redirection"]
    text: str = ""
    word: Word | None = None
    body: str = ""
    live: bool = False  # whether bash expands the body of a here-document


@dataclass(slots=True)
class _Growing:
    pieces: list[str] = field(default_factory=list)
    dynamic: bool = False
    glob: bool = False
    quoted: bool = False
    begun: bool = False
    names: list[str] = field(default_factory=list)
    only_names: bool = True

    def add(self, text: str) -> None:
        self.pieces.append(text)
        self.begun = True
        self.only_names = self.only_names and not text

    def finished(self) -> Word:
        bare = self.only_names and len(self.names) == 1
        return Word("".join(self.pieces), self.dynamic, self.glob, self.quoted, tuple(self.names), bare)


class Reader:
    """Tokens of one command line. `inner` is called with the text of each substitution, as it is read."""

    def __init__(self, text: str, inner: Callable[[str], None]) -> None:
        if len(text) > LONGEST:
            raise Unreadable("it is too long")
        if "\0" in text:
            raise Unreadable("it holds a NUL")
        self._text = text
        self._at = 0
        self._inner = inner
        self._pieces = 0
        self._waiting: list[tuple[int, str, bool, bool]] = []
        self.tokens: list[Token] = []

    def read(self) -> list[Token]:
        """All tokens. Raises Unreadable."""
        while self._at < len(self._text):
            if len(self.tokens) > MOST:
                raise Unreadable("it has too many words")
            blank = _BLANK.match(self._text, self._at)
            if blank:
                self._at = blank.end()
            elif self._text[self._at] == "#":
                self._at = self._end_of_line()
            else:
                self._token()
        if self._waiting:
            raise Unreadable("a here-document has no end")
        return self.tokens

    def _token(self) -> None:
        text, at = self._text, self._at
        number = _FD.match(text, at)
        if number:
            self._at = at = number.end()
        if text.startswith(("<(", ">("), at):
            self._word()
            return
        for sign in _OPERATORS:
            if text.startswith(sign, at) and not number:
                self._at += len(sign)
                self.tokens.append(Token("operator", sign))
                if sign == "\n":
                    self._here_documents()
                return
        for sign in _REDIRECTIONS:
            if text.startswith(sign, at):
                self._at += len(sign)
                self._redirection(sign)
                return
        self._word()

    def _redirection(self, sign: str) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        if self._at >= len(self._text) or self._text[self._at] in "\n;&|":
            raise Unreadable("a redirection leads nowhere")
        word = self._one_word()
        if sign in ("<<", "<<-"):
            self._waiting.append((len(self.tokens), word.text, sign == "<<-", not word.quoted))
        self.tokens.append(Token("redirection", sign, word, word.text if sign == "<<<" else ""))

    def _here_documents(self) -> None:
        """The bodies stand after the line that names them."""
        for place, mark, tabs, live in self._waiting:
            lines: list[str] = []
            while True:
                if self._at >= len(self._text):
                    raise Unreadable("a here-document has no end")
                end = self._end_of_line()
                line = self._text[self._at : end]
                self._at = min(end + 1, len(self._text))
                line = line.lstrip("\t") if tabs else line
                if line == mark:
                    break
                lines.append(line)
            body = "\n".join(lines)
            if live:
                self._expansions_of(body)
            held = self.tokens[place]
            self.tokens[place] = Token(held.kind, held.text, held.word, body, live)
        self._waiting.clear()

    def _expansions_of(self, body: str) -> None:
        """Substitutions run in a here-document that is not quoted."""
        if "$(" in body or "`" in body:
            reader = Reader(f'"{_without_quotes(body)}"', self._inner)
            reader.read()

    def _end_of_line(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    # -- words --------------------------------------------------------------------------------------------------------

    def _word(self) -> None:
        self.tokens.append(Token("word", word=self._one_word()))

    def _one_word(self) -> Word:
        word = _Growing()
        text = self._text
        while self._at < len(text):
            plain = _PLAIN.match(text, self._at)
            if plain:
                word.add(plain[0])
                self._at = plain.end()
                continue
            char = text[self._at]
            if text.startswith(("<(", ">("), self._at):
                self._substitution(word, 2)
            elif char in " \t\n;&|()<>":
                break
            else:
                self._piece(word, char)
        if not word.begun:
            raise Unreadable(f"{text[self._at : self._at + 10]!r} is not understood")
        return word.finished()

    def _piece(self, word: _Growing, char: str) -> None:
        match char:
            case "'":
                end = self._text.find("'", self._at + 1)
                if end < 0:
                    raise Unreadable("a quote has no end")
                word.add(self._text[self._at + 1 : end])
                word.quoted = True
                self._at = end + 1
            case '"':
                self._double_quoted(word)
            case "\\":
                self._escaped(word)
            case "$":
                self._dollar(word)
            case "`":
                self._backticks(word)
            case _:
                word.glob = word.glob or char in "*?["
                word.dynamic = word.dynamic or (char == "{" and bool(_BRACES.match(self._text, self._at)))
                word.add(char)
                self._at += 1

    def _escaped(self, word: _Growing) -> None:
        follows = self._text[self._at + 1 : self._at + 2]
        if follows != "\n":
            word.add(follows or "\\")
        word.quoted = True
        self._at += 2

    def _double_quoted(self, word: _Growing) -> None:
        word.quoted = True
        word.begun = True
        self._at += 1
        text = self._text
        while self._at < len(text):
            stop = _IN_QUOTES.match(text, self._at)
            if stop:
                word.add(stop[0])
                self._at = stop.end()
                continue
            char = text[self._at]
            if char == '"':
                self._at += 1
                return
            if char == "\\":
                follows = text[self._at + 1 : self._at + 2]
                word.add("" if follows == "\n" else follows if follows in '$`"\\' else "\\" + follows)
                self._at += 2
            elif char == "`":
                self._backticks(word)
            else:
                self._dollar(word)
        raise Unreadable("a quote has no end")

    def _dollar(self, word: _Growing) -> None:
        text, at = self._text, self._at
        if text.startswith("$((", at):
            word.dynamic = True
            word.add("")
            word.only_names = False
            self._at = self._arithmetic(at + 3)
        elif text.startswith("$(", at):
            self._substitution(word, 2)
        elif text.startswith("${", at):
            self._braced(word)
        elif text.startswith("$'", at):
            self._ansi(word)
        elif text.startswith('$"', at):
            self._at += 1
            self._double_quoted(word)
        elif name := _NAME.match(text, at + 1):
            self._variable(word, name[0])
            self._at = name.end()
        elif text[at + 1 : at + 2] and text[at + 1] in "0123456789@*#?$!-":
            self._variable(word, text[at + 1])
            self._at += 2
        else:
            word.add("$")
            self._at += 1

    def _variable(self, word: _Growing, name: str) -> None:
        plain = word.only_names and not "".join(word.pieces)
        word.names.append(name)
        word.dynamic = word.begun = True
        word.only_names = plain

    def _braced(self, word: _Growing) -> None:
        end = closing(self._text, self._at + 2, "{", "}")
        inside = self._text[self._at + 2 : end]
        if _NAME.fullmatch(inside):
            self._variable(word, inside)
        else:
            word.dynamic = word.begun = True
            word.only_names = False
            if "$(" in inside or "`" in inside:
                Reader(f'"{_without_quotes(inside)}"', self._inner).read()
        self._at = end + 1

    def _ansi(self, word: _Growing) -> None:
        word.quoted = True
        self._at += 2
        text = self._text
        while self._at < len(text) and text[self._at] != "'":
            if text[self._at] != "\\":
                word.add(text[self._at])
                self._at += 1
                continue
            code = _CODE.match(text, self._at + 1)
            if code:
                base = 16 if code[0][0] in "xuU" else 8
                word.add(chr(min(int(code[0].lstrip("xuU"), base), 0x10FFFF)))
                self._at = code.end()
            else:
                follows = text[self._at + 1 : self._at + 2]
                word.add(_ANSI.get(follows, follows))
                self._at += 2
        if self._at >= len(text):
            raise Unreadable("a quote has no end")
        word.begun = True
        self._at += 1

    def _substitution(self, word: _Growing, opening: int) -> None:
        """$( ), <( ) and >( ): what is in them runs."""
        self._pieces += 1
        if self._pieces > MOST:
            raise Unreadable("it has too many substitutions")
        start = self._at + opening
        end = end_of_commands(self._text, start)
        self._inner(self._text[start:end])
        word.dynamic = word.begun = True
        word.only_names = False
        self._at = end + 1

    def _backticks(self, word: _Growing) -> None:
        self._pieces += 1
        if self._pieces > MOST:
            raise Unreadable("it has too many substitutions")
        end = self._at + 1
        while end < len(self._text) and self._text[end] != "`":
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            raise Unreadable("a backtick has no end")
        self._inner(re.sub(r"\\([`$\\])", r"\1", self._text[self._at + 1 : end]))
        word.dynamic = word.begun = True
        word.only_names = False
        self._at = end + 1

    def _arithmetic(self, start: int) -> int:
        end = closing(self._text, start, "(", ")")
        inside = self._text[start:end]
        if "$(" in inside or "`" in inside:
            Reader(f'"{_without_quotes(inside)}"', self._inner).read()
        if self._text[end + 1 : end + 2] != ")":
            raise Unreadable("an arithmetic expression has no end")
        return end + 2


_BRACES = re.compile(r"\{[^{}\s]*(?:,|\.\.)[^{}\s]*\}")
_IN_QUOTES = re.compile(r'[^"\\$`]+')
_CODE = re.compile(r"x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}")


def _without_quotes(text: str) -> str:
    """A text to be read for its substitutions alone."""
    return text.replace("\\", " ").replace('"', " ")
