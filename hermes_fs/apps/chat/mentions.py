"""Finds the files that a person's message names, `@src/app.py` or a picture dropped on the terminal, and reads them.

Reads with the person's own rights, since they typed the name; what looks like credentials stays out, because a message
may have been pasted. Changes nothing.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.foreign import wrap
from hermes_fs.core.types import Audio, Document, Image, Part, Text
from hermes_fs.tools.sensitive import is_sensitive

MOST = 20
"""Files of one message."""
TEXT_CHARACTERS = 60_000
MEDIA_BYTES = 20 * 1024 * 1024
LISTED = 200

_AT = re.compile(r"(?<![\w@.])@(?:\"([^\"\n]+)\"|'([^'\n]+)'|((?:\\ |[^\s\"'`,;()<>])+))")
_DROPPED = re.compile(
    r"(?<![\w@\"'])(?:\"((?:/|~/)[^\"\n]+)\"|'((?:/|~/)[^'\n]+)'|((?:/|~/)(?:\\ |[^\s\"'])+))", re.ASCII
)
_MEDIA = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
}


@dataclass(frozen=True, slots=True)
class Attached:
    """`parts` go with the message; `remarks` tell the person what went and what did not, a line each."""

    parts: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()


def attached(text: str, work_dir: Path, home: Path) -> Attached:
    """What a message brings along. `@name` is relative to `work_dir`; a name that is no file stays mere text."""
    parts: list[Part] = []
    remarks: list[str] = []
    for number, (name, path) in enumerate(_named(text, work_dir, home)):
        if number == MOST:
            remarks.append(f"only the first {MOST} files went along")
            break
        part, remark = _read(name, path)
        parts += [part] if part else []
        remarks.append(remark)
    return Attached(tuple(parts), tuple(remarks))


def completions(word: str, work_dir: Path, home: Path) -> Iterator[str]:
    """What `@word` may become, folders ending in a slash; hidden files only where asked for."""
    head, _, tail = word.rpartition("/")
    folder = _place(f"{head}/" if head or word.startswith("/") else ".", work_dir, home)
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError:
        return
    for name, is_folder in found:
        if name.startswith(tail) and (tail.startswith(".") or not name.startswith(".")):
            yield (f"{head}/" if head or word.startswith("/") else "") + name + ("/" if is_folder else "")


def _named(text: str, work_dir: Path, home: Path) -> Iterator[tuple[str, Path]]:
    """Each file that is named, once: by @ any, by its mere path only what is no text, as a drop onto a terminal is."""
    seen: set[Path] = set()
    for pattern, dropped in ((_AT, False), (_DROPPED, True)):
        for match in pattern.finditer(text):
            for name in _readings(next(filter(None, match.groups()))):
                path = _place(name, work_dir, home)
                if path in seen or (dropped and path.suffix.lower() not in _MEDIA):
                    break
                if _exists(path):
                    seen.add(path)
                    yield name, path
                    break


def _readings(name: str) -> Sequence[str]:
    """A name as it was typed, and without what ends a sentence."""
    plain = name.replace("\\ ", " ")
    return (plain, trimmed) if (trimmed := plain.rstrip(".:!?")) != plain else (plain,)


def _place(name: str, work_dir: Path, home: Path) -> Path:
    if name == "~" or name.startswith("~/"):
        return home / name[2:]
    return Path(os.path.normpath(work_dir / name))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False


def _read(name: str, path: Path) -> tuple[Part | None, str]:
    if is_sensitive(str(path)) or is_sensitive(str(path.resolve())):
        return None, f"@{name} looks like credentials: it did not go along"
    try:
        return _listing(name, path) if path.is_dir() else _content(name, path)
    except OSError as error:
        return None, f"@{name} cannot be read: {error.strerror or error}"


def _listing(name: str, path: Path) -> tuple[Part | None, str]:
    names = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in path.iterdir())
    more = [f"[{len(names) - LISTED} more]"] if len(names) > LISTED else []
    return _aside(name, "\n".join([*names[:LISTED], *more]) or "(empty)"), f"@{name}: {len(names)} names went along"


def _content(name: str, path: Path) -> tuple[Part | None, str]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None, f"@{name} is no regular file: it did not go along"
        media = _MEDIA.get(path.suffix.lower(), "")
        if media and found.st_size > MEDIA_BYTES:
            return None, f"@{name} is larger than {MEDIA_BYTES >> 20} MB: it did not go along"
        data = file.read(MEDIA_BYTES + 1 if media else TEXT_CHARACTERS * 4)
    size = f"{found.st_size:,} bytes"
    if media:
        return _medium(media, data, path.name), f"@{name} went along ({media}, {size})"
    if b"\0" in data[:8000]:
        return None, f"@{name} is no text: it did not go along"
    text = data.decode("utf-8", "replace")
    if len(text) > TEXT_CHARACTERS or len(data) < found.st_size:
        kept = text[:TEXT_CHARACTERS]
        return _aside(name, f"{kept}\n[cut: the file has {size}]"), f"the beginning of @{name} went along ({size})"
    return _aside(name, text), f"@{name} went along ({size})"


def _medium(media: str, data: bytes, name: str) -> Part:
    if media.startswith("image/"):
        return Image(media, data)
    return Audio(media, data) if media.startswith("audio/") else Document(media, data, name)


def _aside(name: str, text: str) -> Text:
    return Text("\n\n" + wrap(f"File {name}:\n{text}", "file"), aside=True, origin="file")
