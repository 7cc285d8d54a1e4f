"""What every embedder must do, as a suite: subclass `EmbedderConformance` in a test and say how to make one."""

from __future__ import annotations

import math
import struct
from concurrent.futures import ThreadPoolExecutor

from hermes_fs.core.ports import Embedder

_TEXTS = ("The ferry to Lisbon leaves at nine.", "the ferry", "数据库 部署", "😀", "", " \n", "word " * 5_000)


class EmbedderConformance:
    """`embedder()` makes one and may register its clean-up with the test."""

    def embedder(self) -> Embedder:
        raise NotImplementedError

    def vectors(self, *texts: str) -> list[tuple[float, ...]]:
        embedder = self.embedder()
        return [struct.unpack(f"<{embedder.dimensions}f", vector) for vector in embedder.embed(texts)]

    def test_each_text_has_a_vector_of_length_one(self) -> None:
        vectors = self.vectors(*_TEXTS)
        assert len(vectors) == len(_TEXTS)
        for vector in vectors:
            assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-4)

    def test_the_vectors_stand_in_the_order_of_the_texts(self) -> None:
        texts = [f"This is text number {number}." for number in range(150)]
        every, last = self.vectors(*texts), self.vectors(texts[-1])[0]
        assert math.dist(every[-1], last) < 1e-4
        assert math.dist(every[0], last) > 1e-3

    def test_the_same_text_has_the_same_vector_whatever_stands_beside_it(self) -> None:
        alone, beside = self.vectors("the ferry")[0], self.vectors("word " * 500, "the ferry")[1]
        assert math.dist(alone, beside) < 1e-4

    def test_no_texts_are_no_vectors(self) -> None:
        assert self.embedder().embed([]) == []

    def test_it_says_which_vectors_can_be_compared(self) -> None:
        assert self.embedder().name == self.embedder().name != ""
        assert self.embedder().dimensions == self.embedder().dimensions > 0

    def test_several_threads_may_ask_at_once(self) -> None:
        embedder = self.embedder()
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: embedder.embed(["the ferry"]), range(8)))
        assert len({vectors[0] for vectors in found}) == 1

    def test_it_can_be_used_after_it_was_closed(self) -> None:
        embedder = self.embedder()
        before = embedder.embed(["the ferry"])
        embedder.close()
        assert embedder.embed(["the ferry"]) == before
