"""An embedder that needs no model: words are dimensions, by their digest, and a few words mean the same."""

from __future__ import annotations

import hashlib
import math
import re
import struct
from collections.abc import Sequence

MEAN_THE_SAME = {"automobile": "car", "vehicle": "car", "feline": "cat", "physician": "doctor", "coast": "beach"}

_MEAN_NOTHING = frozenset(("the", "and", "for", "was", "are", "our", "before", "behind", "near", "this"))


class SmallEmbedder:
    """`asked` holds every text that was embedded, in order; `closed` counts how often it was closed."""

    def __init__(self, name: str = "small", dimensions: int = 1_024) -> None:
        self.name = name
        self.dimensions = dimensions
        self.asked: list[str] = []
        self.closed = 0

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.asked += texts
        return [self._vector(text) for text in texts]

    def close(self) -> None:
        self.closed += 1

    def _vector(self, text: str) -> bytes:
        numbers = [0.0] * self.dimensions
        words = [word for word in re.findall(r"\w{3,}", text.lower()) if word not in _MEAN_NOTHING]
        for word in words or ["nothing"]:
            meant = MEAN_THE_SAME.get(word, word)
            digest = hashlib.blake2b(f"{self.name} {meant}".encode(), digest_size=64).digest()
            for place in range(0, 64, 2):
                numbers[int.from_bytes(digest[place : place + 2], "big") % self.dimensions] += 1 - 2 * (
                    digest[place] & 1
                )
        length = math.hypot(*numbers) or 1.0
        return struct.pack(f"<{self.dimensions}f", *(number / length for number in numbers))
