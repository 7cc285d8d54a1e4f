"""Cuts a text into the numbers of BERT's uncased vocabulary, as the models that were trained on it expect. Pure.

The vocabulary (bert_uncased.txt, 30,522 lines) is Google's BERT's, under the Apache License 2.0.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

UNKNOWN, START, END = 100, 101, 102
_LONGEST_WORD = 100
_ASIAN = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F)),
    *((0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


class WordPiece:
    """`vocabulary` maps pieces to numbers; a piece that goes on with a word begins with ##."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._cut = lru_cache(maxsize=20_000)(self._pieces)

    @classmethod
    def of(cls, lines: str) -> WordPiece:
        return cls({piece: number for number, piece in enumerate(lines.split("\n")) if piece})

    def numbers(self, text: str, most: int) -> list[int]:
        """At most `most` numbers, the marks of beginning and end among them; the rest of the text is left out."""
        found = [START]
        for word in _words(text[: most * 40]):
            found += self._cut(word)
            if len(found) >= most:
                break
        return [*found[: most - 1], END]

    def _pieces(self, word: str) -> tuple[int, ...]:
        """The longest piece that is known, then the longest of what is left, and so on."""
        if len(word) > _LONGEST_WORD:
            return (UNKNOWN,)
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            end = next((end for end in range(len(word), start, -1) if mark + word[start:end] in self._vocabulary), 0)
            if not end:
                return (UNKNOWN,)
            found.append(self._vocabulary[mark + word[start:end]])
            start = end
        return tuple(found)


def _words(text: str) -> Iterator[str]:
    """Lower case, without accents; punctuation and ideographs stand alone."""
    letters = unicodedata.normalize("NFD", "".join(map(_cleaned, text))).lower()
    spaced = "".join(f" {letter} " if _stands_alone(letter) else letter for letter in letters if not _is_accent(letter))
    yield from spaced.split(" ")


def _cleaned(letter: str) -> str:
    if letter.isspace():
        return " "
    if letter == "\ufffd" or unicodedata.category(letter) in ("Cc", "Cf", "Co"):
        return ""
    return f" {letter} " if any(first <= ord(letter) <= last for first, last in _ASIAN) else letter


def _is_accent(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn"


def _stands_alone(letter: str) -> bool:
    if letter.isascii():
        return letter != " " and not letter.isalnum()
    return unicodedata.category(letter).startswith("P")
