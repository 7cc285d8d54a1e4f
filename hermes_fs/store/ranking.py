"""In what order the sessions stand that a search found rows of: by their best rows, by how much of what was asked they
speak of in all, and by how near their rows are in meaning. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

WEIGHTS = (1.0, 0.7, 0.5, 0.35)
"""A session's rows count by these, the best first (docs/recall.md tells what each of these figures gives)."""
COVERAGE = 0.7
"""What the whole session counts for beside its best rows."""
MEANING = 0.3
"""What meaning counts for beside words."""


@dataclass(frozen=True, slots=True)
class Near:
    """Rows that are near a question in meaning, with how much nearer they are than what has nothing to do with it;
    their ids are those of the index that was born as `birth`."""

    birth: str
    rows: Mapping[int, float]


class Senses(Protocol):
    """What store.meaning.Meaning is to a search."""

    def nearest(self, text: str) -> Near | None: ...


class Scored(NamedTuple):
    """A row that fits, before its text is read. `group` is its session, else itself; `score` by its words."""

    group: str
    at: int
    path: str
    id: int
    file: int
    score: float

    @property
    def document(self) -> int:
        """What speaks as a whole: the session's file; of what is in no session, the row alone, as a negative number."""
        return -self.id if self.group == f"row {self.id}" else self.file

    @property
    def order(self) -> tuple[float, int, str, int]:
        """The best first, the newest among equals."""
        return -self.score, -self.at, self.path, self.id


def sessions(
    found: Iterable[Scored], covered: Mapping[int, float], near: Mapping[int, float] | None = None
) -> list[list[Scored]]:
    """The rows by session, best session and best row first, the newest first among equals. `covered` scores documents
    (none where the best rows alone are to count), `near` rows by their meaning."""
    near = near or {}
    rows = list(found)
    best = max((row.score for row in rows), default=0.0) or 1.0
    nearest = max(near.values(), default=0.0) or 1.0

    def order(row: Scored) -> tuple[float, int, str, int]:
        both = (1 - MEANING) * row.score / best + MEANING * near.get(row.id, 0.0) / nearest
        return (-both if near else -row.score), -row.at, row.path, row.id

    groups: dict[str, list[Scored]] = {}
    for row in sorted(rows, key=order):
        groups.setdefault(row.group, []).append(row)
    made = list(groups.values())
    score = _scores(made, covered, near)
    places = sorted(range(len(made)), key=lambda place: (-score[place], *order(made[place][0])[1:]))
    return [made[place] for place in places]


def _scores(groups: Sequence[Sequence[Scored]], covered: Mapping[int, float], near: Mapping[int, float]) -> list[float]:
    words = [weighted(row.score for row in rows) for rows in groups]
    if covered:
        whole = [max(covered.get(row.document, 0.0) for row in rows) for rows in groups]
        words = [
            (1 - COVERAGE) * one + COVERAGE * other for one, other in zip(_shares(words), _shares(whole), strict=True)
        ]
    if not near:
        return words
    meant = [weighted(near.get(row.id, 0.0) for row in rows) for rows in groups]
    pairs = zip(_standard(words), _standard(meant), strict=True)
    return [(1 - MEANING) * one + MEANING * other for one, other in pairs]


def weighted(scores: Iterable[float]) -> float:
    """The sum of the best by falling weights."""
    return sum(score * weight for score, weight in zip(sorted(scores, reverse=True), WEIGHTS, strict=False))


def _shares(scores: Sequence[float]) -> list[float]:
    """As shares of the greatest."""
    greatest = max(scores, default=0.0) or 1.0
    return [score / greatest for score in scores]


def _standard(scores: Sequence[float]) -> list[float]:
    """In standard deviations from their mean, so that two kinds of scores can be added."""
    mean = sum(scores) / max(1, len(scores))
    spread = math.sqrt(sum((score - mean) ** 2 for score in scores) / max(1, len(scores))) or 1.0
    return [(score - mean) / spread for score in scores]
