"""Searches in an open index: the cascade from all words to parts of words, ranked by what a session says in all."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hermes_fs.core.clock import iso
from hermes_fs.store import marks, vocabulary
from hermes_fs.store import query as language
from hermes_fs.store.query import Query
from hermes_fs.store.tokens import storable

CANDIDATES = 240
"""Rows that are ranked."""
WEIGHTS = (1.0, 0.7, 0.5, 0.35)
"""A session's score is the sum of its best rows' by these: 0.82 of LoCoMo's evidence among the first five sessions,
against 0.81 by three whole ones and 0.80 by the best row alone (docs/recall.md)."""
COMMON_SHARE = 0.02
COMMON_ROWS = 1_000
"""A term is dropped as common where it stands in more than this share of the rows and in more than so many."""
SUBSTRING_SECONDS = 0.05
_SNIPPET = 200
_COLUMNS = "r.id, f.path, r.anchor, r.kind, f.session, f.title, coalesce(r.at, f.at), r.person, r.origin, r.text"


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that fits. `path` and `anchor` (an event's id, a heading, an entry's id) say where it stands; `session` is
    empty for what is in no session; `when` is RFC 3339; `origin` tells where its text comes from (core.types.Origin, ""
    where the file does not say), which what is made of it inherits; a greater `score` is better."""

    path: str
    anchor: str
    kind: str
    session: str
    title: str
    when: str
    person: str
    origin: str
    text: str
    snippet: str
    score: float


@dataclass(frozen=True, slots=True)
class Row:
    """A row next to a hit."""

    anchor: str
    kind: str
    when: str
    person: str
    origin: str
    text: str


_Found = tuple[int, str, str, str, str, str, int, str, str, str, float]


class Searcher:
    """Holds what was found out about how common words are, for as long as the index stays about as large."""

    def __init__(self) -> None:
        self._common: dict[str, bool] = {}
        self._counted_at = -1
        self._bound = COMMON_ROWS

    def search(self, db: sqlite3.Connection, wanted: Query, kinds: Sequence[str], limit: int) -> list[Hit]:
        """The cascade: all terms, any term, prefixes, substrings over the vocabulary; the first stage that finds
        something answers. Where only common terms are asked for, the newest rows that hold them all."""
        where, values = _conditions(wanted, kinds)
        if wanted.is_empty:
            return _hits(_newest(db, "", where, values, limit), (), limit) if where else []
        telling = [term for term in wanted.terms if not self._is_common(db, term)]
        telling = [term for term in telling if term.lower() not in language.FUNCTION_WORDS] or telling
        parts = [*wanted.phrases, *map(language.word, telling)]
        if not parts:
            words = list(map(language.word, wanted.terms))
            return _hits(_newest(db, language.all_of(words), where, values, limit), wanted.words, limit)
        for expression in self._stages(db, parts, wanted):
            found = _ranked(db, expression, where, values)
            if found:
                return _hits(found, wanted.words, limit)
        return []

    def _stages(self, db: sqlite3.Connection, parts: Sequence[str], wanted: Query) -> Iterable[str]:
        if len(parts) <= 2:
            yield language.all_of(parts)
        yield language.any_of(parts)
        yield language.all_of(parts, prefix=True)
        yield language.any_of(parts, prefix=True)
        alike = _substrings(db, wanted.terms)
        if alike:
            yield language.any_of([language.word(term) for term in alike])

    def _is_common(self, db: sqlite3.Connection, term: str) -> bool:
        newest = db.execute("select coalesce(max(id), 0) from rows").fetchone()[0]
        if abs(newest - self._counted_at) > max(100, newest // 20):
            self._common.clear()
            self._counted_at = newest
            self._bound = max(COMMON_ROWS, int(newest * COMMON_SHARE))
        known = self._common.get(term)
        if known is None:
            counted = "select count(*) from (select 1 from fts where fts match ? limit ?)"
            count = db.execute(counted, (language.word(term), self._bound + 1)).fetchone()[0]
            known = self._common[term] = count > self._bound
        return known


def around(db: sqlite3.Connection, path: str, anchor: str, before: int, after: int) -> list[Row]:
    """The rows of a file next to one of its rows; from its beginning where there is no such anchor."""
    file = db.execute("select id, at from files where path = ?", (path,)).fetchone()
    if file is None:
        return []
    columns = "select id, anchor, kind, coalesce(at, ?), person, origin, text from rows where file = ? and id"
    place = db.execute("select min(id) from rows where file = ? and anchor = ?", (file[0], anchor)).fetchone()[0]
    earlier = db.execute(f"{columns} < ? order by id desc limit ?", (file[1], file[0], place or 0, before)).fetchall()
    later = db.execute(f"{columns} >= ? order by id limit ?", (file[1], file[0], place or 0, after + 1)).fetchall()
    return [Row(row[1], row[2], _when(row[3]), *row[4:]) for row in (*reversed(earlier), *later)]


def recent(db: sqlite3.Connection, limit: int) -> list[Hit]:
    """The newest sessions by their transcripts, each as its first row."""
    rows = db.execute(
        f"select {_COLUMNS}, 0.0 from files f join rows r on r.id = (select min(id) from rows where file = f.id)"
        " where f.session != '' order by coalesce(r.at, f.at) desc limit ?",
        (limit,),
    ).fetchall()
    return [_hit(row, ()) for row in rows]


def _conditions(wanted: Query, kinds: Sequence[str]) -> tuple[str, list[object]]:
    """SQL on rows `r` and files `f`, each condition led by ` and `."""
    chosen = tuple(wanted.kinds) or tuple(kinds)
    sql, values = "", list[object]()
    if chosen:
        sql += f" and r.kind in ({','.join('?' * len(chosen))})"
        values += chosen
    if wanted.person:
        sql += " and r.person = ?"
        values.append(storable(wanted.person))
    if wanted.since:
        sql += " and coalesce(r.at, f.at) >= ?"
        values.append(wanted.since)
    if wanted.until:
        sql += " and coalesce(r.at, f.at) < ?"
        values.append(wanted.until)
    return sql, values


def _ranked(db: sqlite3.Connection, expression: str, where: str, values: Sequence[object]) -> list[_Found]:
    """The best rows by BM25, best first."""
    if where:
        sql = (
            f"select {_COLUMNS}, -bm25(fts) from fts join rows r on r.id = fts.rowid join files f on f.id = r.file"
            f" where fts match ?{where} order by bm25(fts) limit {CANDIDATES}"
        )
    else:  # rank first, so that only the best are joined
        sql = (
            f"select {_COLUMNS}, -b.score from (select rowid as key, rank as score from fts where fts match ?"
            f" order by rank limit {CANDIDATES}) b join rows r on r.id = b.key join files f on f.id = r.file"
            " order by b.score"
        )
    return db.execute(sql, (expression, *values)).fetchall()


def _newest(db: sqlite3.Connection, expression: str, where: str, values: Sequence[object], limit: int) -> list[_Found]:
    """Without a ranking: the newest rows that fit."""
    if expression:
        sql = (
            f"select {_COLUMNS}, 0.0 from fts join rows r on r.id = fts.rowid join files f on f.id = r.file"
            f" where fts match ?{where} order by fts.rowid desc limit ?"
        )
        return db.execute(sql, (expression, *values, limit)).fetchall()
    sql = (
        f"select {_COLUMNS}, 0.0 from rows r join files f on f.id = r.file where 1{where}"
        " order by coalesce(r.at, f.at) desc, f.path, r.id desc limit ?"
    )
    return db.execute(sql, (*values, limit)).fetchall()


def _substrings(db: sqlite3.Connection, terms: Sequence[str]) -> list[str]:
    """Words of the vocabulary that hold one of the terms; bounded in number and in time."""
    found: list[str] = []
    deadline = time.monotonic() + SUBSTRING_SECONDS
    for term in terms:
        if len(term) > 2 and time.monotonic() < deadline:
            found += vocabulary.holding(db, term)
    return list(dict.fromkeys(found))


def _hits(found: Sequence[_Found], words: Sequence[str], limit: int) -> list[Hit]:
    """Sessions by the sum of their best rows, the newest first among equals; a session's best row stands first."""
    groups: dict[str, list[_Found]] = {}
    for row in sorted(found, key=lambda row: (-row[10], -row[6], row[1], row[2])):
        groups.setdefault(row[4] or f"{row[1]}#{row[2]}", []).append(row)
    scored = sorted(groups.values(), key=lambda rows: (-_session_score(rows), -rows[0][6], rows[0][1], rows[0][2]))
    out: list[Hit] = []
    for place in range(len(WEIGHTS)):
        out += [_hit(rows[place], words) for rows in scored if len(rows) > place]
    return out[:limit]


def _session_score(rows: Sequence[_Found]) -> float:
    return sum(row[10] * weight for row, weight in zip(rows, WEIGHTS, strict=False))


def _hit(row: _Found, words: Sequence[str]) -> Hit:
    _, path, anchor, kind, session, title, at, person, origin, text, score = row
    when, snippet = _when(at), _snippet(text, words)
    return Hit(path, anchor, kind, session, title, when, person, origin, text, snippet, round(score, 4))


def _snippet(text: str, words: Sequence[str]) -> str:
    """A part of the text around the first word that stands in it, on one line."""
    flat = " ".join(text.split())
    if len(flat) <= _SNIPPET:
        return flat
    first = marks.first(flat, words)
    start = max(0, min(first - _SNIPPET // 4, len(flat) - _SNIPPET))
    return ("…" if start else "") + flat[start : start + _SNIPPET] + ("…" if start + _SNIPPET < len(flat) else "")


def _when(millis: int) -> str:
    return iso(datetime.fromtimestamp(millis / 1000, UTC))
