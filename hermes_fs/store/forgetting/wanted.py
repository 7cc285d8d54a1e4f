"""Says what is to be forgotten, and what becomes of bytes that hold it. Pure; touches no file and no object.

A text is found as it is, and as JSON escapes it; a space of it also stands for a line break, as where a paragraph or a
YAML value is folded. What is left says `[forgotten]` in its place, or `forgotten` where brackets would mean something.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from hermes_fs.core.errors import UsageError
from hermes_fs.store.formats.format import Format

MARK = b"[forgotten]"
WORD = b"forgotten"
SHORTEST = 4
_ENTRIES = re.compile(r"(people/[^/]+/)?(MEMORY|USER)\.md")
_BULLET = re.compile(rb"\s*[-*+]\s")
_LOGS = "sessions/"
_STORED = re.compile(r"sessions/\d{4}/\d\d/\d\d/blobs/[0-9a-f]{64}")
_SHORT = {
    "\n": r"\\n",
    "\t": r"\\t",
    "\r": r"\\r",
    '"': r"\\\"",
    "\\": r"\\\\",
    "/": r"\\/",
    "\b": r"\\b",
    "\f": r"\\f",
}

FormatOf = Callable[[str], Format]


class Wanted(Protocol):
    """What is to be forgotten. Pure but for what it is told of at the start."""

    def count(self, data: bytes) -> int:
        """How often it stands in these bytes."""
        ...

    def file(self, path: str, data: bytes) -> bytes | None:
        """The file without it; the same bytes where it is not there, None where nothing of the file may stay."""
        ...

    def words(self, data: bytes) -> bytes:
        """A message, a name of an author, a line of a log without it."""
        ...

    def name(self, name: bytes) -> bytes:
        """The name of a file without it."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text, as it is spelt. UsageError where it is too short to be told from others."""

    text: str
    formats: FormatOf

    def __post_init__(self) -> None:
        if len(self.text.strip()) < SHORTEST:
            raise UsageError(f"{SHORTEST} characters or more", "name a longer piece, that stands for nothing else")

    def count(self, data: bytes) -> int:
        return sum(1 for _ in _pattern(self.text).finditer(data)) if self._may_be(data) else 0

    def file(self, path: str, data: bytes) -> bytes | None:
        if not self.count(data):
            return data
        if _STORED.fullmatch(path):  # named by its content, which its transcript says: it can only go
            return None
        problems = self._problems(path, data)
        for candidate in self._candidates(path, data):
            if not self.count(candidate) and _reads(path, candidate) and self._problems(path, candidate) <= problems:
                return candidate
        return None

    def words(self, data: bytes) -> bytes:
        return _pattern(self.text).sub(MARK, data) if self._may_be(data) else data

    def name(self, name: bytes) -> bytes:
        return _pattern(self.text).sub(WORD, name)

    def _may_be(self, data: bytes) -> bool:
        """Cheaper than the pattern, for the most of what is looked at."""
        return any(piece in data for piece in _pieces(self.text))

    def _candidates(self, path: str, data: bytes) -> Iterator[bytes]:
        """The best first."""
        pattern = _pattern(self.text)
        if _ENTRIES.fullmatch(path):
            kept = (line for line in data.splitlines(True) if not (_BULLET.match(line) and pattern.search(line)))
            yield pattern.sub(MARK, b"".join(kept))
        yield pattern.sub(MARK, data)
        yield pattern.sub(WORD, data)
        yield b"".join(line for line in data.splitlines(True) if not pattern.search(line))

    def _problems(self, path: str, data: bytes) -> int:
        if path.startswith(_LOGS):  # no format binds them, and they are long
            return 0
        return len(self.formats(path).check(path, None, data, "person"))


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation: its transcript, its summary, and `blobs`, what lies beside it and belongs to no other. `said`
    are lines that its person typed, which the prompt's history has too."""

    id: str
    files: frozenset[str]
    said: frozenset[str]

    def count(self, data: bytes) -> int:
        return data.count(self.id.encode())

    def file(self, path: str, data: bytes) -> bytes | None:
        return None if path in self.files else data

    def words(self, data: bytes) -> bytes:
        """The list of titles in a commit of transcripts loses its line; a trailer may name what is gone."""
        return b"".join(line for line in data.splitlines(True) if not line.startswith(f"- {self.id}:".encode()))

    def name(self, name: bytes) -> bytes:
        return name


def is_left_over(old: bytes, new: bytes) -> bool:
    """Whether `new` is `old` with pieces of it gone, or marked as forgotten: nothing in it was added."""
    position = 0
    for line in new.splitlines(True):
        for piece in re.split(rb"\[forgotten\]|forgotten", line):
            found = old.find(piece, position)
            if found < 0:
                return False
            position = found + len(piece)
    return True


@functools.lru_cache(64)
def _pieces(text: str) -> tuple[bytes, ...]:
    """One of these stands wherever the text does: its longest run of plain characters, or the start of an escape."""
    plain = max(re.findall(r"[A-Za-z0-9_.@+-]+", text) or [""], key=len)
    return (plain.encode(), b"\\u") if plain else (b"",)


@functools.lru_cache(64)
def _pattern(text: str) -> re.Pattern[bytes]:
    parts = re.split(r"(\s+)", text.strip())
    gap = rb"(?:[ \t\r\n]|\\[nrt])+(?:[>#*-] ?)?"
    return re.compile(b"".join(gap if part.isspace() else b"".join(map(_character, part)) for part in parts))


def _character(char: str) -> bytes:
    """As UTF-8, and in each way in which JSON or YAML may escape it."""
    units = char.encode("utf-16-be")
    codes = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    escaped = b"".join(rb"\\u(?i:%s)" % code.encode() for code in codes)
    ways = [re.escape(char.encode()), escaped]
    if char in _SHORT:
        ways.append(_SHORT[char].encode())
    return b"(?:" + b"|".join(ways) + b")"


def _reads(path: str, data: bytes) -> bool:
    """Whether lines of JSON are still such."""
    if PurePosixPath(path).suffix not in (".jsonl", ".json"):
        return True
    try:
        for line in data.split(b"\n") if path.endswith(".jsonl") else [data]:
            if line.strip():
                json.loads(line)
    except ValueError:
        return False
    return True
