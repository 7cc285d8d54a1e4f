"""Which skills fit what a person says: by the words of their names, descriptions and first instructions. Reads the
catalogue only; decides neither what is offered nor what is trusted.

Every word counts by how few skills hold it, so what stands in most descriptions ("use", "when") tells nothing. A skill
fits where enough of the request's weight meets its name and description, by two words or one of its name; its
instructions only help to rank.
"""

from __future__ import annotations

import heapq
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.store import catalogue
from hermes_fs.store.query import FUNCTION_WORDS, word
from hermes_fs.store.skill_places import Place
from hermes_fs.store.tokens import fold, is_run, pieces

MAX_WORDS = 40
SECONDS = 0.2
"""How long a message may wait for skills that have changed to be read."""
_COMMON_SHARE = 0.25
_STEM = 0.6
_SHORTEST_STEM = 5
_NAME, _ALIKE, _BODY = 1.4, 0.6, 0.15
"""What a word counts for that stands in the name, that only begins like one there, that stands in the instructions
only; 1 in the description."""
_TELLING = 3.0
_OF_RAREST = 0.75
_COVERED = 0.25
_NEAR_BEST = 0.55
"""A fit has this much weight, or where skills are few this share of what a word of one skill alone weighs; this share
of the request's weight; and this share of the best fit's."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A skill that fits; a greater `score` is better."""

    name: str
    description: str
    score: float


def fitting(root: Path, state_dir: Path, text: str, limit: int = 3, beyond: Sequence[Place] = ()) -> list[Fit]:
    """The skills that fit a request well, best first; none where none does. `beyond` are the read-only places."""
    with catalogue.current(root, state_dir, SECONDS, beyond) as db:
        return ranked(db, text)[:limit]


def ranked(db: sqlite3.Connection, text: str) -> list[Fit]:
    """As `fitting`, in an open catalogue, all of them."""
    total = db.execute("select count(*) from active where not hidden").fetchone()[0]
    headline: dict[int, float] = defaultdict(float)
    helped: dict[int, float] = defaultdict(float)
    met: dict[int, float] = defaultdict(float)
    asked = 0.0
    for term in _words(text) if total else ():
        weight, heads, bodies = _weighed(db, term, total)
        asked += weight
        for key, part in heads.items():
            headline[key] += weight * part
            met[key] += 2 if part == _NAME else 1
        for key in bodies:
            helped[key] += weight * _BODY
    rarest = math.log(1 + (total - 0.5) / 1.5)
    needed = max(min(_TELLING, rarest * _OF_RAREST), asked * _COVERED)
    scores = {key: score + helped[key] for key, score in headline.items() if score >= needed and met[key] > 1}
    return _best(db, scores)


def _words(text: str) -> list[str]:
    """The words of a request that may tell anything."""
    found = (piece for piece in pieces(fold(text)) if len(piece) > 1 or is_run(piece))
    return [piece for piece in dict.fromkeys(found) if piece not in FUNCTION_WORDS][:MAX_WORDS]


def _weighed(db: sqlite3.Connection, term: str, total: int) -> tuple[float, dict[int, float], set[int]]:
    """What a word weighs, and the skills whose headlines and whose instructions hold it."""
    exact = word(term)
    about = _holding(db, f"{{name about}} : {exact}")
    if len(about) > total * _COMMON_SHARE and total > 20:
        return 0.0, {}, set()
    heads = {}
    length = max(_SHORTEST_STEM, round(len(term) * _STEM))
    if len(term) > length and term.isalpha():
        alike = _holding(db, f"{{name about}} : {word(term[:length])} *")
        if len(alike) <= max(total * _COMMON_SHARE, 3):
            heads = dict.fromkeys(alike, _ALIKE)
    heads |= dict.fromkeys(about, 1.0)
    heads |= dict.fromkeys(_holding(db, f"name : {exact}"), _NAME)
    body = _holding(db, f"body : {exact}") - heads.keys()
    known = len(heads) or len(body)
    weight = math.log(1 + (total - known + 0.5) / (known + 0.5)) if known else math.log(1 + total) / 2
    return weight, heads, body if len(body) <= total * _COMMON_SHARE else set()


def _holding(db: sqlite3.Connection, expression: str) -> set[int]:
    sql = (  # a cross join keeps this order: first the words, then what is known of the few skills that hold them
        "select words.rowid from words cross join active on active.id = words.rowid where words match ? and not hidden"
    )
    return {key for (key,) in db.execute(sql, (expression,))}


def _best(db: sqlite3.Connection, scores: dict[int, float]) -> list[Fit]:
    """Those that come near the best one; equals by name."""
    if not scores:
        return []
    least = max(scores.values()) * _NEAR_BEST
    top: Iterable[int] = heapq.nlargest(60, (key for key in scores if scores[key] >= least), key=scores.__getitem__)
    sql = "select name, description from skills where id = ?"
    rows = [(-scores[key], *db.execute(sql, (key,)).fetchone()) for key in top]
    return [Fit(name, description, round(-score, 3)) for score, name, description in sorted(rows)]
