"""A loopback server that speaks OpenAI's embeddings, by an embedder that needs no model; standard library only."""

from __future__ import annotations

import struct

from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing
from hermes_fs.testing.small_embedder import SmallEmbedder


class EmbeddingsServer(Loopback):
    """`faults` are answers to give first."""

    def __init__(self, dimensions: int = 64) -> None:
        super().__init__()
        self.embedder = SmallEmbedder(dimensions=dimensions)
        self.faults: list[Outgoing] = []

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def answer(self, asked: Incoming) -> Outgoing:
        if self.faults:
            return self.faults.pop(0)
        size = self.embedder.dimensions
        found = [struct.unpack(f"<{size}f", vector) for vector in self.embedder.embed(asked.body["input"])]
        rows = [{"index": place, "embedding": [3 * number for number in vector]} for place, vector in enumerate(found)]
        return Outgoing({"object": "list", "data": rows[::-1], "model": asked.body["model"]})
