"""What random edits are written with: chance, and words that nobody else writes. Pure."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"(?:(?<![a-z2-7])|(?<=\\n))zq\d+(?![a-z])")
"""Not what an id may hold; a line end that is written out may stand before it."""
_TOPICS = ("staging", "the deploy", "tea", "invoices", "the parser", "Anna", "backups", "tests")
_VERBS = ("is", "needs", "runs on", "prefers", "fails without", "moved to")


@dataclass(slots=True)
class Pen:
    """`words` is how many were made up so far; pens that write into one world begin far from each other."""

    chance: random.Random
    words: int = 0

    def word(self) -> str:
        self.words += 1
        return f"zq{self.words}"

    def sentence(self) -> str:
        return f"{self.chance.choice(_TOPICS)} {self.chance.choice(_VERBS)} {self.word()}"

    def place(self, items: Sequence[object]) -> int:
        """One of them, 0 where there is none."""
        return self.chance.randrange(len(items)) if items else 0


def words(data: bytes | None) -> set[str]:
    """The made-up words in it."""
    return set(counted(data))


def counted(data: bytes | None) -> Counter[str]:
    """How often each of the made-up words stands in it."""
    return Counter(_WORD.findall((data or b"").decode("utf-8", "replace")))
