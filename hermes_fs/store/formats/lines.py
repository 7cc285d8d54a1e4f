"""Lines of text: how they are split, which a change added, and their three-way merge. Pure; "\\n" alone ends a line."""

from __future__ import annotations

import re
from collections import Counter

from hermes_fs.store.formats import sequences
from hermes_fs.store.formats.format import Merged, excerpt
from hermes_fs.store.formats.sequences import Items

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def split(text: str) -> list[str]:
    """The lines with their ends; joined they are the text again."""
    return _LINE.findall(text)


def newline_of(text: str) -> str:
    """The line end that a text uses: that of its first line."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def ended(line: str, newline: str) -> str:
    """The line with an end."""
    return line if line.endswith("\n") else line + newline


def without_comments(text: str) -> str:
    """The text without its HTML comments, nor the line end behind one that begins its line. An open comment is none."""
    kept: list[str] = []
    place = 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[place:start])
        alone = start == 0 or text[start - 1] == "\n"
        place = end + (4 if alone and text.startswith("\n", end + 3) else 3)
    return "".join([*kept, text[place:]])


def added(before: str, after: str) -> str:
    """The lines of `after` that `before` has not, joined."""
    known = Counter(line.strip() for line in split(before))
    fresh = []
    for line in split(after):
        if known[line.strip()] > 0:
            known[line.strip()] -= 1
        else:
            fresh.append(line)
    return "".join(fresh)


def merge(base: str | None, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """The merged text, and what could not be in it.

    Where both sides wrote something new at one place, both stay. Where both changed the same lines differently, the
    longer version stays and the other is a conflict. What one side deleted and the other changed stays as changed.
    """
    newline = newline_of(max(ours, theirs))
    one, other = _whole(ours, newline), _whole(theirs, newline)
    origin = sequences.common(one, other) if base is None else _whole(base, newline)
    conflicts: list[str] = []

    def resolve(before: Items, one: Items, other: Items) -> Items:
        if not before:
            return sequences.union(before, one, other)
        if not one or not other:
            return one or other
        kept, lost = sorted((one, other), key=lambda side: (len("".join(side)), list(side)), reverse=True)
        conflicts.append(f"kept {excerpt(''.join(kept))!r}, left out {' '.join(''.join(lost).split())!r}")
        return kept

    merged = "".join(sequences.merge(origin, one, other, resolve))
    unfinished = not ours.endswith("\n") and not theirs.endswith("\n")
    if unfinished and split(merged)[-1:] != [newline]:  # an empty line at the end is a line, not its end
        merged = merged.removesuffix(newline)
    return merged, tuple(conflicts)


def _whole(text: str, newline: str) -> list[str]:
    """Lines that all have an end, so that a last line without one equals itself elsewhere."""
    return split(ended(text, newline)) if text else []


def merge_bytes(base: bytes | None, ours: bytes, theirs: bytes) -> Merged:
    """`merge` for files; two versions of something that is not text conflict, and the greater one stays."""
    texts = [data.decode("utf-8", "surrogateescape") for data in (base or b"", ours, theirs)]
    if any("\0" in text or _BROKEN.search(text) for text in texts):
        kept, lost = max(ours, theirs), min(ours, theirs)
        return Merged(kept, (f"not text: {len(kept)} bytes are kept, another version of {len(lost)} bytes is not",))
    merged, conflicts = merge(None if base is None else texts[0], texts[1], texts[2])
    return Merged(merged.encode(), conflicts)


_BROKEN = re.compile(r"[\ud800-\udfff]")
