"""Which lesson gave each entry, or line, of a file its text, and what a lesson did to entries. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from hermes_fs.core.errors import NotFound
from hermes_fs.store.formats import entries
from hermes_fs.store.formats.format import Format
from hermes_fs.store.formats.memory import EntriesFormat
from hermes_fs.store.formats.registry import format_of
from hermes_fs.store.git import Git
from hermes_fs.store.history import MAIN, Lesson, these, walk

_HUNK = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d+)")


@dataclass(frozen=True, slots=True)
class Blamed:
    """A line, or an entry with its id, and the lesson that it comes from."""

    text: str
    entry: str
    lesson: Lesson


def blame(git: Git, path: str) -> list[Blamed]:
    """Which lesson gave each entry of MEMORY.md or USER.md its text; of other files, each line that is not empty.
    NotFound if there is no such file."""
    oid = git.blob_at(MAIN, path)
    if not oid:
        raise NotFound(f"{path} is not in the mind", "see what is with `git ls-files`")
    if isinstance(format_of(path), EntriesFormat):
        return _blamed_entries(git, path, git.read_blob(oid))
    raw = git.run("blame", "--no-textconv", "--porcelain", git.resolve(MAIN), "--", path)
    lines = list(_blamed_lines(raw))
    known = {lesson.commit: lesson for lesson in these(git, list(dict.fromkeys(commit for commit, _ in lines)))}
    return [Blamed(text, "", known[commit]) for commit, text in lines if text.strip() and commit in known]


def entry_changes(git: Git, lesson: Lesson) -> list[tuple[str, str]]:
    """What a lesson did to entries of MEMORY.md and USER.md: ("+", text), ("~", new text) or ("-", text), in order."""
    changes: list[tuple[str, str]] = []
    for path in lesson.files:
        if isinstance(format_of(path), EntriesFormat):
            before = _texts_at(git, lesson.parents[0], path) if lesson.parents else {}
            after = _texts_at(git, lesson.commit, path)
            changes += [("-", text) for key, text in before.items() if key not in after]
            changes += [("~" if key in before else "+", text) for key, text in after.items() if before.get(key) != text]
    return changes


def ids_in(format: Format, data: bytes | None) -> set[str]:
    """Of the entries of a file, none where its format has no entries."""
    return set(_texts(data)) if isinstance(format, EntriesFormat) and data else set()


def less(data: bytes, ids: Collection[str]) -> bytes:
    """A file without these entries."""
    text = entries.assign_ids(data.decode("utf-8", "replace"))
    for one in ids:
        text = entries.remove(text, one).text
    return text.encode()


def _blamed_lines(raw: bytes) -> Iterator[tuple[str, str]]:
    commit = ""
    for line in raw.split(b"\n"):
        if hunk := _HUNK.match(line):
            commit = hunk[1].decode()
        elif line.startswith(b"\t"):
            yield commit, line[1:].decode("utf-8", "replace")


def _blamed_entries(git: Git, path: str, data: bytes) -> list[Blamed]:
    """By text and not by line: that an entry was given its id, or moved, makes it nobody else's."""
    now = entries.entries(data.decode("utf-8", "replace"))
    open_ones = {entry.id: entry.text for entry in now}
    found: dict[str, Lesson] = {}
    for lesson in walk(git, (path,)):
        after = _texts_at(git, lesson.commit, path)
        before = _texts_at(git, lesson.parents[0], path) if lesson.parents else {}
        for key, text in list(open_ones.items()):
            if after.get(key) == text and before.get(key) != text:
                found[key] = lesson
                del open_ones[key]
        if not open_ones:
            break
    return [Blamed(entry.text, entry.id, found[entry.id]) for entry in now if entry.id in found]


def _texts_at(git: Git, commit: str, path: str) -> dict[str, str]:
    oid = git.blob_at(commit, path)
    return _texts(git.read_blob(oid)) if oid else {}


def _texts(data: bytes) -> dict[str, str]:
    return {entry.id: entry.text for entry in entries.entries(data.decode("utf-8", "replace"))}
