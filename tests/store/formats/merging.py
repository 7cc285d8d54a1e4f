"""What a merge of any format owes, whatever it is given: asked of it, and what it fails said in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from hermes_fs.store.formats import entries, front, skill, yaml_blocks, yaml_file
from hermes_fs.store.formats.alignment import aligned
from hermes_fs.store.formats.format import Merged
from hermes_fs.store.formats.registry import format_of
from hermes_fs.store.formats.skill_format import python_problems
from hermes_fs.testing.pen import counted, words

Version = bytes | None
_MARKER = re.compile(rb"^(<{7}|={7}|>{7})", re.MULTILINE)


def failings(path: str, base: Version, one: Version, other: Version) -> Iterator[str]:
    """What the merge of two versions does that it must not, a line each; none: it is right."""
    kind = format_of(path)
    merged = kind.merge(base, one, other)
    if merged != kind.merge(base, other, one):
        yield "it depends on who merges"
    for side in (base, one, other):
        if kind.merge(base, side, side).content != side or kind.merge(base, base, side) != Merged(side):
            yield "a change of one side alone is not taken as it is"
    for side in (one, other):
        if kind.merge(side, merged.content, side).content != merged.content:
            yield "merged again with a side it changes"
    yield from _lost(base, one, other, merged)
    if not merged.conflicts and not path.endswith((".py", ".sh", ".json", "cases.yaml", "LICENSE")):
        yield from _came_back(path, base, (one, other), merged)
    for side in (one, other):
        if _MARKER.search(merged.content or b"") and not _MARKER.search(side or b""):
            yield "there are conflict markers in it"
    yield from _form(path, one, other, merged)


def _lost(base: Version, one: Version, other: Version, merged: Merged) -> Iterator[str]:
    """Words that a side brought, or that both kept, are there or in a conflict."""
    if any(b"\0" in (side or b"") or _text(side) is None for side in (base, one, other)) and merged.conflicts:
        return  # the greater one is kept, the other named
    known = words(merged.content) | words("\n".join(merged.conflicts).encode())
    brought = (words(one) | words(other)) - words(base)
    kept = words(one) & words(other)
    if missing := (brought | kept) - known:
        yield f"lost in silence: {sorted(missing)}"
    counts = [counted(side) for side in (one, other, merged.content)]
    for word in brought & kept:
        if counts[2][word] > max(counts[0][word], counts[1][word]):
            yield f"{word} stands there twice"


def _came_back(path: str, base: Version, sides: tuple[Version, Version], merged: Merged) -> Iterator[str]:
    """What one side removed, from what the other left as it was, stays removed."""
    if any(_text(side) is None for side in (base, *sides)) or None in (base, *sides):
        return
    for one, other in (sides, sides[::-1]):
        alone = words(base) & words(other) - words(one)
        left = {word for unit in _left_alone(path, base, other) for word in words(unit.encode())}
        if back := alone & left & words(merged.content):
            yield f"removed and there again: {sorted(back)}"


def _left_alone(path: str, base: Version, other: Version) -> Iterator[str]:
    """The units of a file that the other version has as they were: entries, records, sections, else lines in place."""
    was, here = _units(path, base), _units(path, other)
    yield from (text for key, text in was.items() if here.get(key) == text and list(here.values()).count(text) == 1)
    lines = [(_text(version) or "").split("\n") for version in (base, other)]
    kept = [[line for line in side if line.strip() and line in lines[1 - place]] for place, side in enumerate(lines)]
    if not was and kept[0] == kept[1]:  # nothing was moved or copied
        yield from (line for start, _, size in aligned(*lines) for line in lines[0][start : start + size])


def _units(path: str, data: Version) -> Mapping[str, str]:
    """What a format changes as one; empty where that is a line."""
    text = _text(data) or ""
    if path.endswith(("MEMORY.md", "USER.md")):
        return {entry.id: entry.text for entry in entries.entries(text)}
    if path.endswith((".yaml", ".lock")):
        return yaml_blocks.cut(text).records
    if path.endswith("SKILL.md"):
        return skill.flat_sections(front.cut(text).body)
    return {}


def _form(path: str, one: Version, other: Version, merged: Merged) -> Iterator[str]:
    """It reads where both sides do, and where both are without fault so is it."""
    sides = [side for side in (one, other) if side is not None]
    if merged.content is None or len(sides) < 2 or merged.content in sides:
        return
    if (
        any(_reads(path, side) for side in sides)
        and not _reads(path, merged.content)
        and path.endswith("aml")
        and "/evals/" not in path
    ):
        yield "it cannot be read"
    if all(_reads(path, side) for side in sides) and not _reads(path, merged.content):
        yield "both sides can be read, it cannot"
    if all(_text(side) is not None for side in sides) and _text(merged.content) is None:
        yield "both sides are text, it is not"
    check = format_of(path).check
    problems = check(path, None, merged.content, "person")
    if problems and not any(check(path, None, side, "person") for side in sides):
        yield f"both sides are right, it is not: {problems[0]}"


def _reads(path: str, data: bytes) -> bool:
    try:
        if path.endswith((".yaml", ".lock")):
            yaml_file.parse(data)
        elif path.endswith(".json"):
            json.loads(data)
        elif path.endswith("SKILL.md"):
            return not front.strict(data.decode())[1]
    except (yaml_file.Broken, ValueError):
        return False
    return not (path.endswith(".py") and python_problems(data))


def _text(data: Version) -> str | None:
    try:
        return (data or b"").decode()
    except UnicodeDecodeError:
        return None
