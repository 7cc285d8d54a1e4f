"""Random files of a mind and random edits of them, as agents and people make them, from a seed. Pure; writes nothing.

Each word that an edit brings is the only one of its kind (`zq17`), so that whoever puts versions together can be asked
what became of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hermes_fs.core.errors import HermesError
from hermes_fs.store.formats import entries, front, lines, sections, skill
from hermes_fs.testing import edits_data
from hermes_fs.testing.pen import Pen

Text = Callable[[str, Pen], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: how one begins, what an agent does to it, what people do to it."""

    begin: Callable[[Pen], str]
    agent: tuple[Text, ...]
    hand: tuple[Text, ...] = field(default=())


def begin(path: str, pen: Pen) -> bytes:
    """A file of that kind as it may lie there."""
    if path in edits_data.BEGIN:
        return edits_data.begin(path, pen)
    return KINDS[path].begin(pen).encode()


def edit(path: str, data: bytes | None, pen: Pen, hostile: bool = False) -> bytes | None:
    """One edit, by an agent or by hand; None deletes the file. With `hostile` it may be a rough one: bytes that are no
    text, a broken line, a copied file."""
    if data is None or (hostile and pen.chance.random() < 0.02):
        return begin(path, pen) if data is None else None
    if hostile and pen.chance.random() < 0.1:
        return _rough(data, pen)
    by_hand = pen.chance.random() < 0.4
    try:
        text = data.decode("utf-8-sig")
        if path in edits_data.BEGIN and not (by_hand and pen.chance.random() < 0.5):
            return edits_data.edit(path, data, pen)
        kind = KINDS.get(path, _DATA)
        return pen.chance.choice(kind.hand or _HAND if by_hand else kind.agent or _HAND)(text, pen).encode()
    except (HermesError, UnicodeDecodeError):
        return data  # the agent was refused


def versions(path: str, chance: random.Random, count: int = 2, hostile: bool = False) -> list[bytes | None]:
    """What `count` sides made of one file, the file itself first; with `hostile` there may be none at the start."""
    pen = Pen(chance)
    base = None if hostile and chance.random() < 0.1 else begin(path, pen)
    found = [base]
    for _ in range(count):
        version = base
        for _ in range(chance.choice((0, 1, 1, 2, 4))):
            version = edit(path, version, pen, hostile)
        found.append(version)
    return found


def _rough(data: bytes, pen: Pen) -> bytes:
    at = pen.chance.randrange(len(data) + 1)
    piece = pen.chance.choice(
        (
            b"\0",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\r",
            b"\n---\n",
            b"\n: [\n",
            b"<!--",
            b"```\n",
            b"x" * 5000,
            b"\t",
            b"\n",
        )
    )
    return pen.chance.choice((data[:at] + piece + data[at:], data[:at], data + data, piece + data, b""))


# -- by hand, in any text ---------------------------------------------------------------------------------------------


def typo(text: str, pen: Pen) -> str:
    """Another word in one line."""
    rows = lines.split(text)
    at = pen.place(rows)
    if not rows or " " not in rows[at].strip():
        return text
    head, _, tail = rows[at].rstrip("\r\n").partition(" ")
    rows[at] = f"{head} {pen.word()} {tail}" + ("\n" if rows[at].endswith("\n") else "")
    return "".join(rows)


def insert(text: str, pen: Pen) -> str:
    rows = lines.split(text)
    rows.insert(pen.chance.randrange(len(rows) + 1), f"{pen.sentence()}\n")
    return lines.ended("".join(lines.ended(row, "\n") for row in rows), "\n")


def strike(text: str, pen: Pen) -> str:
    rows = lines.split(text)
    if rows:
        del rows[pen.place(rows)]
    return "".join(rows)


def reorder(text: str, pen: Pen) -> str:
    parts = text.split("\n\n")
    pen.chance.shuffle(parts)
    return "\n\n".join(parts)


def blanks(text: str, pen: Pen) -> str:
    """Blanks at the ends of lines, or none."""
    rows = [row.rstrip() + (pen.chance.choice(("", "  "))) + "\n" for row in lines.split(text)]
    return "".join(rows)


def dos(text: str, pen: Pen) -> str:
    return text.replace("\r\n", "\n").replace("\n", pen.chance.choice(("\r\n", "\n")))


_HAND: tuple[Text, ...] = (typo, insert, strike, blanks, dos, typo, insert)

# -- memory -----------------------------------------------------------------------------------------------------------


def _which(text: str, pen: Pen) -> str:
    known = entries.entries(text)
    return pen.chance.choice(known).id if known else ""


def remember(text: str, pen: Pen) -> str:
    return entries.add(text, pen.sentence()).text


def revise(text: str, pen: Pen) -> str:
    return entries.change(text, _which(text, pen), pen.sentence()).text


def drop(text: str, pen: Pen) -> str:
    return entries.remove(text, _which(text, pen)).text


def bullets(text: str, pen: Pen) -> str:
    """Another sign for bullets; a heading; entries without ids below it."""
    return pen.chance.choice((text.replace("\n- ", "\n* "), f"{text}\n## About {pen.word()}\n\n- {pen.sentence()}\n"))


def _memory(pen: Pen) -> str:
    text = "# Memory\n\n<!-- what is kept -->\n"
    for _ in range(pen.chance.randrange(7)):
        text = remember(text, pen)
    return text


_MEMORY = Kind(_memory, (remember, remember, revise, drop), (*_HAND, bullets, bullets, reorder))

# -- notes and other prose --------------------------------------------------------------------------------------------


def append(text: str, pen: Pen) -> str:
    fresh = pen.chance.choice((f"{pen.sentence()}\n", f"- {pen.sentence()}\n- {pen.sentence()}\n"))
    gap = pen.chance.choice(("", "\n", "\n"))
    return f"{lines.ended(text, chr(10)) if text else ''}{gap}{fresh}"


def add_section(text: str, pen: Pen) -> str:
    return sections.add(text, f"On {pen.word()}", f"{pen.sentence()}\n\n- {pen.sentence()}\n")


def replace_section(text: str, pen: Pen) -> str:
    titles = [section.title for section in sections.parse(text) if section.level]
    if not titles:
        return text
    return sections.replace(text, pen.chance.choice(titles), f"{pen.sentence()}\n{pen.sentence()}\n")


def _note(pen: Pen) -> str:
    text = f"# Notes on {pen.word()}\n\n{pen.sentence()}\n"
    for _ in range(pen.chance.randrange(6)):
        text = pen.chance.choice((append, add_section))(text, pen)
    return text


_NOTE = Kind(_note, (append, append, add_section, replace_section, typo), (*_HAND, reorder))

# -- skills -----------------------------------------------------------------------------------------------------------


def _skill(pen: Pen) -> str:
    text = skill.create("parse-logs", f"Parse logs when {pen.sentence()}", f"# Steps\n\n{pen.sentence()}\n")
    for _ in range(pen.chance.randrange(4)):
        text = add_section(text, pen)
    return text


def describe(text: str, pen: Pen) -> str:
    return front.with_value(text, "description", f"Parse logs when {pen.sentence()}")


def mark(text: str, pen: Pen) -> str:
    key = pen.chance.choice(("author", "version", "hermes-note"))
    return front.with_nested(text, "metadata", key, pen.word())


def license_(text: str, pen: Pen) -> str:
    return front.with_value(text, pen.chance.choice(("license", "compatibility")), pen.word())


_SKILL = Kind(
    _skill, (add_section, replace_section, replace_section, describe, mark, license_, typo), (*_HAND, reorder)
)


def _code(pen: Pen) -> str:
    return "import os\n\n\n" + "\n\n".join(_function(pen) for _ in range(pen.chance.randrange(1, 4)))


def _function(pen: Pen) -> str:
    name = pen.word()
    return f"def do_{name}(x):\n    y = '{pen.word()}'\n    return x + y\n"


def define(text: str, pen: Pen) -> str:
    return f"{lines.ended(text, chr(10)) if text else ''}\n\n{_function(pen)}"


def body(text: str, pen: Pen) -> str:
    """A line of code in a function."""
    rows = lines.split(text)
    inside = [place for place, row in enumerate(rows) if row.startswith("    ")]
    if inside:
        rows.insert(pen.chance.choice(inside), f"    z = '{pen.word()}'\n")
    return "".join(rows)


def rename(text: str, pen: Pen) -> str:
    rows = lines.split(text)
    inside = [place for place, row in enumerate(rows) if row.startswith("    y = ")]
    if inside:
        rows[pen.chance.choice(inside)] = f"    y = '{pen.word()}'\n"
    return "".join(rows)


def imports(text: str, pen: Pen) -> str:
    return f"import {pen.word()}\n{text}"


_CODE = Kind(_code, (define, define, body, rename, imports), (rename, body, blanks, strike, dos))


def _bytes(pen: Pen) -> str:
    return "\0" + "".join(chr(pen.chance.randrange(128)) for _ in range(40))


def scramble(text: str, pen: Pen) -> str:
    at = pen.place(list(text))
    return text[:at] + "\0" + chr(pen.chance.randrange(128)) + text[at + 1 :]


_BINARY = Kind(_bytes, (scramble,), (scramble,))
_DATA = Kind(_note, (), (edits_data.remark, edits_data.remark, edits_data.remark, blanks, dos, strike, typo))

KINDS: Mapping[str, Kind] = {
    "MEMORY.md": _MEMORY,
    "USER.md": _MEMORY,
    "people/ada/USER.md": _MEMORY,
    "notes/tax.md": _NOTE,
    "SOUL.md": _NOTE,
    "AGENTS.md": _NOTE,
    "audits/2026-11-21.md": _NOTE,
    "conflicts/abcdef.md": _NOTE,
    "skills/parse-logs/SKILL.md": _SKILL,
    "skills/parse-logs/references/more.md": _NOTE,
    "skills/parse-logs/scripts/run.py": _CODE,
    "skills/parse-logs/scripts/run.sh": _CODE,
    "skills/parse-logs/assets/sample.bin": _BINARY,
    "LICENSE": _CODE,
}
PATHS = (*KINDS, *edits_data.BEGIN)
"""One path of each kind of file."""
