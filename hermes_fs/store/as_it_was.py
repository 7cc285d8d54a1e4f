"""The mind as it stood at a lesson: its files, since which lesson each stood so, and a search among them. Reads git
only: no file of now, no index on the disk."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from hermes_fs.core.errors import NotFound
from hermes_fs.store import history, rows, schema, sources, vocabulary
from hermes_fs.store.git import Git
from hermes_fs.store.history import Lesson
from hermes_fs.store.objects import LINK_MODE, TreeEntry
from hermes_fs.store.query import Query
from hermes_fs.store.searching import Hit, Searcher
from hermes_fs.store.sources import Found

MIND = ("memory", "user", "note", "skill")
"""Kinds of rows that main holds; the others are of conversations, which lie beside it."""


@dataclass(frozen=True, slots=True)
class Stood:
    """A file as it was. `lesson` is the last one that had changed it."""

    path: str
    data: bytes
    lesson: Lesson


def file(git: Git, commit: str, path: str) -> Stood:
    """One file. NotFound where there was none."""
    entry = git.entry_at(commit, path)
    if entry is None or not _is_plain(entry):
        raise NotFound(f"there was no {path} at {commit[:8]}", "see what there was: hermes show . --at DATE")
    [lesson] = itertools.islice(history.walk(git, (path,), commit), 1)
    return Stood(path, git.read_blob(entry.oid), lesson)


def below(git: Git, commit: str, folder: str = "") -> list[str]:
    """The files below a folder ("" is all), in git's order. Empty where there was no such folder."""
    tree = git.tree_at(commit, folder)
    lead = f"{folder}/" if folder else ""
    return [lead + path for path, entry in git.files(tree) if _is_plain(entry)] if tree else []


def search(git: Git, commit: str, wanted: Query, limit: int) -> list[Hit]:
    """What memory, user, notes and skills held then, ranked as any search. A hit's `when` is that of the lesson which
    had changed its file last."""
    if wanted.kinds and not set(wanted.kinds) & set(MIND):
        return []
    entries = {path: one for path, one in git.files(commit) if _is_plain(one) and sources.source_of(path) in MIND}
    moments = _since(git, commit, entries)
    with contextlib.closing(schema.in_memory()) as db:
        with schema.at_once(db):
            for path, entry in entries.items():
                if git.size_of(entry.oid) > sources.MAX_FILE:
                    continue
                data = git.read_blob(entry.oid)
                moment = int(moments[path].timestamp() * 1000) if path in moments else 0
                rows.put(db, Found(path, "", moment, len(data), False), data)
            vocabulary.make(db)
        return Searcher().search(db, wanted, (), limit)


def together(mind: Sequence[Hit], said: Sequence[Hit], limit: int) -> list[Hit]:
    """Hits of two corpora, whose scores cannot be compared: the best of each in turn, what the mind held first."""
    turns = itertools.zip_longest(mind, said)
    return [hit for pair in turns for hit in pair if hit is not None][:limit]


def _since(git: Git, commit: str, paths: Iterable[str]) -> dict[str, datetime]:
    """When each of these files became what it is at a commit. Reads no further back than it must."""
    wanted, found = set(paths), dict[str, datetime]()
    for path, moment in _changes(git, commit):
        if path in wanted:
            wanted.discard(path)
            found[path] = moment
            if not wanted:
                break
    return found


def _changes(git: Git, commit: str) -> Iterator[tuple[str, datetime]]:
    """Newest first."""
    for lesson in history.walk(git, (), commit):
        yield from ((path, lesson.when) for path in lesson.files)


def _is_plain(entry: TreeEntry) -> bool:
    return entry.kind == "blob" and entry.mode != LINK_MODE
