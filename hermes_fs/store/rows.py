"""The index's rows: how a file's pieces get into the tables and out again. Runs inside its caller's transaction."""

from __future__ import annotations

import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.store import sources
from hermes_fs.store.sources import Found, Heading, Piece
from hermes_fs.store.tokens import indexed

_TAIL = 1024
_BATCH_BYTES = 4 << 20
MERGE_PAGES = 160
"""Pages that one bounded merge step may write, so that no append ever waits for a long one."""

_MERGE_EVERY = 16
"""Rows that are added between two bounded merge steps, more where they come together."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Rows that came and went, and files that were looked into."""

    added: int = 0
    removed: int = 0
    files: int = 0

    def __add__(self, other: Delta) -> Delta:
        return Delta(self.added + other.added, self.removed + other.removed, self.files + other.files)


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was indexed; `racy`: it is to be read again even if its stamp is the same. Of a transcript `size`
    bytes are taken in, and `digest` is a checksum of them before a digest of the last; of any other file it is a digest
    of all its bytes."""

    id: int
    stamp: str
    racy: bool
    digest: bytes
    size: int


def known_files(db: sqlite3.Connection) -> dict[str, Known]:
    return {
        path: Known(key, stamp, bool(racy), digest, size)
        for path, key, stamp, racy, digest, size in db.execute("select path, id, stamp, racy, digest, size from files")
    }


def known_file(db: sqlite3.Connection, path: str) -> Known | None:
    row = db.execute("select id, stamp, racy, digest, size from files where path = ?", (path,)).fetchone()
    return Known(row[0], row[1], bool(row[2]), row[3], row[4]) if row else None


def take_in(db: sqlite3.Connection, root: Path, found: Found, known: Known | None, quick: bool = False) -> Delta:
    """Bring one file's rows in step with its bytes. `quick` believes that a transcript has only grown; the next look at
    all files makes sure."""
    if sources.source_of(found.path) == "transcript":
        return _take_transcript(db, root, found, known, quick)
    data = sources.read(root, found.path, limit=sources.MAX_FILE + 1)
    if data is None:
        return remove(db, known) if known else Delta()
    digest = sources.digest(data)
    if known and known.digest == digest:
        _stamp(db, known.id, found)
        return Delta(files=1)
    gone = remove(db, known) if known else Delta()
    return gone + put(db, found, data, digest)


def put(db: sqlite3.Connection, found: Found, data: bytes, digest: bytes = b"") -> Delta:
    """A file that is no transcript and not known yet, by its bytes."""
    heading, pieces = sources.document(found.path, data)
    _add(db, _add_file(db, found, heading, digest, len(data)), heading, pieces)
    return Delta(len(pieces), 0, 1)


def remove(db: sqlite3.Connection, known: Known) -> Delta:
    """A file that is gone, with its rows."""
    old = db.execute("select id, text, person from rows where file = ?", (known.id,)).fetchall()
    db.executemany(
        "insert into fts(fts, rowid, text, person) values('delete', ?, ?, ?)",
        [(key, indexed(text), _searched_person(person)) for key, text, person in old],
    )
    db.execute("delete from rows where file = ?", (known.id,))
    db.execute("delete from files where id = ?", (known.id,))
    return Delta(0, len(old), 1)


def batches(pairs: Sequence[tuple[Found, Known | None]]) -> Iterator[list[tuple[Found, Known | None]]]:
    """In portions of a few megabytes."""
    batch: list[tuple[Found, Known | None]] = []
    size = 0
    for found, known in pairs:
        batch.append((found, known))
        size += found.size
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def is_merge_due(db: sqlite3.Connection, added: int) -> bool:
    """Whether, with the last `added` rows, enough came for a merge step. Counted by the rows' ids, which many processes
    that each add a few have in common."""
    last = _last_id(db)
    return added > 0 and last // _MERGE_EVERY > (last - added) // _MERGE_EVERY


def merge_step(db: sqlite3.Connection) -> None:
    """A bounded part of FTS5's housekeeping: many small segments become fewer."""
    db.execute("insert into fts(fts, rank) values('merge', ?)", (MERGE_PAGES,))


def merge_all(db: sqlite3.Connection) -> None:
    """All segments become one, which every search looks into quicker. Takes ten seconds for a million rows."""
    db.execute("insert into fts(fts) values('optimize')")


def totals(db: sqlite3.Connection) -> tuple[int, int, int, dict[str, int]]:
    """Files, rows, bytes of text, rows by kind."""
    files = db.execute("select count(*) from files").fetchone()[0]
    kinds = dict(db.execute("select kind, count(*) from rows group by kind"))
    text = db.execute("select coalesce(sum(length(cast(text as blob))), 0) from rows").fetchone()[0]
    return files, sum(kinds.values()), text, kinds


def differences(db: sqlite3.Connection, root: Path) -> Iterator[str]:
    """Compares every row with what the files give now, and the full-text index with the rows."""
    known = known_files(db)
    seen: set[str] = set()
    for found in sources.scan(root):
        seen.add(found.path)
        file = known.get(found.path)
        if file is None:
            if sources.read(root, found.path, limit=1) is not None:  # what nobody may read is not searched
                yield f"{found.path}: is not in the index"
            continue
        wanted = Counter(_expected(root, found, file))
        stored = Counter(
            db.execute("select kind, anchor, at, person, origin, text from rows where file = ?", (file.id,))
        )
        for word, rows in (("is missing", wanted - stored), ("is stale", stored - wanted)):
            yield from (f"{found.path}#{row[1]}: a row {word}" for row in rows)
    yield from (f"{path}: is in the index but gone" for path in known.keys() - seen)
    try:
        db.execute("insert into fts(fts, rank) values('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        yield f"the full-text index does not match its rows: {error}"


def _expected(root: Path, found: Found, known: Known) -> list[tuple[object, ...]]:
    if sources.source_of(found.path) == "transcript":
        data = sources.read(root, found.path, limit=known.size) or b""
        heading, pieces = sources.transcript_heading(found.path, data), sources.transcript_pieces(data)
    else:
        data = sources.read(root, found.path, limit=sources.MAX_FILE + 1) or b""
        heading, pieces = sources.document(found.path, data)
    return [(p.kind, p.anchor, p.at, p.person or heading.person, p.origin, p.text) for p in pieces]


def _take_transcript(db: sqlite3.Connection, root: Path, found: Found, known: Known | None, quick: bool) -> Delta:
    """Only what was appended, where what came before is as it was; else all of it again."""
    grown = _growth(root, found.path, known, quick) if known else None
    data = sources.read(root, found.path) if grown is None else grown
    gone = remove(db, known) if known and (data is None or grown is None) else Delta()
    if data is None:
        return gone
    whole = data[: data.rfind(b"\n") + 1]
    if known and grown is not None:
        file, offset, before = known.id, known.size, known.digest
        heading = Heading(person=db.execute("select person from files where id = ?", (file,)).fetchone()[0])
    else:
        heading = sources.transcript_heading(found.path, whole)
        file, offset, before = _add_file(db, found, heading, b"", 0), 0, b""
    pieces = sources.transcript_pieces(whole)
    _add(db, file, heading, pieces)
    if whole:
        digest = _digest_after(root, found.path, before, offset, whole)
        db.execute("update files set size = ?, digest = ? where id = ?", (offset + len(whole), digest, file))
    _stamp(db, file, found, quick)
    return gone + Delta(len(pieces), 0, 1)


def _growth(root: Path, path: str, known: Known, quick: bool) -> bytes | None:
    """What follows the bytes that are known; None where those have changed. `quick` looks only at the last of them."""
    if not known.size:
        return None
    if quick:
        start = max(0, known.size - _TAIL)
        data = sources.read(root, path, start) or b""
        same = sources.digest(data[: known.size - start]) == known.digest[4:]
        return data[known.size - start :] if same else None
    data = sources.read(root, path) or b""
    same = len(data) >= known.size and _checksum(data[: known.size]) == known.digest[:4]
    return data[known.size :] if same else None


def _digest_after(root: Path, path: str, before: bytes, offset: int, added: bytes) -> bytes:
    """Of a transcript: a checksum of all bytes, which goes on from the one before, and a digest of the last ones."""
    size = offset + len(added)
    tail = added[-_TAIL:]
    if len(added) < _TAIL and offset:
        start = max(0, size - _TAIL)
        tail = sources.read(root, path, start, size - start) or b""
    return _checksum(added, before[:4]) + sources.digest(tail)


def _checksum(data: bytes, before: bytes = b"") -> bytes:
    return zlib.crc32(data, int.from_bytes(before, "big")).to_bytes(4, "big")


def _add_file(db: sqlite3.Connection, found: Found, heading: Heading, digest: bytes, size: int) -> int:
    made = db.execute(
        "insert into files(path, stamp, racy, digest, size, at, session, title, person) values(?,?,?,?,?,?,?,?,?)",
        (found.path, found.stamp, found.racy, digest, size, found.at, heading.session, heading.title, heading.person),
    )
    return made.lastrowid or 0


def _stamp(db: sqlite3.Connection, file: int, found: Found, unsure: bool = False) -> None:
    sql = "update files set stamp = ?, racy = ?, at = ? where id = ?"
    db.execute(sql, (found.stamp, found.racy or unsure, found.at, file))


def _add(db: sqlite3.Connection, file: int, heading: Heading, pieces: Sequence[Piece]) -> None:
    if not pieces:
        return
    first = _last_id(db) + 1  # an id is never given twice: others remember rows by it
    people = [piece.person or heading.person for piece in pieces]
    db.executemany(
        "insert into rows(id, file, kind, anchor, at, person, origin, text) values(?,?,?,?,?,?,?,?)",
        [
            (key, file, piece.kind, piece.anchor, piece.at, person, piece.origin, piece.text)
            for key, (piece, person) in enumerate(zip(pieces, people, strict=True), first)
        ],
    )
    db.executemany(
        "insert into fts(rowid, text, person) values(?,?,?)",
        [
            (key, indexed(piece.text), _searched_person(person))
            for key, (piece, person) in enumerate(zip(pieces, people, strict=True), first)
        ],
    )


def _last_id(db: sqlite3.Connection) -> int:
    """The greatest that a row ever had."""
    last = db.execute("select seq from sqlite_sequence where name = 'rows'").fetchone()
    return last[0] if last else 0


def _searched_person(person: str) -> str:
    """As in the view `words`: the owner speaks in nearly every row, so their name is no search word."""
    return "" if person == "owner" else person
