"""Compares a vector with all that are kept: by their signs first, which fit into memory, then the best of them exactly.

The signs of 100,000 vectors of 384 numbers take 5 MB; counting which differ takes milliseconds. Needs numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hermes_fs.core.loading import load
from hermes_fs.store.ranking import Near
from hermes_fs.store.vectors import Vectors

NEAREST = 480
"""Rows of an answer."""
COMPARED = 800
"""Vectors that are compared exactly."""
_EXTRA = "semantic"


class Codes:
    """Holds the signs of all vectors, and takes in what was added. Not thread-safe."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._epoch = -1
        self._ids: Any = None
        self._codes: Any = None

    def close(self) -> None:
        self._vectors.close()

    def nearest(self, vector: bytes, model: str) -> Near | None:
        """None where no vectors of that model are kept. Raises Failed."""
        state = self._vectors.state()
        if state.model != model or len(vector) != 4 * state.dimensions:
            return None
        self._follow(state.epoch, _bytes_of_code(state.dimensions))
        if not len(self._ids):
            return Near(state.birth, {})
        numpy = load("numpy", _EXTRA)
        wanted = numpy.frombuffer(vector, "<f4")
        found = self._vectors.vectors(self._candidates(_signs(wanted)))
        if self._vectors.state().epoch != state.epoch:
            return None  # another index took the place of the one that these rows are of
        whole = [(row, kept) for row, kept in found if len(kept) == 4 + state.dimensions]
        best: dict[int, float] = {}
        for (row, _), alike in zip(whole, _products([kept for _, kept in whole], wanted), strict=True):
            best[row] = max(alike, best.get(row, -1.0))
        ordered = sorted(best.items(), key=lambda pair: -pair[1])
        floor = max(state.floor, ordered[NEAREST][1] if len(ordered) > NEAREST else -1.0)
        return Near(state.birth, {row: alike - floor for row, alike in ordered[:NEAREST] if alike > floor})

    def _candidates(self, code: bytes) -> list[int]:
        """Places whose signs differ least."""
        numpy = load("numpy")
        wanted = numpy.frombuffer(code, "<u8")
        differing = numpy.bitwise_count(self._codes ^ wanted).sum(axis=1, dtype=numpy.uint16)
        if len(differing) <= COMPARED:
            return [int(place) for place in self._ids]
        least = numpy.argpartition(differing, COMPARED)[:COMPARED]
        return [int(place) for place in self._ids[least]]

    def _follow(self, epoch: int, size: int) -> None:
        numpy = load("numpy", _EXTRA)
        if epoch != self._epoch:
            self._epoch = epoch
            self._ids = numpy.empty(0, numpy.int64)
            self._codes = numpy.empty((0, size // 8), "<u8")
        last = int(self._ids[-1]) if len(self._ids) else 0
        new = [(place, code) for place, _, code in self._vectors.codes(last) if len(code) == size]
        if new:
            self._ids = numpy.concatenate([self._ids, numpy.array([place for place, _ in new], numpy.int64)])
            codes = numpy.frombuffer(b"".join(code for _, code in new), "<u8").reshape(len(new), -1)
            self._codes = numpy.concatenate([self._codes, codes])


def packed(vector: bytes) -> bytes:
    """A vector of 32-bit floats as one float, which is the unit, and a signed byte for each number."""
    numpy = load("numpy", _EXTRA)
    numbers = numpy.frombuffer(vector, "<f4")
    unit = numpy.abs(numbers).max() / 127 or 1.0
    made: bytes = numpy.float32(unit).astype("<f4").tobytes() + numpy.rint(numbers / unit).astype(numpy.int8).tobytes()
    return made


def code_of(kept: bytes) -> bytes:
    """The signs of a packed vector."""
    numpy = load("numpy", _EXTRA)
    return _signs(numpy.frombuffer(kept, numpy.int8, offset=4))


def likenesses(vectors: Sequence[bytes]) -> list[float]:
    """Of each pair."""
    numpy = load("numpy", _EXTRA)
    rows = numpy.stack([numpy.frombuffer(vector, "<f4") for vector in vectors])
    found: list[float] = (rows @ rows.T)[numpy.triu_indices(len(rows), 1)].tolist()
    return found


def _signs(numbers: Any) -> bytes:
    numpy = load("numpy", _EXTRA)
    bits: bytes = numpy.packbits(numbers > 0).tobytes()
    return bits.ljust(_bytes_of_code(len(numbers)), b"\0")


def _bytes_of_code(dimensions: int) -> int:
    """Whole words of 64 bits."""
    return (dimensions + 63) // 64 * 8


def _products(kept: Sequence[bytes], wanted: Any) -> list[float]:
    if not kept:
        return []
    numpy = load("numpy", _EXTRA)
    rows = numpy.frombuffer(b"".join(kept), numpy.uint8).reshape(len(kept), -1)
    units = numpy.ascontiguousarray(rows[:, :4]).view("<f4")[:, 0]
    numbers = rows[:, 4:].view(numpy.int8).astype("<f4")
    # not `@`: for so little, the threads that BLAS starts cost more than they gain
    found: list[float] = (numpy.einsum("ij,j->i", numbers, wanted) * units).tolist()
    return found
