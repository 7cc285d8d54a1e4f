"""Files of a workspace as tests of the index write them, and the index's rows in a form that can be compared."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from hermes_fs.store.index import Hit, Index
from hermes_fs.store.schema import connect


def make_root(folder: Path) -> Path:
    (folder / ".git" / "hermes").mkdir(parents=True)
    return folder


def open_index(root: Path) -> Index:
    return Index.open(root, root / ".git" / "hermes")


def transcript_path(root: Path, session: str) -> Path:
    return root / "sessions" / "2026" / "01" / "02" / f"h-{session}.jsonl"


def header(session: str, title: str = "A title", person: str = "owner") -> str:
    return json.dumps({"type": "header", "format": 1, "session": session, "title": title, "person": person}) + "\n"


def said(key: str, text: str, at: str = "2026-01-02T08:00:00.000Z", **fields: object) -> str:
    record = {"type": "message", "id": key, "at": at, "person": "owner", "channel": "cli", "origin": "owner"}
    return json.dumps({**record, "role": "user", "text": text, **fields}, ensure_ascii=False) + "\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def add(path: Path, text: str) -> Path:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
    return path


def stored_rows(state: Path) -> list[tuple[object, ...]]:
    """All rows with what is known of their files, without the numbers that tell only of how they got there."""
    db = connect(state / "index.db", writing=False)
    try:
        return db.execute(
            "select f.path, f.session, f.title, f.person, f.at, f.size, f.digest, r.kind, r.anchor, r.at, r.person,"
            " r.origin, r.text from files f left join rows r on r.file = f.id order by f.path, r.id"
        ).fetchall()
    finally:
        db.close()


def places(hits: list[Hit]) -> list[tuple[str, str, float]]:
    return [(hit.path, hit.anchor, hit.score) for hit in hits]


def damage(root: Path, sql: str) -> None:
    """Write into the index behind its back."""
    db = sqlite3.connect(root / ".git" / "hermes" / "index.db")
    db.create_function("indexed", 1, str)
    db.executescript(sql)
    db.close()


def eventually(holds: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until it holds; the bound only ends a test that would never end."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)
