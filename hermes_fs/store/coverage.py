"""How much of what is asked for a session speaks of as a whole: BM25 with sessions' files as its documents, and with
rows where there is no session (an entry of memory says nothing about the next one). Reads an open index."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Mapping

from hermes_fs.store import query as language
from hermes_fs.store.ranking import Scored

K1 = 1.2
B = 0.75
"""As for rows (they are FTS5's); of a word, what counts is in how many rows of the file it stands."""
ROWS = 1_500
"""Rows that are counted for one search, those of the rarest words; each takes half a microsecond."""


def covered(db: sqlite3.Connection, counts: Mapping[str, int], rows: Collection[Scored]) -> dict[int, float]:
    """A score for each document of the rows. `counts` says of each word in how many rows it stands. How telling a word
    is goes by the documents that hold it: a name that is said in each line of a few conversations tells those from all
    others, but nothing of one line among its neighbours."""
    score = {row.document: 0.0 for row in rows}
    lengths = _lengths(db, {row.file for row in rows if row.document == row.file})
    apart = tuple({row.file for row in rows if row.document != row.file})
    holding_sql = _HOLDING.format(",".join("?" * len(apart)))
    known = db.execute("select coalesce(max(id), 0) from files").fetchone()[0]
    left = ROWS
    for term, count in sorted(counts.items(), key=lambda pair: pair[1]):
        left -= count
        if left < 0:
            break
        holding = dict(db.execute(holding_sql, (*apart, language.word(term))))
        telling = math.log(1 + max(0.0, known - len(holding) + 0.5) / (len(holding) + 0.5))
        for document in score.keys() & holding.keys():
            often, length = holding[document], lengths.get(document, 1.0)
            score[document] += telling * often * (K1 + 1) / (often + K1 * (1 - B + B * length))
    return score


_HOLDING = (
    "select case when r.file in ({}) then -r.id else r.file end as document, count(*)"
    " from fts join rows r indexed by rows_narrow on r.id = fts.rowid where fts match ? group by document"
)


def _lengths(db: sqlite3.Connection, files: Collection[int]) -> dict[int, float]:
    """How long each file is, compared with the mean of them."""
    marks = ",".join("?" * len(files))
    sizes = dict(db.execute(f"select id, size from files where id in ({marks})", tuple(files)))
    mean = sum(sizes.values()) / max(1, len(sizes)) or 1.0
    return {file: size / mean for file, size in sizes.items()}
