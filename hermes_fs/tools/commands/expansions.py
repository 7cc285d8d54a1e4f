"""Reads one word of a bash command line: quotes, variables, substitutions. Knows no operator and no grammar.

Brackets are never looked for in the text: what stands in them is read as bash reads it, so that a quote or a comment
in them cannot hide what follows. Where bash itself reads differently by version or by mode, the line is Unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from hermes_fs.tools.commands.tokens import Growing, Unreadable, Word

_PLAIN = re.compile(r"[A-Za-z0-9_./:=,+@%^-]+")
_NAME = re.compile(r"[A-Za-z_]\w*")
_IN_QUOTES = re.compile(r'[^"\\$`]+')
_IN_BODY = re.compile(r"[^\\$`]+")
_IN_BRACES = re.compile(r"[^'\"\\$`}<>]+")
_IN_ARITHMETIC = re.compile(r"[^'\"\\$`()]+")
_GIVES = re.compile(r"([A-Za-z_]\w*)(?:\[[^]]{0,200}\])?:?=")
_CODE = re.compile(r"x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}")
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_NO_END = "a quote has no end"


@dataclass(slots=True)
class Words:
    """Words of `text` from `at` on. `commands` reads the commands that begin at a place, up to the bracket that closes
    them, and returns where that is; `line` reads a whole command line. `levels` are how much deeper it may go,
    `count` is called for each expansion."""

    text: str
    commands: Callable[[int], int]
    line: Callable[[str], None]
    at: int
    levels: int
    count: Callable[[], None]

    def word(self) -> Word:
        """The word that begins here. Raises Unreadable."""
        word = Growing()
        while self.at < len(self.text):
            plain = _PLAIN.match(self.text, self.at)
            if plain:
                word.add(plain[0])
                word.dynamic = word.dynamic or (word.brace and ("," in plain[0] or ".." in plain[0]))
                self.at = plain.end()
            elif self._is("<(") or self._is(">("):
                self._substitution(word)
            elif self.text[self.at] in " \t\n;&|()<>":
                break
            else:
                self._piece(word, self.text[self.at])
        if not word.begun:
            raise Unreadable(f"{self.text[self.at : self.at + 10]!r} is not understood")
        return word.finished()

    def arithmetic(self) -> bool:
        """From within `((` to past its `))`; False where single brackets close, the place is then of no meaning."""
        depth, inside = 1, Growing()
        while depth:
            plain = _IN_ARITHMETIC.match(self.text, self.at)
            self.at = plain.end() if plain else self.at
            char = self._char("an arithmetic expression has no end")
            if char in "'\"\\`":
                raise Unreadable("an arithmetic expression holds quotes")
            if char == "$":
                self._dollar(inside, quoted=True)
                continue
            depth += 1 if char == "(" else -1
            self.at += 1
        if inside.gives:
            raise Unreadable("an arithmetic expression sets variables")
        self.at += 1
        return self.text[self.at - 1 : self.at] == ")"

    def body(self) -> None:
        """A here-document that bash expands: all of the text."""
        word = Growing()
        while self.at < len(self.text):
            plain = _IN_BODY.match(self.text, self.at)
            if plain:
                self.at = plain.end()
            elif self._is("\\"):
                self.at += 2
            else:
                self._expansion(word, quoted=True)
        if word.gives:
            raise Unreadable("a here-document sets variables")

    def _is(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def _char(self, otherwise: str) -> str:
        if self.at >= len(self.text):
            raise Unreadable(otherwise)
        return self.text[self.at]

    # -- quotes -------------------------------------------------------------------------------------------------------

    def _piece(self, word: Growing, char: str) -> None:
        match char:
            case "'":
                word.add(self._single_quoted())
                word.quoted = True
            case '"':
                self._double_quoted(word)
            case "\\":
                follows = self.text[self.at + 1 : self.at + 2]
                if follows != "\n":
                    word.add(follows or "\\")
                    word.quoted = True
                self.at += 2
            case "$" | "`":
                self._expansion(word, quoted=False)
            case _:
                word.glob = word.glob or char in "*?["
                word.brace = word.brace or char == "{"
                word.add(char)
                self.at += 1

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise Unreadable(_NO_END)
        start, self.at = self.at + 1, end + 1
        return self.text[start:end]

    def _double_quoted(self, word: Growing) -> None:
        word.quoted = word.begun = True
        self.at += 1
        while True:
            known = _IN_QUOTES.match(self.text, self.at)
            if known:
                word.add(known[0])
                self.at = known.end()
            char = self._char(_NO_END)
            if char == '"':
                self.at += 1
                return
            if char == "\\":
                follows = self.text[self.at + 1 : self.at + 2]
                word.add("" if follows == "\n" else follows if follows in '$`"\\' else "\\" + follows)
                self.at += 2
            else:
                self._expansion(word, quoted=True)

    def _ansi(self, word: Growing) -> None:
        word.quoted = word.begun = True
        self.at += 2
        while (char := self._char(_NO_END)) != "'":
            code = _CODE.match(self.text, self.at + 1) if char == "\\" else None
            if char != "\\":
                word.add(char)
                self.at += 1
            elif code:
                base = 16 if code[0][0] in "xuU" else 8
                word.add(chr(min(int(code[0].lstrip("xuU"), base), 0x10FFFF)))
                self.at = code.end()
            else:
                follows = self.text[self.at + 1 : self.at + 2]
                if follows == "c":
                    raise Unreadable("it holds a control character")
                word.add(_ANSI.get(follows, follows))
                self.at += 2
        self.at += 1

    # -- expansions ---------------------------------------------------------------------------------------------------

    def _expansion(self, word: Growing, quoted: bool) -> None:
        if self._is("`"):
            self._backticks(word)
        else:
            self._dollar(word, quoted)

    def _dollar(self, word: Growing, quoted: bool) -> None:
        if not self.levels:
            raise Unreadable("it is nested too deeply")
        self.count()
        self.levels -= 1
        self._expand(word, quoted)
        self.levels += 1

    def _expand(self, word: Growing, quoted: bool) -> None:
        text, at = self.text, self.at
        if text.startswith("\\\n", at + 1):
            raise Unreadable("a line goes on where an expansion begins")
        if self._is("$(("):
            self._sum(word)
        elif self._is("$("):
            self._substitution(word)
        elif self._is("${"):
            self._braced(word, quoted)
        elif self._is("$["):
            raise Unreadable("it holds arithmetic of the old kind")
        elif self._is("$'") and not quoted:
            self._ansi(word)
        elif self._is('$"') and not quoted:
            self.at += 1
            self._double_quoted(word)
        elif name := _NAME.match(text, at + 1):
            word.add_variable(name[0])
            self.at = name.end()
        elif text[at + 1 : at + 2] and text[at + 1] in "0123456789@*#?$!-":
            word.add_variable(text[at + 1])
            self.at += 2
        else:
            word.add("$")
            self.at += 1

    def _substitution(self, word: Growing) -> None:
        """$( ), <( ) and >( ): what is in them runs."""
        as_file = not self._is("$")
        self.at = self.commands(self.at + 2) + 1
        word.add_unknown("<" if as_file else "?")

    def _sum(self, word: Growing) -> None:
        """$(( )). Where it does not close as such, bash reads a subshell in a substitution."""
        self.at += 3
        if not self.arithmetic():
            raise Unreadable("a bracket is of two kinds")
        word.add_unknown("#")

    def _backticks(self, word: Growing) -> None:
        end = self.text.find("`", self.at + 1)
        if end < 0:
            raise Unreadable("a backtick has no end")
        inner = self.text[self.at + 1 : end]
        if "\\" in inner:
            raise Unreadable("it escapes within backticks")
        self.line(inner)
        self.at = end + 1
        word.add_unknown()

    def _braced(self, word: Growing, quoted: bool) -> None:
        self.at += 2
        name = _NAME.match(self.text, self.at)
        if name and self.text[name.end() : name.end() + 1] == "}":
            word.add_variable(name[0])
            self.at = name.end() + 1
            return
        if self._char("a bracket has no end") in " \t\n|(":
            raise Unreadable("it runs commands within braces")
        if given := _GIVES.match(self.text, self.at):
            word.gives.append(given[1])
        word.add_unknown()
        inside = Growing()
        while (char := self._after_plain()) != "}":
            self._in_braces(inside, char, quoted)
        self.at += 1
        word.gives += inside.gives

    def _after_plain(self) -> str:
        plain = _IN_BRACES.match(self.text, self.at)
        self.at = plain.end() if plain else self.at
        return self._char("a bracket has no end")

    def _in_braces(self, inside: Growing, char: str, quoted: bool) -> None:
        match char:
            case "'" if quoted:
                raise Unreadable("a quote is of two kinds")
            case "'" | '"':
                self._piece(inside, char)
            case "\\":
                self.at += 2
            case "$" | "`":
                self._expansion(inside, quoted)
            case _ if self._is("<(") or self._is(">("):
                self._substitution(inside)
            case _:
                self.at += 1
