"""Finds where a bracket of a bash command line closes. Knows quotes and comments, and nothing else."""

from __future__ import annotations

import re

DEEPEST = 12
"""Levels of substitution within substitution."""

_PLAIN = re.compile(r"[^\\'\"#(){}]+")
_SINGLE = re.compile(r"'[^']*'")


class Unreadable(Exception):
    """The command line is not understood; the message says why in a few words."""


def closing(text: str, start: int, opening: str, end: str) -> int:
    """Where the bracket that is open at `start` closes; quotes count only in arithmetic. Raises Unreadable."""
    depth, at = 1, start
    while at < len(text):
        char = text[at]
        if char == "'" and opening == "(":
            at = _after_single(text, at)
            continue
        depth += (char == opening) - (char == end)
        if not depth:
            return at
        at += 2 if char == "\\" else 1
    raise Unreadable("a bracket has no end")


def end_of_commands(text: str, start: int, levels: int = DEEPEST) -> int:
    """Where the parenthesis of a command substitution closes: quotes and comments do not count. Raises Unreadable."""
    if not levels:
        raise Unreadable("it is nested too deeply")
    depth, at = 1, start
    while at < len(text):
        plain = _PLAIN.match(text, at)
        at = plain.end() if plain else at
        char = text[at : at + 1]
        depth += (char == "(") - (char == ")")
        if not depth:
            return at
        at = _after(text, at, char, levels)
    raise Unreadable("a substitution has no end")


def _after(text: str, at: int, char: str, levels: int) -> int:
    """Past what begins with `char`."""
    match char:
        case "'":
            return _after_single(text, at)
        case '"':
            return _after_double(text, at + 1, levels)
        case "\\":
            return at + 2
        case "#" if text[at - 1] in " \t\n;(":
            line = text.find("\n", at)
            return len(text) if line < 0 else line
        case _:
            return at + 1


def _after_single(text: str, at: int) -> int:
    found = _SINGLE.match(text, at)
    if not found:
        raise Unreadable("a quote has no end")
    return found.end()


def _after_double(text: str, at: int, levels: int) -> int:
    while at < len(text) and text[at] != '"':
        if text.startswith("$(", at):
            at = end_of_commands(text, at + 2, levels - 1)
        at += 2 if text[at : at + 1] == "\\" else 1
    if at >= len(text):
        raise Unreadable("a quote has no end")
    return at + 1


_EVALUATED = re.compile(r"\[[^]\[]*?(?:\$\(|`|[<>]\()")
"""An index in which bash runs a command, also where the word was quoted."""


def evaluates(text: str) -> bool:
    """Whether arithmetic on this text would run a command: `a[$(…)]`."""
    return bool(_EVALUATED.search(text))
