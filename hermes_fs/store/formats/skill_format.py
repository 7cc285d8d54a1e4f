"""The format of the files of a skill, SKILL.md above all: judged, described, merged by key and section. Pure."""

from __future__ import annotations

import re
import symtable
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hermes_fs.store.formats import front, keyed, lines, runs, scan, skill, yaml_file
from hermes_fs.store.formats.format import By, Merged, counted, decode, fate, greater, left_out, settled
from hermes_fs.store.formats.lines import merge_bytes, newline_of, split
from hermes_fs.store.formats.plain import check_bytes
from hermes_fs.store.formats.runs import Join

MAX_FILE_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class SkillFormat:
    """`skills/<name>/SKILL.md`."""

    name: str = "skill"

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        if after is None:
            return []
        folder = path.split("/")[1]
        scanned = check_bytes(before, after, by, skill.MAX_BYTES)
        scanned += [one for one in _escaped(before, after, folder) if one not in scanned]
        if by == "person":
            return [*skill.load(after, folder).problems, *scanned]
        text = after.decode("utf-8", "replace")
        return [*skill.check(text, folder), *scanned]

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        label = f"skill {path.split('/')[1]}"
        if before is None or after is None:
            return f"{label}: {fate(before, after)}"
        old, new = (front.cut(decode(data) or "") for data in (before, after))
        was, now = skill.flat_sections(old.body), skill.flat_sections(new.body)
        changed = sum(was.get(title) != now.get(title) for title in {**was, **now})
        if changed:
            return f"{label}: edit {counted(changed, 'section')}"
        return f"{label}: edit {'front matter' if _same_description(old, new) else 'description'}"

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        if done := settled(base, ours, theirs):
            return done
        texts = [decode(data) for data in (ours, theirs)]
        if texts[0] is None or texts[1] is None:
            return merge_bytes(base, ours or b"", theirs or b"")
        one, other, origin, newline = lines.alike(texts[0], texts[1], decode(base) or "")
        content, conflicts = merge(origin or "", one, other)
        return Merged(content.replace("\n", newline).encode(), conflicts)


@dataclass(frozen=True, slots=True)
class SkillFileFormat:
    """What lies beside a SKILL.md. `join` puts together what two sides wrote at one place; `problems` of a language
    that has any: two versions without them are not merged into one that has some."""

    name: str = "skill file"
    join: Join = runs.whole
    problems: Callable[[bytes], object] = lambda data: ()

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        parts = path.split("/")
        if by == "person" or after is None:
            return check_bytes(before, after, by, MAX_FILE_BYTES)
        if by == "agent" and (len(parts) < 4 or parts[2] not in skill.FOLDERS):
            return [f"files of a skill lie in {', '.join(skill.FOLDERS)}"]
        return check_bytes(before, after, by, MAX_FILE_BYTES) or _syntax(path, after)

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        _, name, rest = path.split("/", 2)
        return f"skill {name}: {fate(before, after)} {rest}"

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        if done := settled(base, ours, theirs):
            return done
        one, other = ours or b"", theirs or b""
        merged = merge_bytes(base, one, other, self.join)
        if self.problems(merged.content or b"") and not self.problems(one) and not self.problems(other):
            return greater(one, other, "together the two versions are broken")
        return merged


def python_problems(data: bytes) -> list[str]:
    return _syntax("skill.py", data)


def yaml_problems(data: bytes) -> list[str]:
    try:
        yaml_file.parse_text(decode(data) or "")
    except yaml_file.Broken as error:
        return [str(error)]
    return []


def _escaped(before: bytes | None, after: bytes, folder: str) -> list[str]:
    """What a description says once YAML has read it: `\\x6f` is an o to the model that is told of the skill."""
    said = skill.load(after, folder).description
    old = skill.load(before, folder).description if before else ""
    return scan.problems(said) if said != old else []


def _same_description(old: front.Parts, new: front.Parts) -> bool:
    return front.read(old.front)[0].get("description") == front.read(new.front)[0].get("description")


def _syntax(path: str, data: bytes) -> list[str]:
    """Broken code is never stored. Its table of names, unlike its tree, costs no object for each word of it."""
    if not path.endswith(".py"):
        return []
    try:
        symtable.symtable(data, path, "exec")  # type: ignore[arg-type]  # bytes too: the coding line counts
    except SyntaxError as error:
        return [f"line {error.lineno}: {error.msg}"]
    except (ValueError, RecursionError, MemoryError) as error:
        return [f"it cannot be compiled: {error}"]
    return []


# -- merging ----------------------------------------------------------------------------------------------------------

_MANY = 2000  # headings; a skill has a dozen, and what has more is merged by line
_KEY = re.compile(r"([ ]*)([^\s#:'\"-][^:\n]*(?=:)|\"[^\"\n]*\"|'[^'\n]*')[ \t]*:(?=\s)")


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """Front matter by key, metadata by its own keys, the body by section, a section by line.

    Where both sides set one key differently the longer value stays, the other is a conflict; the same where no merged
    front matter can be made that reads as well as theirs did.
    """
    conflicts: list[str] = []
    one, other = sorted((ours, theirs), reverse=True)
    origin, first, second = (front.cut(text) for text in (base, one, other))
    longer = first if first.opening else second
    found: list[str] = []
    head = _merge_front(origin.front, first.front, second.front, found)
    strict = [side for side in (first, second) if not front.strict(f"---\n{side.front}---\n")[1]]
    if front.read(head)[1] or (strict and front.strict(f"---\n{head}---\n")[1]):
        kept = (strict or [longer])[0]
        lost = second if kept is first else first
        head, found = kept.front, []
        if lost.front not in ("", kept.front):
            found = [left_out(head, lost.front, "front matter, which together does not read")]
    conflicts += found
    body = _merge_body(origin.body, first.body, second.body, conflicts)
    if not longer.opening:
        return body, tuple(conflicts)
    newline = newline_of(longer.opening)
    return longer.opening + head + lines.ended(longer.closing, newline) + body, tuple(conflicts)


def _merge_front(base: str, one: str, other: str, conflicts: list[str]) -> str:
    def resolve(key: str, was: str | None, first: str, second: str) -> str:
        nested = [_children(block) for block in (was or "", first, second)]
        if nested[1] and nested[2]:
            header = max(split(first)[0], split(second)[0])
            return header + "".join(keyed.merge(nested[0], nested[1], nested[2], plain).values())
        return plain(key, was, first, second)

    def plain(key: str, was: str | None, first: str, second: str) -> str:
        kept, lost = sorted((first, second), key=lambda block: (len(block), block), reverse=True)
        if front.read(kept)[0] != front.read(lost)[0] or not _remarks(lost) <= _remarks(kept):
            conflicts.append(left_out(kept, lost, key))
        return kept

    blocks = [_blocks(text, 0) for text in (base, one, other)]
    return "".join(keyed.merge(blocks[0], blocks[1], blocks[2], resolve).values())


def _remarks(block: str) -> set[str]:
    return {line.strip() for line in split(block) if line.lstrip().startswith("#")}


def _blocks(text: str, indent: int) -> dict[str, str]:
    """The lines of each key at this depth, comments above it included; what cannot be told apart stays together."""
    blocks: dict[str, str] = {}
    key, held = "", ""
    for line in split(text):
        line = lines.ended(line, "\n")
        match = _KEY.match(line)
        if match and len(match[1]) == indent and match[2].strip() not in blocks:
            key = match[2].strip()
            blocks[key], held = held + line, ""
        elif line.lstrip().startswith("#") or not line.strip():
            held += line
        else:
            blocks[key] = blocks.get(key, "") + held + line
            held = ""
    if held:
        blocks[key] = blocks.get(key, "") + held
    return blocks


def _children(block: str) -> Mapping[str, str]:
    """The nested keys of a block such as `metadata:`, empty for one without."""
    rows = split(block)
    if len(rows) < 2 or rows[0].strip() != "metadata:":
        return {}
    match = _KEY.match(rows[1])
    return _blocks("".join(rows[1:]), len(match[1])) if match and match[1] else {}


def _merge_body(base: str, one: str, other: str, conflicts: list[str]) -> str:
    newline = newline_of(one)
    if any(text.count("\n#") > _MANY for text in (base, one, other)):
        merged, lost = lines.merge(base or None, one, other)
        conflicts.extend(lost)
        return merged

    def resolve(key: str, was: str | None, first: str, second: str) -> str:
        merged, lost = lines.merge(was, first, second)
        title = key.partition("\n")[0]
        conflicts.extend(f"section {title!r}: {line}" if title else line for line in lost)
        return merged

    whole = [skill.flat_sections(lines.ended(text, newline) if text else "") for text in (base, one, other)]
    sides = [{title: _tight(text) for title, text in side.items()} for side in whole]
    made = keyed.merge(sides[0], sides[1], sides[2], resolve)
    return "".join(_spaced(title, text, whole, title == [*made][-1]) for title, text in made.items())


def _tight(text: str) -> str:
    """Without the empty lines at its end: they part sections, so that one that comes or goes behind is no edit."""
    kept = split(text)
    while len(kept) > 1 and not kept[-1].strip():
        kept.pop()
    return "".join(kept)


def _spaced(title: str, text: str, whole: Sequence[Mapping[str, str]], last: bool) -> str:
    """With as many empty lines at its end as a version of the text has there, before the next section."""
    texts = [side[title] for side in whole if title in side]
    if last:
        texts = [one for side in whole if (one := side.get(title)) and title == [*side][-1]] or [""]
    return text + max((one[len(_tight(one)) :] for one in texts), key=lambda tail: (len(tail), tail))
