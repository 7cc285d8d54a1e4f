"""Where the words of a query stand in a text, for snippets and for emphasis. Pure; near enough to what the index finds,
which knows stems exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hermes_fs.store.tokens import fold, is_run

_ENDING = re.compile(r"(?<=\w{4})(?:ings?|ed|es|s|e|ly|ments?)\Z")
_BEFORE, _AFTER, _MORE = r"(?<![^\W_])", r"(?![^\W_])", r"[^\W_]{0,6}"


def first(text: str, words: Sequence[str]) -> int:
    """Where the first of the words begins; 0 where there is none."""
    folded = fold(text)
    return min((found.start() for word in words if (found := _places(word, folded).search(folded))), default=0)


def spans(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """The parts of `text` that are one of the words, (start, end), in order and apart from each other."""
    folded = fold(text)
    found = sorted(span for word in words for span in _spans(word, folded))
    apart: list[tuple[int, int]] = []
    for start, end in found:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _spans(word: str, folded: str) -> Iterator[tuple[int, int]]:
    for found in _places(word, folded).finditer(folded):
        yield found.span()


def _places(word: str, folded: str) -> re.Pattern[str]:
    """The word with its other endings; where only a part of a word fits, that part."""
    plain = fold(word)
    if is_run(plain):
        return re.compile(re.escape(plain))
    trunk = _ENDING.sub("", plain)
    more = _MORE if len(plain) > 3 else ""
    whole = re.compile(_BEFORE + re.escape(trunk) + more + _AFTER)
    return whole if whole.search(folded) else re.compile(re.escape(plain))
