"""Which skills say the same as another: by name, description and instructions. Reads the catalogue and the files of a
few skills; decides nothing.

Two texts are compared by their runs of three words: the share of the shorter one's that the other has, too.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.store import catalogue, skill_places, sources
from hermes_fs.store.formats import skill
from hermes_fs.store.query import FUNCTION_WORDS, word
from hermes_fs.store.tokens import fold, pieces

SAME_BODY = 0.7
"""Share of the shorter one's runs of words from which two instructions count as the same."""
SAME_WORDS = 0.8
SAME_NAME = 0.6
_FEW = 25
"""Runs of words below which instructions are too short to tell."""
_LOOKED_AT = 20
_OWN = "place = '' and not archived"
"""The skills of the mind that are in use."""
_TERMS = 24
_HEAD = 64 * 1024
_SPLIT = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Text:
    """What of a skill is compared."""

    name: str
    description: str
    body: str


def text_of(data: bytes, name: str) -> Text:
    """Of a SKILL.md."""
    read = skill.load(data[:_HEAD], name)
    return Text(name, read.description, read.body)


def twin(root: Path, state_dir: Path, new: Text, was: Text | None) -> str:
    """The name of another skill that says the same, "" where there is none; one that `was` as much like it before does
    not count."""
    for name in _nearest(root, state_dir, new):
        data = sources.read(root, f"skills/{name}/{skill_places.FILE}", limit=_HEAD) if name != new.name else None
        if data is None:
            continue
        other = text_of(data, name)
        if same(new, other) and not (was and same(was, other)):
            return name
    return ""


def same(one: Text, other: Text) -> bool:
    """Whether two skills are so much alike that one of them is too many."""
    bodies, few = _shared(_runs(one.body), _runs(other.body))
    if bodies >= SAME_BODY and not few:
        return True
    about = _overlap(_words(one.description), _words(other.description))
    names = difflib.SequenceMatcher(None, one.name, other.name).ratio()
    return about >= SAME_WORDS and (names >= SAME_NAME or bodies >= SAME_BODY / 2)


def _nearest(root: Path, state_dir: Path, new: Text) -> list[str]:
    """Names of the skills that share most of its telling words."""
    with catalogue.current(root, state_dir) as db:
        names = [name for (name,) in db.execute(f"select name from skills where {_OWN}")]
        close = difflib.get_close_matches(new.name, names, 3, 0.8) if len(names) < 5000 else []
        wanted = (f"{new.name.replace('-', ' ')} {new.description}", new.body[:1500])
        found = [name for text in wanted for name in _holding(db, text)]
    return list(dict.fromkeys([*found, *close]))


def _holding(db: sqlite3.Connection, text: str) -> list[str]:
    terms = [piece for piece in dict.fromkeys(pieces(fold(text))) if len(piece) > 2 and piece not in FUNCTION_WORDS]
    if not terms:
        return []
    query = " OR ".join(word(term) for term in terms[:_TERMS])
    best = "select rowid from words where words match ? order by rank limit ?"
    sql = f"select name from skills where {_OWN} and id in ({best})"
    return [name for (name,) in db.execute(sql, (query, _LOOKED_AT))]


def _words(text: str) -> list[str]:
    return [found for found in _SPLIT.split(fold(text)) if found]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _words(text)
    return set(zip(words, words[1:], words[2:], strict=False))


def _shared(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> tuple[float, bool]:
    """The share of the smaller set that the other has, too; whether it is too small to tell."""
    least = min(len(one), len(other))
    return (len(one & other) / least if least else 0.0), least < _FEW


def _overlap(one: list[str], other: list[str]) -> float:
    first, second = set(one) - FUNCTION_WORDS, set(other) - FUNCTION_WORDS
    both = first | second
    return len(first & second) / len(both) if both else 0.0
