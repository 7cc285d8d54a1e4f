"""Markdown by its headings: the sections of a text, and bounded edits that leave all other bytes alone. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.store.formats.format import excerpt
from hermes_fs.store.formats.lines import ended, newline_of, split

_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*)")
_FENCE = re.compile(r"[ ]{0,3}(```+|~~~+)")


@dataclass(frozen=True, slots=True)
class Section:
    """From a heading up to the next heading of any level. What stands before the first has an empty title and level 0.
    `text` begins with the heading's line; the texts of all sections joined are the whole."""

    title: str
    level: int
    text: str


def parse(text: str) -> list[Section]:
    """The sections in order; headings in code fences are code."""
    return [Section(*part) for part in cut(text)]


def cut(text: str) -> list[tuple[str, int, str]]:
    """The title, level and text of each section, as `parse` has them."""
    found: list[tuple[str, int, str]] = []
    title, level, lines = "", 0, list[str]()
    fence = ""
    for line in split(text):
        mark = _FENCE.match(line) if "``" in line or "~~" in line else None
        if fence:
            closes = mark and mark[1].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if closes else fence
        elif mark:
            fence = mark[1]
        elif "#" in line and (heading := _HEADING.match(line)):
            if lines:
                found.append((title, level, "".join(lines)))
            title, level, lines = heading[2].rstrip().rstrip("#").strip(), len(heading[1]), []
        lines.append(line)
    return [*found, (title, level, "".join(lines))] if lines else found


def replace(text: str, title: str, body: str) -> str:
    """Give a section another text below its heading; its subsections go with it. Raises NotFound, Refused."""
    found = parse(text)
    first, last = _extent(found, title)
    heading = split(found[first].text)[0]
    newline = newline_of(text)
    fresh = _block(_without_heading(body, found[first].title), newline)
    tail = newline if last < len(found) else ""
    return _joined(found[:first], ended(heading, newline) + newline + fresh + tail, found[last:])


def add(text: str, title: str, body: str, level: int = 2) -> str:
    """Add a section at the end. Raises Refused where one of that name exists."""
    wanted = _plain(title)
    if not wanted:
        raise Refused("a section needs a title", "name it, such as Pitfalls")
    if any(_plain(section.title).casefold() == wanted.casefold() for section in parse(text)):
        raise Refused(f"there is a section {wanted!r} already", "replace it instead")
    newline = newline_of(text)
    before = ended(text, newline) if text else ""
    gap = newline if before.strip() and not before.endswith(newline * 2) else ""
    return f"{before}{gap}{'#' * level} {wanted}{newline}{newline}{_block(_without_heading(body, wanted), newline)}"


def remove(text: str, title: str) -> str:
    """Take a section out, with its subsections. Raises NotFound, Refused."""
    found = parse(text)
    first, last = _extent(found, title)
    return _joined(found[:first], "", found[last:])


def replace_text(text: str, old: str, new: str) -> str:
    """Replace a passage that stands exactly once. Raises NotFound, Refused."""
    newline = newline_of(text)
    old, new = (_lined(passage, newline) for passage in (old, new))
    if not old.strip():
        raise Refused("the text to replace is empty", "name a passage that stands there once")
    count = text.count(old)
    if count != 1:
        kind, hint = (NotFound, "copy it exactly") if count == 0 else (Refused, "take more of what stands around it")
        raise kind(f"{excerpt(old, 40)!r} stands there {count} times, it must be once", hint)
    return text.replace(old, new)


def _extent(found: list[Section], title: str) -> tuple[int, int]:
    """The section of that title and one past its last subsection."""
    wanted = _plain(title).casefold()
    places = [
        place for place, section in enumerate(found) if section.level and _plain(section.title).casefold() == wanted
    ]
    if not places:
        titles = [section.title for section in found if section.level]
        near = get_close_matches(title, titles, 1) or titles[:12]
        raise NotFound(f"no section {title!r:.60}", f"there are: {', '.join(near)}" if near else "it has no headings")
    if len(places) > 1:
        raise Refused(f"{len(places)} sections are called {title!r:.60}", "replace a passage of text instead")
    first = places[0]
    after = (place for place in range(first + 1, len(found)) if found[place].level <= found[first].level)
    return first, next(after, len(found))


def _joined(before: list[Section], middle: str, after: list[Section]) -> str:
    return "".join([*(section.text for section in before), middle, *(section.text for section in after)])


def _plain(title: str) -> str:
    return " ".join(title.lstrip("# ").rstrip("# ").split())


def _without_heading(body: str, title: str) -> str:
    """Models send the heading along; it stands there already."""
    lines = body.strip("\r\n").split("\n")
    heading = _HEADING.match(lines[0])
    if heading and _plain(heading[2]).casefold() == _plain(title).casefold():
        lines = lines[1:]
    return "\n".join(lines)


def _block(body: str, newline: str) -> str:
    stripped = body.strip("\r\n").rstrip()
    return _lined(stripped, newline) + newline if stripped else ""


def _lined(text: str, newline: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", newline)
