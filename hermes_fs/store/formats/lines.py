"""Lines of text: how they are split, which a change added, and their three-way merge. Pure; "\\n" alone ends a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from hermes_fs.store.formats import runs, sequences
from hermes_fs.store.formats.alignment import aligned
from hermes_fs.store.formats.format import Merged, greater, left_out
from hermes_fs.store.formats.runs import Items, Join

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


def merge(base: str | None, ours: str, theirs: str, join: Join = runs.prose) -> tuple[str, tuple[str, ...]]:
    """The merged text, and what could not be in it.

    Where both sides wrote something new at one place, `join` puts both there. Where both changed the same lines
    differently, the longer version stays and the other is a conflict; a change of blanks at line ends yields. What one
    side deleted and the other changed stays as changed. Line ends are as the side has them that changed them.
    """
    ours, theirs, base, newline = alike(ours, theirs, base)
    one, other = _whole(ours), _whole(theirs)
    origin, one, other = _agreed(sequences.common(one, other) if base is None else _whole(base), one, other)
    conflicts: list[str] = []

    def resolve(before: Items, one: Items, other: Items) -> Items:
        if not before:
            return join(one, other)
        if not one or not other:
            return sequences.woven(before, one, other) if join is runs.prose else one or other
        kept, lost = sorted((one, other), key=lambda side: (len("".join(side)), list(side)), reverse=True)
        if Counter(_words(lost)) - Counter(_words(before)) - Counter(_words(kept)):
            conflicts.append(left_out("".join(kept), "".join(lost)))
        return kept

    merged = sequences.merge(origin, one, other, resolve)
    text = "".join(merged)
    unfinished = not ours.endswith("\n") and not theirs.endswith("\n")
    if unfinished and merged[-1:] != ["\n"]:  # an empty line at the end is a line, not its end
        text = text.removesuffix("\n")
    return text.replace("\n", newline), tuple(conflicts)


def _agreed(base: list[str], one: list[str], other: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The lines with the same blanks at their ends wherever they are the same line: those of the side that changed
    them. So a change of blanks meets no other change."""
    sides = [base, list(one), list(other)]
    keys = [[line.rstrip() for line in side] for side in sides]
    if len(set(sides[0]) | set(one) | set(other)) == len({key for side in keys for key in side}):
        return base, one, other
    stands: list[dict[int, int]] = [{}, {}]
    for number in (0, 1):
        for start, there, size in aligned(keys[0], keys[number + 1]):
            stands[number].update(zip(range(start, start + size), range(there, there + size), strict=True))
    agreed = list(base)
    for place, line in enumerate(base):
        at = [stand.get(place) for stand in stands]
        changed = [sides[n + 1][here] for n, here in enumerate(at) if here is not None and sides[n + 1][here] != line]
        for number, here in enumerate(at):
            if changed and here is not None:
                sides[number + 1][here] = max(changed)
        agreed[place] = max(changed, default=line)
    return agreed, sides[1], sides[2]


def _words(lines: Items) -> Iterator[str]:
    return (line.rstrip() for line in lines)


def alike(ours: str, theirs: str, base: str | None) -> tuple[str, str, str | None, str]:
    """The texts with the line ends that the result has, or where those are \\r\\n throughout with \\n instead of them;
    and what stands for \\n in the result. Texts that differ in this are not different in every line."""
    styles = [_style(text) for text in (ours, theirs, base or "")]
    if "mixed" in styles:
        return ours, theirs, base, "\n"
    known = {style for style in styles[:2] if style}
    changed = known - {styles[2]}
    newline = max(changed or known, default="\n")
    plain = [text.replace("\r\n", "\n") for text in (ours, theirs, base or "")]
    return plain[0], plain[1], None if base is None else plain[2], newline


def _style(text: str) -> str:
    """The line end that all lines have; "mixed" where they differ, "" where there is none."""
    crlf, all_ends = text.count("\r\n"), text.count("\n")
    return "" if not all_ends else "\n" if not crlf else "\r\n" if crlf == all_ends else "mixed"


def _whole(text: str) -> list[str]:
    """Lines that all have an end, so that a last line without one equals itself elsewhere."""
    return split(ended(text, "\n")) if text else []


def merge_bytes(base: bytes | None, ours: bytes, theirs: bytes, join: Join = runs.prose) -> Merged:
    """`merge` for files; two versions of something that is not text conflict, and the greater one stays."""
    texts = [data.decode("utf-8", "surrogateescape") for data in (base or b"", ours, theirs)]
    if any("\0" in text or _BROKEN.search(text) for text in texts):
        return greater(ours, theirs, "it is no text")
    merged, conflicts = merge(None if base is None else texts[0], texts[1], texts[2], join)
    return Merged(merged.encode(), conflicts)


_BROKEN = re.compile(r"[\ud800-\udfff]")
