"""How much of what is asked for a file speaks of as a whole: BM25 with files as its documents. Reads an open index."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Mapping

from hermes_fs.store import query as language

K1 = 1.2
B = 0.75
"""As for rows (they are FTS5's); of a word, what counts is in how many rows of the file it stands."""
ROWS = 1_500
"""Rows that are counted for one search, those of the rarest words; each takes half a microsecond."""


def covered(db: sqlite3.Connection, counts: Mapping[str, int], files: Collection[int]) -> dict[int, float]:
    """A score for each of the files. `counts` says of each word in how many rows it stands. How telling a word is goes
    by the files that hold it: a name that is said in each line of a few conversations tells those from all others,
    but nothing of one line among its neighbours."""
    score = dict.fromkeys(files, 0.0)
    lengths = _lengths(db, files)
    known = db.execute("select coalesce(max(id), 0) from files").fetchone()[0]
    left = ROWS
    for term, rows in sorted(counts.items(), key=lambda pair: pair[1]):
        left -= rows
        if left < 0:
            break
        holding = dict(db.execute(_HOLDING, (language.word(term),)))
        telling = math.log(1 + max(0.0, known - len(holding) + 0.5) / (len(holding) + 0.5))
        for file in files & holding.keys():
            often = holding[file]
            score[file] += telling * often * (K1 + 1) / (often + K1 * (1 - B + B * lengths[file]))
    return score


_HOLDING = (
    "select r.file, count(*) from fts join rows r indexed by rows_narrow on r.id = fts.rowid"
    " where fts match ? group by r.file"
)


def _lengths(db: sqlite3.Connection, files: Collection[int]) -> dict[int, float]:
    """How long each file is, compared with the mean of them."""
    marks = ",".join("?" * len(files))
    sizes = dict(db.execute(f"select id, size from files where id in ({marks})", tuple(files)))
    mean = sum(sizes.values()) / max(1, len(sizes)) or 1.0
    return {file: sizes[file] / mean for file in files}
