"""Which lesson gave each entry, or line, of a file its text, and what a lesson did to entries. Writes nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hermes_fs.core.errors import NotFound
from hermes_fs.store.choosing import newest_first
from hermes_fs.store.formats import entries, sections
from hermes_fs.store.formats.format import Format
from hermes_fs.store.formats.lines import split
from hermes_fs.store.formats.memory import EntriesFormat
from hermes_fs.store.formats.registry import format_of
from hermes_fs.store.git import Git
from hermes_fs.store.history import MAIN, Lesson, these, walk

_MOST_LOOKED_AT = 500  # lessons, for lines that a revert brought back
_MOST_MOVES = 5  # from file to file
_HUNK = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d+)")


@dataclass(frozen=True, slots=True)
class Blamed:
    """A line with the title of its section, or an entry with its id, and the lesson that it comes from."""

    text: str
    entry: str
    lesson: Lesson
    section: str = ""


def blame(git: Git, path: str) -> list[Blamed]:
    """Which lesson gave each entry of MEMORY.md or USER.md its text; of other files, each line that is not empty. What
    a merge brought is its side's, what a revert or a restore brought back is whose it was before. NotFound if there is
    no such file."""
    oid = git.blob_at(MAIN, path)
    if not oid:
        raise NotFound(f"{path} is not in the mind", "see what is with `git ls-files`")
    if isinstance(format_of(path), EntriesFormat):
        return _blamed_entries(git, path, git.read_blob(oid))
    return _blamed_text(git, path)


def by_section(git: Git, rows: Sequence[Blamed]) -> list[Blamed]:
    """A row for each section, in order: its title with how many lessons its lines are of, and the newest of these."""
    found = []
    for title in dict.fromkeys(row.section for row in rows):
        lessons = {row.lesson.commit: row.lesson for row in rows if row.section == title}
        newest = newest_first(git, list(lessons.values()))[0]
        more = f"  ({len(lessons)} lessons)" if len(lessons) > 1 else ""
        found.append(Blamed(f"{title or '(above the first heading)'}{more}", "", newest, title))
    return found


def entry_changes(git: Git, lesson: Lesson) -> list[tuple[str, str]]:
    """What a lesson did to entries of MEMORY.md and USER.md: ("+", text), ("~", new text) or ("-", text), in order.
    Of a merge, what it did beside what its sides had done."""
    changes: list[tuple[str, str]] = []
    for path in lesson.files:
        if isinstance(format_of(path), EntriesFormat):
            sides = [_texts_at(git, parent, path) for parent in lesson.parents] or [{}]
            after = _texts_at(git, lesson.commit, path)
            lost = [key for key in sides[0] if key not in after and all(key in side for side in sides)]
            changes += [("-", sides[0][key]) for key in lost]
            fresh = [(key, text) for key, text in after.items() if all(side.get(key) != text for side in sides)]
            changes += [("~" if any(key in side for side in sides) else "+", text) for key, text in fresh]
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


# -- lines ------------------------------------------------------------------------------------------------------------


def _blamed_text(git: Git, path: str) -> list[Blamed]:
    lines = _blamed_lines(git, git.resolve(MAIN), path)
    lessons = _lessons(git, (commit for commit, _ in lines))
    brought = {text for commit, text in lines if text.strip() and lessons[commit].kind == "revert"}
    before = _before_they_went(git, path, brought) if brought else {}
    lessons |= _lessons(git, before.values())
    titles = _titles(path, "\n".join(text for _, text in lines))
    found = []
    for (commit, text), title in zip(lines, titles, strict=False):
        first = before.get(text, commit) if lessons[commit].kind == "revert" else commit
        found += [Blamed(text, "", lessons[first], title)] if text.strip() else []
    return found


def _blamed_lines(git: Git, rev: str, path: str) -> list[tuple[str, str]]:
    """(commit, line) of every line."""
    found, commit = [], ""
    for line in git.run("blame", "--no-textconv", "--porcelain", rev, "--", path).split(b"\n"):
        if hunk := _HUNK.match(line):
            commit = hunk[1].decode()
        elif line.startswith(b"\t"):
            found.append((commit, line[1:].decode("utf-8", "replace")))
    return found


def _before_they_went(git: Git, path: str, wanted: set[str]) -> dict[str, str]:
    """Line → the lesson that it was of before a revert or a restore brought it back."""
    found: dict[str, str] = {}
    for lesson in itertools.islice(walk(git, (path,)), _MOST_LOOKED_AT):
        oid = git.blob_at(lesson.commit, path)
        held = wanted & set(git.read_blob(oid).decode("utf-8", "replace").split("\n")) if oid else set()
        if held and lesson.kind != "revert":
            blamed = {text: commit for commit, text in _blamed_lines(git, lesson.commit, path)}
            kinds = _lessons(git, (blamed[text] for text in held if text in blamed))
            first = {text: blamed[text] for text in held if text in blamed and kinds[blamed[text]].kind != "revert"}
            found |= first
            wanted = wanted - first.keys()
        if not wanted:
            break
    return found


def _lessons(git: Git, commits: Iterable[str]) -> dict[str, Lesson]:
    return {lesson.commit: lesson for lesson in these(git, list(dict.fromkeys(commits)))}


def _titles(path: str, text: str) -> list[str]:
    """Of the section that each line stands in."""
    if not path.endswith(".md"):
        return [""] * (text.count("\n") + 1)
    return [section.title for section in sections.parse(text) for _ in split(section.text)]


# -- entries ----------------------------------------------------------------------------------------------------------


def _blamed_entries(git: Git, path: str, data: bytes) -> list[Blamed]:
    """By text and not by line: that an entry was given its id, or moved, makes it nobody else's."""
    now = entries.entries(data.decode("utf-8", "replace"))
    found = _origins(git, path, MAIN, {entry.id: entry.text for entry in now})
    return [Blamed(entry.text, entry.id, found[entry.id]) for entry in now if entry.id in found]


def _origins(git: Git, path: str, rev: str, wanted: Mapping[str, str], depth: int = 0) -> dict[str, Lesson]:
    """Id → the lesson that gave an entry its text: the first that had it where none of its parents did."""
    left, found = dict(wanted), dict[str, Lesson]()
    for lesson in walk(git, (path,), rev):
        after = _texts_at(git, lesson.commit, path)
        sides = [_texts_at(git, parent, path) for parent in lesson.parents]
        fresh = [
            key for key in left if after.get(key) == left[key] and all(side.get(key) != left[key] for side in sides)
        ]
        for key in fresh:
            found.setdefault(key, lesson)  # a revert's only where what it brought back is met no more
            if lesson.kind != "revert":
                found[key] = _moved_from(git, path, lesson, left.pop(key), depth) or lesson
        if not left:
            break
    return found


def _moved_from(git: Git, path: str, lesson: Lesson, text: str, depth: int) -> Lesson | None:
    """Where a lesson took the entry out of another file, the one that gave it its text there."""
    others = [other for other in lesson.files if other != path and isinstance(format_of(other), EntriesFormat)]
    for other in others if lesson.parents and depth < _MOST_MOVES else ():
        before, after = (_texts_at(git, commit, other) for commit in (lesson.parents[0], lesson.commit))
        held = {key: said for key, said in before.items() if said == text and after.get(key) != text}
        if held:
            return next(iter(_origins(git, other, lesson.parents[0], held, depth + 1).values()), None)
    return None


def _texts_at(git: Git, commit: str, path: str) -> dict[str, str]:
    oid = git.blob_at(commit, path)
    return _texts(git.read_blob(oid)) if oid else {}


def _texts(data: bytes) -> dict[str, str]:
    return {entry.id: entry.text for entry in entries.entries(data.decode("utf-8", "replace"))}
