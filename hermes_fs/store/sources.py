"""Which files are searched, and how one becomes rows: events of transcripts, Markdown sections, memory entries.

Reads files; writes nothing, knows nothing of SQL. All is a function of a file's bytes, path and times, which is what
makes the index provable. Nothing is read through a symbolic link, no special file, nothing over its bound.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from hermes_fs.core.clock import parse_iso
from hermes_fs.core.foreign import unwrap
from hermes_fs.core.ids import entry_id
from hermes_fs.store.formats import summary
from hermes_fs.store.tokens import storable
from hermes_fs.store.transcript import OWN_CHANNELS, text_in

KINDS = ("message", "tool_call", "tool_result", "summary", "note", "memory", "user", "skill")
FOLDERS = ("notes", "people", "skills", "sessions")
"""Where the files are that are searched, beside MEMORY.md and USER.md."""
MAX_FILE = 1 << 20
"""Bytes of the largest notes, memory or skill file that is indexed; transcripts have no bound."""
MAX_LINE = 4 << 20
"""Bytes of the longest transcript line that is indexed."""
_CHUNK_LINES = 60
_RACY_NS = 2_000_000_000  # the coarsest file time in use (FAT): a file changed less than this before is read again


class Piece(NamedTuple):
    """One searchable row. `at` is milliseconds since 1970, None: the file's own time."""

    kind: str
    anchor: str
    at: int | None
    person: str
    origin: str
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known of a file as a whole; `session` is empty for what is no transcript or summary."""

    session: str = ""
    title: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that exists: its path (workspace-relative, POSIX), time in milliseconds and size. `stamp` changes whenever
    its bytes may have; `racy` tells that they may have changed since without the stamp showing it."""

    path: str
    stamp: str
    at: int
    size: int
    racy: bool


# -- finding -----------------------------------------------------------------------------------------------------------


def source_of(path: str) -> str:
    """The kind of source that a workspace-relative path is: transcript, summary, note, memory, user, skill or ""."""
    parts = path.split("/")
    if any(part.startswith(".") or part == "" for part in parts) or storable(path) != path:
        return ""
    if path in ("MEMORY.md", "USER.md"):
        return "memory" if path == "MEMORY.md" else "user"
    match parts:
        case ["sessions", *_, name] if name.endswith(".jsonl"):
            return "transcript"
        case ["sessions", *_, name] if name.endswith(".md"):
            return "summary"
        case ["notes", *_, name] if name.endswith(".md"):
            return "note"
        case ["people", _, "USER.md"]:
            return "user"
        case ["skills", _, *rest] if rest:
            return "skill"
    return ""


def scan(root: Path) -> Iterator[Found]:
    """All files that are searched, in the order of their paths with the sessions last."""
    now = time.time_ns()
    for name in ("MEMORY.md", "USER.md"):
        found = look(root, name)
        if found:
            yield found
    for folder in FOLDERS:
        try:
            if not stat.S_ISDIR(os.lstat(root / folder).st_mode):
                continue
        except OSError:
            continue
        yield from _walk(str(root), folder, now)


def look(root: Path, path: str) -> Found | None:
    """The file at `path`, None unless it is a regular file that is searched and reached through no link."""
    if not source_of(path):
        return None
    here = str(root)
    parts = path.split("/")
    try:
        for part in parts[:-1]:
            here = f"{here}/{part}"
            if not stat.S_ISDIR(os.lstat(here).st_mode):
                return None
        found = os.lstat(f"{here}/{parts[-1]}")
    except (OSError, ValueError):
        return None
    return _found(path, found, time.time_ns()) if stat.S_ISREG(found.st_mode) else None


def _walk(root: str, folder: str, now: int) -> Iterator[Found]:
    try:
        with os.scandir(f"{root}/{folder}") as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:  # removed or forbidden in between: the next scan sees what is there then
        return
    for entry in listed:
        path = f"{folder}/{entry.name}"
        try:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    yield from _walk(root, path, now)
            elif entry.is_file(follow_symlinks=False) and source_of(path):
                yield _found(path, entry.stat(follow_symlinks=False), now)
        except OSError:
            continue


def _found(path: str, found: os.stat_result, now: int) -> Found:
    changed = max(found.st_mtime_ns, found.st_ctime_ns)
    return Found(
        path,
        f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}",
        found.st_mtime_ns // 1_000_000,
        found.st_size,
        now - changed < _RACY_NS,
    )


def read(root: Path, path: str, offset: int = 0, limit: int = -1) -> bytes | None:
    """Up to `limit` bytes of a file from `offset`; None if it is gone or no regular file."""
    try:
        handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with open(handle, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        if offset:
            file.seek(offset)
        try:
            return file.read() if limit < 0 else file.read(limit)
        except OSError:
            return None


def digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


# -- transcripts -------------------------------------------------------------------------------------------------------


def transcript_heading(path: str, data: bytes) -> Heading:
    """From the transcript's first line; `data` is its beginning."""
    first = _record(data.partition(b"\n")[0])
    if first is None or first.get("type") != "header":
        return Heading(session=_stem(path))
    return Heading(
        storable(text_in(first, "session")) or _stem(path),
        storable(text_in(first, "title")),
        storable(text_in(first, "person")),
    )


def transcript_pieces(lines: bytes) -> list[Piece]:
    """The rows of whole transcript lines. A line that is no record of a known type gives none."""
    found = []
    for line in lines.split(b"\n"):
        record = _record(line) if 2 < len(line) <= MAX_LINE else None
        if (
            record is None or text_in(record, "channel") in OWN_CHANNELS
        ):  # looking back on it makes nothing be said twice
            continue
        made = _EVENTS.get(record.get("type", ""), _nothing)(record) if isinstance(record.get("type"), str) else ""
        if made:
            found.append(_piece(record, made))
    return found


def _piece(record: dict[str, Any], text: str) -> Piece:
    kind = record["type"]
    return Piece(
        "summary" if kind == "compaction" else kind,
        storable(text_in(record, "id")),
        _millis(text_in(record, "at")),
        storable(text_in(record, "person")),
        storable(text_in(record, "origin")),
        storable(text),
    )


def _nothing(record: dict[str, Any]) -> str:
    return ""


def _call_text(record: dict[str, Any]) -> str:
    """A call's name and the values of its arguments, one a line; malformed arguments as they stand."""
    raw = text_in(record, "arguments")
    try:
        arguments = json.loads(raw)
    except (ValueError, RecursionError):
        return f"{text_in(record, 'name')}\n{raw}".strip()
    return "\n".join([text_in(record, "name"), *_leaves(arguments)]).strip()


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str | int | float):
        yield str(value)


def _field(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda record: text_in(record, name)


_EVENTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "message": _field("text"),
    "tool_call": _call_text,
    "tool_result": lambda record: unwrap(text_in(record, "text")),
    "compaction": _field("summary"),
}


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _millis(text: str) -> int | None:
    try:
        return int(parse_iso(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


# -- other files -------------------------------------------------------------------------------------------------------


def document(path: str, data: bytes) -> tuple[Heading, list[Piece]]:
    """Heading and rows of a file that is no transcript; no rows for a binary one."""
    source = source_of(path)
    if len(data) > MAX_FILE or b"\0" in data:
        return Heading(), []
    text = storable(data.decode("utf-8", "replace"))
    person = _person(path)
    if source in ("memory", "user"):
        return Heading(title=path, person=person), _entries(source, person, text)
    if path.endswith(".md"):
        origin, session = "agent", ""
        if source == "summary":
            origin, session, text = summary.origin_of(text), _stem(path), summary.plain(text)
        made = [Piece(source, anchor, _day(path), person, origin, body) for anchor, body in sections(text)]
        return Heading(session, _title(path, text), person), made
    return Heading(title=path.partition("/")[2], person=person), [
        Piece(source, f"L{start + 1}", None, person, "agent", body) for start, body in _line_chunks(text)
    ]


def _entries(source: str, person: str, text: str) -> list[Piece]:
    found, taken = [], dict[str, int]()
    for line in text.split("\n"):
        match = _ENTRY.match(line.strip())
        if match is None:
            continue
        body, known = match["text"].strip(), match["id"]
        if body:
            found.append(Piece(source, _unique(known or entry_id(body), taken), None, person, "agent", body))
    return found


def sections(text: str) -> list[tuple[str, str]]:
    """The parts of a Markdown text, each from one heading to the next: (anchor, the part with its heading).

    What stands before the first heading, front matter included, has the anchor "". Headings in fences do not count.
    """
    found: list[tuple[str, str]] = []
    taken: dict[str, int] = {}
    anchor, lines, fence = "", list[str](), ""
    for line in text.split("\n"):
        stripped = line.lstrip()
        if fence:
            fence = "" if stripped.startswith(fence) else fence
        elif stripped.startswith(("```", "~~~")):
            fence = stripped[:3]
        elif heading := _HEADING.match(line):
            _close(found, taken, anchor, lines)
            anchor, lines = heading[1].strip(), []
        lines.append(line)
    _close(found, taken, anchor, lines)
    return found


def _close(found: list[tuple[str, str]], taken: dict[str, int], anchor: str, lines: list[str]) -> None:
    body = "\n".join(lines).strip()
    if body:
        found.append((_unique(anchor, taken), body))


def _unique(anchor: str, taken: dict[str, int]) -> str:
    taken[anchor] = taken.get(anchor, 0) + 1
    return anchor if taken[anchor] == 1 else f"{anchor}~{taken[anchor]}"


def _line_chunks(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    for start in range(0, len(lines), _CHUNK_LINES):
        body = "\n".join(lines[start : start + _CHUNK_LINES]).strip("\n")
        if body.strip():
            yield start, body


def _title(path: str, text: str) -> str:
    if path.startswith("skills/"):
        return path.split("/")[1]
    for line in text.split("\n"):
        if heading := _HEADING.match(line):
            return heading[1].strip()[:200]
    return _stem(path)


def _person(path: str) -> str:
    parts = path.split("/")
    if parts[0] == "people":
        return parts[1]
    return "owner" if path == "USER.md" else ""


def _day(path: str) -> int | None:
    """A summary's time is the day of its folder, which a clone keeps; other files have only their own."""
    match = _DAY.match(path)
    return _millis("-".join(match.groups())) if match else None


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$")
_ENTRY = re.compile(r"[-*+] +(?P<text>.*?)\s*(?:<!-- *(?P<id>[A-Za-z0-9_-]{1,40}) *-->)?$")
_DAY = re.compile(r"sessions/(\d{4})/(\d\d)/(\d\d)/")
