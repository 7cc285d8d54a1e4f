"""The port of a file format: what the door and the merger ask. Holds what all formats share; knows none of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

By = Literal["agent", "person", "publisher"]
"""Whose words a change carries. A publisher's are a skill that a person installs: scans and specifications bind it as
they bind the agent, but how large its files are and where they lie is its own affair."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome of a three-way merge. `content` is None where the file is deleted; there are never markers in it.

    Each of `conflicts` is one thing that a side had and `content` has not. Its first line says what it is about and
    what stands instead; what is left out is there in full, on that line where it is short, else verbatim on the lines
    after it. Bytes that are no text are named by their git blob id instead: the merged version has them. The first line
    alone (`headline`) fits into a message.
    """

    content: bytes | None
    conflicts: tuple[str, ...] = ()


class Format(Protocol):
    """How files of one kind are judged, described and merged. Pure; nothing raises, whatever the bytes are."""

    @property
    def name(self) -> str: ...

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        """Problems of a change, one line each; none: it may be written. Limits, specifications and scans bind the
        agent; for a person the list is what the change should be reported with."""
        ...

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        """The subject of a commit, such as `memory: add 1 entry`."""
        ...

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        """Three-way; None is an absent file. `merge(b, x, y)` equals `merge(b, y, x)`."""
        ...


def settled(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged | None:
    """The outcome where no format is needed: one side did nothing, both did the same, or one deleted (the edit stays).

    None where both sides hold different content, neither of it the base's.
    """
    if ours == theirs or theirs == base:
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    if ours is None or theirs is None:
        kept = theirs if ours is None else ours
        return Merged(kept, ("one side deleted the file, the other changed it: the changed file is kept",))
    return None


def left_out(kept: str, lost: str, at: str = "") -> str:
    """A conflict between two texts. `at` is what it is about, such as `entry k3v9qa`."""
    place = f"{at}: " if at else ""
    shown = lost.strip("\r\n")
    if len(shown) <= _SHORT and repr(shown)[1:-1] == shown:
        return f"{place}kept {excerpt(kept)!r}, left out {shown!r}"
    return f"{place}kept {excerpt(kept)!r}, left out:\n{lost}"


def greater(ours: bytes, theirs: bytes, why: str) -> Merged:
    """The longer of two versions that cannot be put together, with the other as a conflict."""
    kept, lost = sorted((ours, theirs), key=lambda data: (len(data), data), reverse=True)
    return Merged(kept, (version_left_out(why, kept, lost),))


def version_left_out(why: str, kept: bytes, lost: bytes) -> str:
    """A conflict between two whole files."""
    text = decode(lost)
    if text is None or "\0" in text:
        blob = hashlib.sha1(b"blob %d\0" % len(lost) + lost, usedforsecurity=False).hexdigest()
        return f"{why}: kept {len(kept):,} bytes, left out another version of {len(lost):,} bytes: blob {blob}"
    return f"{why}: kept a version of {len(kept):,} bytes, left out:\n{text}"


def headline(conflict: str) -> str:
    """What a conflict is about, on one line."""
    return conflict.partition("\n")[0].removesuffix(":")


_SHORT = 300  # characters of a text that stands on a conflict's first line


def decode(data: bytes | None) -> str | None:
    """The text, without a byte order mark; None for what is absent or no UTF-8."""
    if data is None:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def fate(before: bytes | None, after: bytes | None) -> str:
    """add, remove or edit: what became of a file."""
    return "add" if before is None else "remove" if after is None else "edit"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 entry`, `2 entries`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def excerpt(text: str, length: int = 60) -> str:
    """The text on one line, cut for a message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
