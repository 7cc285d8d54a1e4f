"""Searches in an open index: the cascade from all words to parts of words, ranked by what a session says in all."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hermes_fs.core.clock import iso
from hermes_fs.store import coverage, marks, schema, vocabulary
from hermes_fs.store import query as language
from hermes_fs.store.query import Query
from hermes_fs.store.ranking import WEIGHTS, Near, Scored, sessions
from hermes_fs.store.tokens import pieces, storable

CANDIDATES = 240
"""Rows that are ranked."""
COMMON_SHARE = 0.02
COMMON_ROWS = 1_000
"""A term is dropped as common where it stands in more than this share of the rows and in more than so many."""
SUBSTRING_SECONDS = 0.05
_SNIPPET = 200
_MOST_COUNTS = 5_000
BUDGET = 2_000
"""Rows of one stage that are ranked, the newest; ranking one takes about a microsecond and a half."""
ENOUGH = 30
"""Rows after which a stage that is strict need not be filled up with rows that hold less."""
_PAIRED = 5
_PREFIX_ROWS = 20_000
_COLUMNS = "f.path, r.anchor, r.kind, f.session, f.title, coalesce(r.at, f.at), r.person, r.origin, r.text"


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


class Searcher:
    """Holds what was found out about how common words are, for as long as the index stays about as large."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._counted_at = -1
        self._bound = COMMON_ROWS

    def search(
        self, db: sqlite3.Connection, wanted: Query, kinds: Sequence[str], limit: int, near: Near | None = None
    ) -> list[Hit]:
        """The cascade: all terms, any term, prefixes, substrings over the vocabulary; the first stage that finds
        something answers. Where only common terms are asked for, the newest rows that hold them all. What is `near` in
        meaning joins what words find."""
        where, values = _conditions(wanted, kinds)
        if wanted.is_empty:
            return _hits(db, _newest(db, "", where, values, limit), (), limit) if where else []
        self._measure(db)
        telling = [term for term in wanted.terms if self._count(db, term) <= self._bound]
        telling = [term for term in telling if term.lower() not in language.FUNCTION_WORDS] or telling
        parts = [*(self._led(db, made) for made in wanted.phrases), *map(language.word, telling)]
        if not parts:
            words = language.all_of(list(map(language.word, wanted.terms)))
            return _hits(db, _newest(db, words, where, values, limit), wanted.words, limit)
        said = self._by_words(db, self._stages(db, parts, telling, wanted), where, values)
        meant = _by_meaning(db, near, where, values) if near and near.birth == schema.birth(db) else {}
        found = list((meant | said).values())
        covered = self._covered(db, found, telling) if said else {}
        ranked = sessions(found, covered, {key: near.rows[key] for key in meant} if near else {})
        return _shown(db, ranked, wanted.words, limit)

    def _by_words(
        self, db: sqlite3.Connection, stages: Iterable[Sequence[str]], where: str, values: Sequence[object]
    ) -> dict[int, Scored]:
        for stage in stages:
            found: dict[int, Scored] = {}
            for expression in stage:
                if expression and len(found) < ENOUGH:
                    found = {row.id: row for row in _ranked(db, expression, where, values)} | found
            if found:
                return found
        return {}

    def _stages(
        self, db: sqlite3.Connection, parts: Sequence[str], telling: Sequence[str], wanted: Query
    ) -> Iterator[tuple[str, ...]]:
        """Expressions to be tried in turn, those of one stage together."""
        if len(parts) <= 2:
            yield (language.all_of(parts),)
            yield (language.any_of(parts),)
        elif sum(self._count(db, term) for term in telling) <= BUDGET:
            yield (language.any_of(parts),)
        else:  # more than can be ranked: rows that hold two of the rarest come first
            rarest = [*parts[: len(wanted.phrases)], *map(language.word, sorted(telling, key=self._counts.__getitem__))]
            pairs = itertools.combinations(rarest[:_PAIRED], 2)
            yield language.any_of([f"({one} AND {other})" for one, other in pairs]), language.any_of(parts)
        begun = [*parts[: len(wanted.phrases)], *(self._beginning(db, term) for term in telling)]
        yield (language.all_of(begun),)
        yield (language.any_of(begun),)
        alike = _substrings(db, wanted.terms)
        if alike:
            yield (language.any_of([language.word(term) for term in alike]),)

    def _covered(self, db: sqlite3.Connection, found: Sequence[Scored], telling: Sequence[str]) -> dict[int, float]:
        """How much of what is asked for the sessions say in all; nothing where it takes no sentence to ask."""
        if len(telling) <= 2:
            return {}
        counts = {term: self._count(db, term) for term in telling}
        return coverage.covered(db, counts, found)

    def _measure(self, db: sqlite3.Connection) -> None:
        """Forget counts that an index of another size has outdated."""
        newest = db.execute("select coalesce(max(id), 0) from rows").fetchone()[0]
        if abs(newest - self._counted_at) > max(100, newest // 20) or len(self._counts) > _MOST_COUNTS:
            self._counts.clear()
            self._counted_at = newest
            self._bound = max(COMMON_ROWS, int(newest * COMMON_SHARE))

    def _count(self, db: sqlite3.Connection, term: str) -> int:
        """Rows that hold the term, counted no further than to where it is common."""
        known = self._counts.get(term)
        if known is None:
            counted = "select count(*) from (select 1 from fts where fts match ? limit ?)"
            known = db.execute(counted, (language.word(term), self._bound + 1)).fetchone()[0]
            self._counts[term] = known
        return known

    def _led(self, db: sqlite3.Connection, phrase: str) -> str:
        """A phrase led by its rarest word, so that FTS5 need not walk through all rows of the others."""
        words = [word for word in pieces(phrase) if len(word) > 1]
        counts = [self._count(db, word) for word in words]
        if len(words) < 2 or max(counts) <= BUDGET:
            return phrase
        return f"({language.word(words[counts.index(min(counts))])} AND {phrase})"

    def _beginning(self, db: sqlite3.Connection, term: str) -> str:
        """Words that begin with the term: as FTS5 finds them, unless it would have to collect more rows than it can in
        time; then those of the vocabulary by name."""
        known = vocabulary.beginning(db, term)
        rows = 0
        for word in known:
            rows += self._count(db, word)
            if rows > _PREFIX_ROWS:
                return f"({language.any_of([language.word(word) for word in known])})"
        return f"{language.word(term)} *" if not language.word(term).endswith("*") else language.word(term)


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
        "select r.id from files f join rows r on r.id = (select min(id) from rows where file = f.id)"
        " where f.session != '' order by coalesce(r.at, f.at) desc limit ?",
        (limit,),
    ).fetchall()
    return [_hit(db, row[0], (), 0.0) for row in rows]


def _conditions(wanted: Query, kinds: Sequence[str]) -> tuple[str, list[object]]:
    """SQL on rows `r` and files `f`, each condition led by ` and `."""
    chosen = tuple(wanted.kinds) or tuple(kinds)
    sql, values = "", list[object]()
    if chosen:
        sql += f" and r.kind in ({_marks(chosen)})"
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


_SCORED = "case f.session when '' then 'row ' || r.id else f.session end, coalesce(r.at, f.at), f.path, r.id, r.file"
_NARROW = "rows r indexed by rows_narrow"
"""Rows without their texts: many fit on a page."""


def _ranked(db: sqlite3.Connection, expression: str, where: str, values: Sequence[object]) -> list[Scored]:
    """The best rows by BM25 of the newest that fit."""
    joined = f"fts join {_NARROW} on r.id = fts.rowid join files f on f.id = r.file" if where else "fts"
    least = f"select fts.rowid from {joined} where fts match ?{where} order by fts.rowid desc limit 1 offset {BUDGET}"
    floor = db.execute(least, (expression, *values)).fetchone()
    best = (
        f"select fts.rowid as key, bm25(fts) as score from {joined} where fts match ? and fts.rowid > ?{where}"
        f" order by score limit {CANDIDATES}"
    )
    sql = f"select {_SCORED}, -b.score from ({best}) b join {_NARROW} on r.id = b.key join files f on f.id = r.file"
    return list(map(Scored._make, db.execute(sql, (expression, floor[0] if floor else 0, *values))))


def _newest(db: sqlite3.Connection, expression: str, where: str, values: Sequence[object], limit: int) -> list[Scored]:
    """Without a ranking: the newest rows that fit."""
    if expression:
        sql = (
            f"select {_SCORED}, 0.0 from fts join {_NARROW} on r.id = fts.rowid join files f on f.id = r.file"
            f" where fts match ?{where} order by fts.rowid desc limit ?"
        )
        return list(map(Scored._make, db.execute(sql, (expression, *values, limit))))
    sql = (
        f"select {_SCORED}, 0.0 from {_NARROW} join files f on f.id = r.file where 1{where}"
        " order by coalesce(r.at, f.at) desc, f.path, r.id desc limit ?"
    )
    return list(map(Scored._make, db.execute(sql, (*values, limit))))


def _substrings(db: sqlite3.Connection, terms: Sequence[str]) -> list[str]:
    """Words of the vocabulary that hold one of the terms; bounded in number and in time."""
    found: list[str] = []
    deadline = time.monotonic() + SUBSTRING_SECONDS
    for term in terms:
        if len(term) > 2 and time.monotonic() < deadline:
            found += vocabulary.holding(db, term)
    return list(dict.fromkeys(found))


def _by_meaning(db: sqlite3.Connection, near: Near, where: str, values: Sequence[object]) -> dict[int, Scored]:
    """Of the rows that are near, those that are still there and fit."""
    ids = tuple(near.rows)
    sql = f"select {_SCORED}, 0.0 from {_NARROW} join files f on f.id = r.file where r.id in ({_marks(ids)}){where}"
    return {row.id: row for row in map(Scored._make, db.execute(sql, (*ids, *values)))}


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _hits(db: sqlite3.Connection, found: Sequence[Scored], words: Sequence[str], limit: int) -> list[Hit]:
    return _shown(db, sessions(found, {}), words, limit)


def _shown(db: sqlite3.Connection, ranked: Sequence[Sequence[Scored]], words: Sequence[str], limit: int) -> list[Hit]:
    """A session's best row stands first, in the order of the sessions; then the second ones. Only the texts of what is
    shown are read."""
    places = (rows[place] for place in range(len(WEIGHTS)) for rows in ranked if len(rows) > place)
    return [_hit(db, row.id, words, row.score) for row in itertools.islice(places, limit)]


def _hit(db: sqlite3.Connection, key: int, words: Sequence[str], score: float) -> Hit:
    sql = f"select {_COLUMNS} from rows r join files f on f.id = r.file where r.id = ?"
    path, anchor, kind, session, title, at, person, origin, text = db.execute(sql, (key,)).fetchone()
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
