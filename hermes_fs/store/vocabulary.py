"""The words of the index in one piece, for finding parts of words: what an inverted index cannot be asked for.

Reading FTS5's own vocabulary walks the whole index (0.3 s at 100,000 rows), too long for a search. So the words are
written down when an index is made and added to as rows come; rows that are newer still are looked through. Words of
rows that are gone stay: they find nothing. Runs inside its caller's transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator

from hermes_fs.store.tokens import TOKENIZER, fold

STEP = 1_000
"""Rows whose words one call of `extend` takes in, about 50 ms."""
_MOST = 50
_NEWER = 2_000
_TEXTS = "select id, text || ' ' || person from words where id > ? order by id"


def make(db: sqlite3.Connection) -> None:
    """Write down all words of a new index."""
    last = db.execute("select coalesce(max(id), 0) from rows").fetchone()[0]
    _keep(db, "\n".join(row[0] for row in db.execute("select term from vocabulary")), last)


def extend(db: sqlite3.Connection) -> bool:
    """Add the words of the next rows, where enough have come; whether it did."""
    upto = _upto(db)
    rows = db.execute(f"{_TEXTS} limit ?", (upto, STEP)).fetchall()
    if len(rows) < STEP:
        return False
    known = set(_kept(db).split("\n"))
    _keep(db, "\n".join(known.union(_words_of(text for _, text in rows))), rows[-1][0])
    return True


def holding(db: sqlite3.Connection, part: str) -> list[str]:
    """Up to 50 words that hold `part`, those that begin with it first, then the shorter."""
    needle = fold(part)
    newest = db.execute(f"{_TEXTS} desc limit ?", (_upto(db), _NEWER))
    found = {word for word in _words_of(text for _, text in newest) if needle in word}
    found.update(_lines_with(_kept(db), needle))
    return sorted(found, key=lambda word: (not word.startswith(needle), len(word), word))[:_MOST]


def beginning(db: sqlite3.Connection, start: str) -> list[str]:
    """Up to 50 words that begin so, the shorter first; those of the newest rows are not among them."""
    kept = f"\n{_kept(db)}\n"
    needle = f"\n{fold(start)}"
    found: list[str] = []
    at = kept.find(needle)
    while at >= 0:
        end = kept.find("\n", at + 1)
        found.append(kept[at + 1 : end])
        at = kept.find(needle, end)
    return sorted(found, key=lambda word: (len(word), word))[:_MOST]


def _words_of(texts: Iterable[str]) -> list[str]:
    """Their words as the index has them, which only its own tokenizer can tell."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as aside:
        aside.execute(f"create virtual table fts using fts5(text, content='', detail=none, tokenize='{TOKENIZER}')")
        aside.execute("create virtual table vocabulary using fts5vocab(fts, row)")
        aside.executemany("insert into fts(text) values(?)", ((text,) for text in texts))
        return [row[0] for row in aside.execute("select term from vocabulary")]


def _lines_with(text: str, needle: str) -> Iterator[str]:
    at = text.find(needle)
    while at >= 0:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[text.rfind("\n", 0, at) + 1 : end]
        at = text.find(needle, end)


def _kept(db: sqlite3.Connection) -> str:
    row = db.execute("select value from meta where key = 'words'").fetchone()
    return str(row[0]) if row else ""


def _upto(db: sqlite3.Connection) -> int:
    row = db.execute("select value from meta where key = 'words_upto'").fetchone()
    return int(row[0]) if row else 0


def _keep(db: sqlite3.Connection, words: str, upto: int) -> None:
    db.execute("insert or replace into meta values('words', ?), ('words_upto', ?)", (words, str(upto)))
