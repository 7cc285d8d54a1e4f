"""Reads the tokens of a bash command line: words, operators, redirections, here-documents. Knows no command.

Linear in the text; what it cannot read it says so, for a misread command is worse than a question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hermes_fs.tools.commands.expansions import Words
from hermes_fs.tools.commands.tokens import DEEPEST, LONGEST, Token, Unreadable, Word

_OPERATORS = ("&&", "||", ";;&", ";;", ";&", "|&", "&>>", "&>", ";", "|", "&", "(", ")", "\n")
_REDIRECTIONS = ("<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">")
_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_FD = re.compile(r"(?:\d{1,9}|\{[A-Za-z_]\w*\})(?=[<>])")
_MOST = 2_000
"""Words and signs of a line; bodies of here-documents and what stands in quotes count as one."""
_AGAIN = 20_000
"""Characters of a line that may be read a second time, for brackets that turn out to be of another kind."""


@dataclass(slots=True)
class _Pile:
    """What the readers of one line share: `inner` are the tokens of each substitution, in the order of reading."""

    inner: list[list[Token]] = field(default_factory=list)
    again: int = 0
    tokens: int = 0

    def count(self) -> None:
        self.tokens += 1
        if self.tokens > _MOST:
            raise Unreadable("it has too many words")


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A here-document whose body is still to come: where its token stands, what ends it."""

    place: int
    mark: str
    tabs: bool
    live: bool


def read(text: str) -> list[list[Token]]:
    """The tokens of a line: those of each substitution first, its own last. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable("it is too long")
    if "\0" in text or "\r" in text:
        raise Unreadable("it holds a control character")
    pile = _Pile()
    _Reader(text, pile).read()
    return pile.inner


class _Reader:
    """Tokens of `text` from `at` on: to its end, or where `nested` to the bracket that closes."""

    def __init__(self, text: str, pile: _Pile, at: int = 0, levels: int = DEEPEST, nested: bool = False) -> None:
        if levels <= 0:
            raise Unreadable("it is nested too deeply")
        pile.count()
        self._text = text
        self._pile = pile
        self._nested = nested
        self._depth = 0
        self._awaited: list[_Awaited] = []
        self._tokens: list[Token] = []
        self._words = Words(text, self._commands, self._line, at, levels, pile.count)

    def read(self) -> int:
        """Puts the tokens on the pile; returns where it ended. Raises Unreadable."""
        while self._words.at < len(self._text):
            at = self._words.at
            blank = _BLANK.match(self._text, at)
            if blank:
                self._words.at = blank.end()
            elif self._text[at] == "#":
                self._words.at = self._end_of_line()
                self._tokens.append(Token("comment"))
            elif self._nested and not self._depth and self._text[at] == ")":
                return self._close()
            else:
                self._token()
        if self._nested:
            raise Unreadable("a substitution has no end")
        return self._close()

    def _close(self) -> int:
        if self._awaited:
            raise Unreadable("a here-document has no end")
        if self._nested and any(token.word is not None and token.word.text == "case" for token in self._tokens):
            raise Unreadable("a case stands in a substitution")
        self._pile.inner.append(self._tokens)
        return self._words.at

    def _commands(self, at: int) -> int:
        if self._awaited:
            raise Unreadable("a substitution stands between a here-document and its mark")
        return _Reader(self._text, self._pile, at, self._words.levels - 1, nested=True).read()

    def _line(self, text: str) -> None:
        if self._awaited:
            raise Unreadable("a substitution stands between a here-document and its mark")
        _Reader(text, self._pile, 0, self._words.levels - 1).read()

    def _token(self) -> None:
        self._pile.count()
        text, at = self._text, self._words.at
        number = _FD.match(text, at)
        if number:
            self._words.at = at = number.end()
        if text.startswith(("<(", ">("), at):
            self._tokens.append(Token("word", word=self._words.word()))
        elif not number and text.startswith("((", at) and self._arithmetic():
            self._tokens.append(Token("arithmetic"))
        elif not number and (sign := next((one for one in _OPERATORS if text.startswith(one, at)), "")):
            self._operator(sign)
        elif sign := next((one for one in _REDIRECTIONS if text.startswith(one, at)), ""):
            self._words.at += len(sign)
            self._redirection(sign)
        else:
            self._tokens.append(Token("word", word=self._words.word()))

    def _operator(self, sign: str) -> None:
        self._words.at += len(sign)
        self._depth += {"(": 1, ")": -1}.get(sign, 0)
        self._tokens.append(Token("operator", sign))
        if sign == "\n":
            self._here_documents()

    def _arithmetic(self) -> bool:
        """Whether what begins here is `(( … ))`, then read; otherwise it is two subshells, as bash takes it."""
        start = self._words.at
        self._words.at += 2
        if self._words.arithmetic():
            return True
        self._pile.again += self._words.at - start
        if self._pile.again > _AGAIN:
            raise Unreadable("it is nested too deeply")
        self._words.at = start
        return False

    def _redirection(self, sign: str) -> None:
        blank = _BLANK.match(self._text, self._words.at)
        self._words.at = blank.end() if blank else self._words.at
        if self._words.at >= len(self._text) or self._text[self._words.at] in "\n;&|":
            raise Unreadable("a redirection leads nowhere")
        word = self._words.word()
        if sign in ("<<", "<<-"):
            self._await(word, sign)
        self._tokens.append(Token("redirection", sign, word, word.text if sign == "<<<" else ""))

    def _await(self, word: Word, sign: str) -> None:
        if word.dynamic or "\n" in word.text or not word.text:
            raise Unreadable("a here-document has a strange mark")
        self._awaited.append(_Awaited(len(self._tokens), word.text, sign == "<<-", not word.quoted))

    def _here_documents(self) -> None:
        """The bodies stand after the line that names them."""
        awaited, self._awaited = self._awaited, []
        for one in awaited:
            body = "\n".join(self._lines(one))
            if one.live:
                self._expand(body)
            held = self._tokens[one.place]
            self._tokens[one.place] = Token(held.kind, held.text, held.word, body)

    def _lines(self, one: _Awaited) -> list[str]:
        lines: list[str] = []
        while self._words.at < len(self._text):
            end = self._end_of_line()
            line = self._text[self._words.at : end]
            self._words.at = min(end + 1, len(self._text))
            line = line.lstrip("\t") if one.tabs else line
            if line == one.mark:
                return lines
            if one.live and line.endswith("\\"):
                raise Unreadable("a line of a here-document goes on")
            if self._nested and line.startswith(one.mark):
                raise Unreadable("a here-document may have two ends")
            lines.append(line)
        raise Unreadable("a here-document has no end")

    def _expand(self, body: str) -> None:
        """Substitutions run in a here-document whose mark is not quoted."""
        if "$" in body or "`" in body:
            reader = _Reader(body, self._pile, 0, self._words.levels - 1)
            reader._words.body()

    def _end_of_line(self) -> int:
        end = self._text.find("\n", self._words.at)
        return len(self._text) if end < 0 else end
