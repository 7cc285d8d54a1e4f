"""Finds every simple command of a bash command line, wherever it stands: in lists, pipes, loops, substitutions,
functions. Judges none of them.

What runs under a condition counts as what runs. A word that is only known when it runs stays marked as such.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hermes_fs.tools.commands.tokens import Token, Unreadable, Word, evaluates
from hermes_fs.tools.commands.words import read

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=(.*)", re.DOTALL)
_OPENERS = frozenset(("if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "}", "fi", "done"))
_HEADS = frozenset(("for", "select"))


@dataclass(frozen=True, slots=True)
class Redirect:
    """`sign` as written; `target` is a file, or a descriptor after `>&`. `body` is what a here-document or here-string
    feeds in, None for others."""

    sign: str
    target: Word
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Simple:
    """One command: its words (none where only variables are set), what it sets, what it redirects. `after` is the sign
    before it: `&&` where it runs only if the last one did well."""

    words: tuple[Word, ...]
    sets: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    after: str = ""

    @property
    def input(self) -> str | None:
        """Text that it is fed literally, None for none."""
        return next((one.body for one in reversed(self.redirects) if one.body is not None), None)


@dataclass(slots=True)
class _Found:
    """What grows while a line is read. `functions` are those that it defines."""

    commands: list[Simple] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Line:
    """All simple commands in the order of reading: its own, those of its substitutions; and the functions that the
    line defines."""

    commands: tuple[Simple, ...]
    inner: tuple[Simple, ...]
    functions: frozenset[str]


def parse(text: str) -> Line:
    """Every simple command of a line. Raises Unreadable."""
    found = _Found()
    *inner, own = read(text)
    for tokens in inner:
        _Grammar(tokens, found).read()
    begins = len(found.commands)
    _Grammar(own, found).read()
    return Line(tuple(found.commands[begins:]), tuple(found.commands[:begins]), frozenset(found.functions))


def _after_name(shape: tuple[str, ...]) -> tuple[str, ...]:
    """Of `NAME=value`, the value's."""
    return (f"={shape[0].partition('=')[2].partition('=')[2]}", *shape[1:]) if shape else ()


class _Grammar:
    """Splits tokens into simple commands. Brackets and reserved words only separate."""

    def __init__(self, tokens: Sequence[Token], found: _Found) -> None:
        self._tokens = tokens
        self._found = found
        self._at = 0
        self._cases = 0
        self._words: list[Word] = []
        self._sets: list[tuple[str, Word]] = []
        self._redirects: list[Redirect] = []
        self._after = ""

    def read(self) -> None:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            match token.kind:
                case "operator":
                    self._operator(token.text)
                case "arithmetic":
                    self._end()
                case "redirection":
                    assert token.word is not None
                    body = token.body if token.text in ("<<", "<<-", "<<<") else None
                    self._redirects.append(Redirect(token.text, token.word, body))
                case "word":
                    assert token.word is not None
                    self._word(token.word)
        self._end()

    def _operator(self, sign: str) -> None:
        match sign:
            case "&>" | "&>>":
                self._redirect_both(sign)
            case "(" if len(self._words) == 1 and not self._sets and self._is(")"):
                self._defines(self._words.pop())
                self._at += 1
            case "(":
                self._subshell()
            case ";;" | ";&" | ";;&":
                self._end()
                self._skip_pattern()
            case _:
                self._end()
        if sign not in ("&>", "&>>"):
            self._after = sign

    def _defines(self, name: Word) -> None:
        if name.dynamic or name.glob:
            raise Unreadable("a function has a strange name")
        self._found.functions.add(name.text)

    def _redirect_both(self, sign: str) -> None:
        if self._at >= len(self._tokens) or (word := self._tokens[self._at].word) is None:
            raise Unreadable("a redirection leads nowhere")
        self._at += 1
        self._redirects.append(Redirect(sign, word))

    def _subshell(self) -> None:
        """Also an array: `NAME=( … )`, whose words are no command."""
        if not self._words and self._sets and not self._sets[-1][1].text:
            while not self._is(")"):
                if self._at >= len(self._tokens):
                    raise Unreadable("an array has no end")
                self._element(self._sets[-1][0], self._tokens[self._at].word)
                self._at += 1
            self._at += 1
            return
        if self._words:
            raise Unreadable("a bracket stands where none may")
        self._end()

    def _element(self, array: str, word: Word | None) -> None:
        if word is not None:
            self._sets.insert(0, (array, replace(word, dynamic=True)))

    def _word(self, word: Word) -> None:
        self._sets += [(name, replace(word, text="", dynamic=True)) for name in word.gives]
        if not self._words and not word.quoted and not word.dynamic:
            if not self._sets and word.text in _OPENERS:
                if word.text == "time" and self._is_word("-p"):
                    self._at += 1
                return
            if self._reserved(word.text):
                return
        if not self._words and (found := _ASSIGNMENT.fullmatch(word.text)) and word.text[:1] != "=":
            value = replace(word, text=found[2], bare=False, shape=_after_name(word.shape))
            self._sets.append((found[1], value))
            return
        self._words.append(word)

    def _reserved(self, text: str) -> bool:
        """Whether a word in command position was taken as one of the language."""
        if text in _HEADS:
            self._skip_to_list()
        elif text == "case":
            self._skip_until_word("in")
            self._cases += 1
            self._skip_pattern()
        elif text == "esac":
            self._cases = max(self._cases - 1, 0)
        elif text == "function":
            self._function()
        elif text == "[[":
            self._test()
        elif text == "coproc":
            raise Unreadable("it starts a coprocess")
        else:
            return False
        return True

    def _function(self) -> None:
        if self._at < len(self._tokens) and (name := self._tokens[self._at].word) is not None:
            self._defines(name)
            self._at += 1
            if self._is("(") and self._at + 1 < len(self._tokens) and self._tokens[self._at + 1].text == ")":
                self._at += 2

    def _skip_to_list(self) -> None:
        """`for NAME in WORDS`: the words run nothing. The name is set."""
        if self._at >= len(self._tokens) or (name := self._tokens[self._at].word) is None:
            return
        self._at += 1
        given: list[Word] = []
        if self._is_word("in"):
            while self._at < len(self._tokens) and self._tokens[self._at].kind != "operator":
                given += [word] if (word := self._tokens[self._at].word) is not None else []
                self._at += 1
        unseen = Word("", dynamic=True, shape=("?",))
        self._sets += [
            (name.text, replace(word, dynamic=True, shape=word.shape or (f"={word.text}",))) for word in given
        ]
        self._sets += [] if given else [(name.text, unseen)]
        self._end()

    def _test(self) -> None:
        """`[[ … ]]`: its words run nothing, but for texts that are counted with."""
        start = self._at
        self._skip_until_word("]]")
        for token in self._tokens[start : self._at]:
            if token.kind == "comment" or (token.kind == "redirection" and token.text not in "<>"):
                raise Unreadable("a test is not understood")
            if token.word is not None and evaluates(token.word.text):
                raise Unreadable("a test holds a text that may run")

    def _skip_until_word(self, text: str) -> None:
        while self._at < len(self._tokens):
            word = self._tokens[self._at].word
            self._at += 1
            if word is not None and word.text == text and not word.quoted:
                return
        raise Unreadable(f"{text} is missing")

    def _skip_pattern(self) -> None:
        """Up to the bracket that ends a pattern of `case`; nothing where `esac` comes."""
        if not self._cases:
            return
        start = self._at
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.word is not None and token.word.text == "esac" and not token.word.quoted:
                self._cases -= 1
                return
            if token.kind == "operator" and token.text == ")":
                return
        self._at = start
        raise Unreadable("a case has no end")

    def _is(self, sign: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text == sign

    def _is_word(self, text: str) -> bool:
        word = self._tokens[self._at].word if self._at < len(self._tokens) else None
        return word is not None and word.text == text and not word.quoted

    def _end(self) -> None:
        """The command on its way is complete."""
        if self._words or self._sets or self._redirects:
            self._found.commands.append(
                Simple(tuple(self._words), tuple(self._sets), tuple(self._redirects), self._after)
            )
            self._after = ""
        self._words, self._sets, self._redirects = [], [], []
