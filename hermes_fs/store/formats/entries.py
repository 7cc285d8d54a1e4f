"""Entries: Markdown bullets that end in an id, as in MEMORY.md and USER.md. Parses without loss, edits, judges, merges.

Pure. `- Staging is db2.internal <!-- k3v9qa -->`: the id is made of the entry's first text and kept through edits. All
else in the file (headings, prose, comments) belongs to the person and keeps its bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.ids import entry_id
from hermes_fs.store.formats.format import excerpt
from hermes_fs.store.formats.lines import ended, newline_of, split, without_comments

MAX_TEXT = 1000
"""Characters of one entry that the agent may write; longer knowledge is a note."""

MOST = 1000
"""Entries of one file; bullets after them are lines like any other. A memory that is read at once has some fifty."""

_BULLET = re.compile(r"[ \t]*[-*+][ \t]+(?=\S)")
_RULE_OFF = re.compile(r"[ \t]*([-*])(?:[ \t]*\1){2,}[ \t]*\r?\n?$")
_INDENTED = re.compile(r"[ \t]+\S")
_ID = re.compile(r"(?<![ \t])[ \t]*<!--[ \t]*([a-z0-9]{6})[ \t]*-->[ \t\r]*$", re.MULTILINE)
_FENCE = re.compile(r"[ ]{0,3}(```+|~~~+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One bullet. `id` is "" where a person has added it and nothing was written since. `raw` is how it stands in the
    file, with its line ends; "" where it is yet to be rendered."""

    id: str
    text: str
    raw: str = field(default="", compare=False)


Part = Entry | str
"""An entry, or a line (with its end) of what else stands in the file."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The outcome of an edit: the file's new text, the entry that it was about, and whether anything changed."""

    text: str
    entry: Entry
    changed: bool = True


# -- reading ----------------------------------------------------------------------------------------------------------


def parse(text: str) -> list[Part]:
    """The parts in order; `render(parse(text)) == text`. A bullet goes on over indented lines that are no bullets."""
    lines = split(text)
    inert = _inert(lines) if any(mark in text for mark in ("```", "~~~", "<!--")) else set[int]()
    parts: list[Part] = []
    place = found = 0
    while place < len(lines):
        start, place = place, place + 1
        if found == MOST or start in inert or not _is_bullet(lines[start]):
            parts.append(lines[start])
            continue
        while place < len(lines) and place not in inert and _continues(lines[place]):
            place += 1
        parts.append(_entry("".join(lines[start:place])))
        found += 1
    return parts


def entries(text: str) -> list[Entry]:
    """The entries alone, all with their ids (those that the next write will give them included)."""
    return [part for part in _identified(parse(text)) if isinstance(part, Entry)]


def rendered_size(text: str) -> int:
    """Characters that count against the limit: what enters the prompt, without ids and comments."""
    plain = "".join(f"- {part.text}\n" if isinstance(part, Entry) else part for part in parse(text))
    return len(without_comments(plain).strip())


def fold(text: str) -> str:
    """The text on one line, so that nothing in it can end the entry, pass for an id or open a comment."""
    return " ".join(text.split()).replace("<!--", "&lt;!--").replace("-->", "--&gt;")


def _is_bullet(line: str) -> bool:
    if line[0] not in " \t-*+":
        return False
    bullet = _BULLET.match(line)
    return bool(bullet and not _RULE_OFF.match(line) and not _ID.fullmatch(line[bullet.end() :].rstrip()))


def _continues(line: str) -> bool:
    return bool(_INDENTED.match(line)) and not _is_bullet(line)


def _entry(raw: str) -> Entry:
    body = _BULLET.sub("", raw, count=1)
    found = _ID.search(body)
    return Entry(found[1] if found else "", " ".join(_ID.sub("", body).split()), raw)


def _inert(lines: Sequence[str]) -> set[int]:
    """Lines inside closed code fences and comments of several lines: no entries, whatever they look like.

    A comment that swallows a line with an id is none: it was left open, and entries must not vanish in it.
    """
    inert: set[int] = set()
    place = 0
    ends = _ends(lines)
    while place < len(lines):
        end = _block_end(lines, place, ends)
        if end > place:
            inert.update(range(place, end))
        place = max(end, place + 1)
    return inert


def _ends(lines: Sequence[str]) -> dict[str, list[int]]:
    """Where a block may end: the places of lines that are a fence alone, and of those in which a comment ends."""
    ends: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        if line == "\n":
            continue
        kind = "-->" if "-->" in line else line.strip()
        if kind == "-->" or kind.startswith(("```", "~~~")):
            ends.setdefault(kind, []).append(place)
    return ends


def _block_end(lines: Sequence[str], start: int, ends: Mapping[str, Sequence[int]]) -> int:
    """One past the last line of the block that `start` opens; `start` where it opens none."""
    line = lines[start]
    if line[0] not in " \t`~<":
        return start
    fence = _FENCE.match(line)
    comment = line.lstrip().startswith("<!--") and "-->" not in line
    if not fence and not comment:
        return start
    places = ends.get(fence[1] if fence else "-->", ())
    after = bisect_right(places, start)
    if after == len(places) or (comment and _ID.search(lines[places[after]].rstrip("\r\n"))):
        return start
    return places[after] + 1


# -- writing ----------------------------------------------------------------------------------------------------------


def render(parts: Iterable[Part], newline: str = "\n") -> str:
    """The file's text. Parts that are not last are given a line end where they lack one."""
    lines = [_shown(part, newline) for part in parts]
    return "".join([*(ended(line, newline) for line in lines[:-1]), *lines[-1:]])


def assign_ids(text: str) -> str:
    """The text with an id for each entry that lacks one or repeats another's. Two machines assign the same ids."""
    return render(_identified(parse(text)), newline_of(text))


def add(text: str, new: str, key: str = "") -> Edit:
    """Add an entry after the last one, under the id `key` where it has one already. What is there already stays alone
    (`changed` is False). Raises Refused."""
    parts, newline = _identified(parse(text)), newline_of(text)
    wanted = _checked(new)
    for part in parts:
        if isinstance(part, Entry) and fold(part.text).casefold() == wanted.casefold():
            return Edit(text, part, changed=False)
    entry = Entry(key or _free_id(wanted, _ids(parts)), wanted)
    last = max((place for place, part in enumerate(parts) if isinstance(part, Entry)), default=len(parts) - 1)
    before = parts[last] if last >= 0 else ""
    if isinstance(before, str) and before.strip():
        parts.insert(last + 1, newline)
        last += 1
    parts.insert(last + 1, entry)
    return Edit(ended(render(parts, newline), newline), entry)


def change(text: str, which: str, new: str) -> Edit:
    """Give an entry, named by its id or by words that only it holds, another text. Raises NotFound, Refused."""
    parts = _identified(parse(text))
    place, entry = _locate(parts, which)
    wanted = _checked(new)
    if wanted == fold(entry.text):
        return Edit(text, entry, changed=False)
    twin = next((p for p in parts if isinstance(p, Entry) and p.id != entry.id and fold(p.text) == wanted), None)
    if twin:
        raise Refused(f"entry {twin.id} says that already", f"remove {entry.id} instead")
    line_end = "\r\n" if entry.raw.endswith("\r\n") else "\n" if entry.raw.endswith("\n") else ""
    bullet = _BULLET.match(entry.raw)
    changed = replace(entry, text=wanted, raw=f"{bullet[0] if bullet else '- '}{wanted} <!-- {entry.id} -->{line_end}")
    parts[place] = changed
    return Edit(render(parts, newline_of(text)), changed)


def remove(text: str, which: str) -> Edit:
    """Take an entry out, named by its id or by words that only it holds. Raises NotFound, Refused."""
    parts = _identified(parse(text))
    place, entry = _locate(parts, which)
    del parts[place]
    return Edit(render(parts, newline_of(text)), entry)


def _shown(part: Part, newline: str) -> str:
    if isinstance(part, str):
        return part
    return part.raw or f"- {part.text} <!-- {part.id} -->{newline}"


def _checked(new: str) -> str:
    wanted = fold(new)
    while match := _BULLET.match(wanted):  # small models send the bullet along
        wanted = wanted[match.end() :]
    if not any(letter.isalnum() for letter in wanted):
        raise Refused("an entry needs a text", "say what to remember in one sentence")
    if len(wanted) > MAX_TEXT:
        hint = f"say it in at most {MAX_TEXT}, or write a note"
        raise Refused(f"an entry of {len(wanted)} characters is too long", hint)
    return wanted


def _locate(parts: Sequence[Part], which: str) -> tuple[int, Entry]:
    known = [(place, part) for place, part in enumerate(parts) if isinstance(part, Entry)]
    wanted = fold(which).strip("[]").casefold()
    exact = [found for found in known if wanted and wanted in (found[1].id, fold(found[1].text).casefold())]
    hits = exact or [found for found in known if wanted and wanted in fold(found[1].text).casefold()]
    if len(hits) == 1:
        return hits[0]
    if hits:
        choices = "; ".join(f"[{entry.id}] {excerpt(entry.text, 40)}" for _, entry in hits[:5])
        raise Refused(f"{len(hits)} entries hold {excerpt(which, 40)!r}: {choices}", "name one by its id")
    near = get_close_matches(wanted, [entry.id for _, entry in known], 1)
    listed = near or [entry.id for _, entry in known][:20]
    raise NotFound(
        f"no entry {excerpt(which, 40)!r}",
        f"the ids are: {', '.join(listed)}" if listed else "nothing is kept there yet",
    )


# -- ids --------------------------------------------------------------------------------------------------------------


def _ids(parts: Iterable[Part]) -> set[str]:
    return {part.id for part in parts if isinstance(part, Entry)}


def _identified(parts: list[Part]) -> list[Part]:
    """The parts with an id for every entry; the first of several with the same id keeps it."""
    taken = _ids(parts) - {""}
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    identified: list[Part] = []
    for part in parts:
        if isinstance(part, Entry) and (not part.id or part.id in seen):
            part = _with_id(part, _free_id(part.text, taken, numbers))
            taken.add(part.id)
        if isinstance(part, Entry):
            seen.add(part.id)
        identified.append(part)
    return identified


def _free_id(text: str, taken: set[str], numbers: dict[str, int] | None = None) -> str:
    """The text's id, or where another entry holds it, that of the text and a number. `numbers` remembers how far the
    counting of each text went, for a file that says one thing a thousand times."""
    number = numbers.get(text, 1) if numbers else 1
    candidate = entry_id(text if number == 1 else f"{text}\n{number}")
    while candidate in taken:
        number += 1
        candidate = entry_id(f"{text}\n{number}")
    if numbers is not None:
        numbers[text] = number
    return candidate


def _with_id(entry: Entry, new: str) -> Entry:
    """The entry with its raw line closed by the new id; one that it had goes."""
    line_end = entry.raw[len(entry.raw.rstrip("\r\n")) :]
    kept = [line.rstrip("\r") for line in entry.raw.rstrip("\r\n").split("\n")]
    body = ("\r\n" if "\r\n" in entry.raw else "\n").join(_ID.sub("", line) for line in kept).rstrip()
    return Entry(new, entry.text, f"{body} <!-- {new} -->{line_end}")
