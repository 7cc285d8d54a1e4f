"""Rewrites single records of a YAML file that maps ids to records: every other byte stays as the person left it. Pure.

A record's block is the line of its key and what stands further in. What is not laid out that way (flow style, anchors)
is written anew as a whole by the YAML library, which keeps remarks as far as it can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hermes_fs.core import plain_yaml
from hermes_fs.store.formats import yaml_file
from hermes_fs.store.formats.front import scalar
from hermes_fs.store.formats.lines import ended, newline_of, split

Records = Mapping[str, Mapping[str, Any]]

_KEY = re.compile(r"(?:\"([^\"\\\n]+)\"|'([^'\n]+)'|(\w[\w.-]*)) *:(?=[ \r\n]|\Z)")
_BLANK = re.compile(r"[ \t]*\r?\n?")
_NOTHING = re.compile(r"^\{[ ]*\}[ \t]*\r?$\n?", re.MULTILINE)
_BARE_KEY = re.compile(r"[A-Za-z_][\w-]*")
_BARE_ITEM = re.compile(r"[A-Za-z/][\w./@+-]*(?:#[\w.@+-]+)*")
_LITERAL = re.compile(r"[^\x00-\x1f\x7f-\xa0\ufeff\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Blocks:
    """A file in pieces: what stands before the first record; each record's lines by its key; and by that key what
    stands between it and the next: blank lines and remarks, which belong to nobody."""

    head: str
    records: dict[str, str]
    gaps: dict[str, str]


def cut(text: str) -> Blocks:
    """The pieces; head, then each record with its gap, are the text again. A key that stands twice is in no block of
    its own: it goes on the one before."""
    head: list[str] = []
    records: dict[str, list[str]] = {}
    gaps: dict[str, list[str]] = {}
    key = ""
    for line in split(text):
        match = _KEY.match(line)
        name = (match[1] or match[2] or match[3]) if match else ""
        if name and name not in records:
            key = name
            records[key], gaps[key] = [line], []
        elif not key:
            head.append(line)
        elif line[0] == "#" or _BLANK.fullmatch(line):
            gaps[key].append(line)
        else:
            records[key] += [*gaps[key], line]
            gaps[key].clear()
    return Blocks("".join(head), *({k: "".join(v) for k, v in held.items()} for held in (records, gaps)))


def rewrite(source: str, known: Records, wanted: Records, donor: tuple[str, Records] = ("", {})) -> str:
    """`source`, which holds `known`, as a text that holds `wanted`. A record that stands so in `donor`, another version
    of the file with what it holds, is taken from there with its remarks."""
    newline = newline_of(source)
    blocks = cut(source)
    if list(blocks.records) != list(known):
        return yaml_file.written(source.encode(), _plain(wanted)).decode()
    given = cut(donor[0]).records
    kept = {
        key: piece for key, piece in given.items() if list(given) == list(donor[1]) and donor[1][key] == wanted.get(key)
    }
    head = blocks.head if known else _NOTHING.sub("", blocks.head)
    pieces = [ended(head, newline) if head else ""]
    for key in [*known, *(key for key in wanted if key not in known)]:
        if key in wanted:
            was = known.get(key)
            same = was == wanted[key]
            piece = (
                blocks.records[key] if same else kept.get(key) or block(key, wanted[key], blocks.records.get(key, ""))
            )
            pieces.append(ended(piece, newline))
        pieces.append(blocks.gaps.get(key, ""))
    text = "".join(pieces) if wanted else f"{''.join(pieces)}{{}}{newline}"
    if yaml_of(text) != _plain(wanted):  # a layout that was not foreseen: the data counts, not its looks
        return yaml_file.written(source.encode(), _plain(wanted)).decode()
    return text


def block(key: str, record: Mapping[str, Any], before: str = "") -> str:
    """A record's lines. `before` is how it stood: where that holds remarks they are kept."""
    if "#" in before and (remarked := _remarked(key, record, before)):
        return remarked
    lines = [f"{_name(key)}:", *_fields(record)]
    text = "\n".join(lines) + "\n"
    if yaml_of(text) == {key: _plain(record)}:
        return text
    return yaml_file.written(b"", {key: _plain(record)}).decode()


def plain_of(text: str) -> Any:
    """As `yaml_of`, of plain YAML alone: in time that grows with the text, whatever it is."""
    try:
        return plain_yaml.parse(text)
    except plain_yaml.Wild:
        return None


def yaml_of(text: str) -> Any:
    """Its data; None where it cannot be read, {} where it is empty."""
    try:
        return yaml_file.parse(text.encode("utf-8", "surrogatepass"))
    except yaml_file.Broken:
        return None


def _remarked(key: str, record: Mapping[str, Any], before: str) -> str:
    """By the library, which knows what is a remark and what a value; "" where there is none, or it fails."""
    data = yaml_of(before)
    if not isinstance(data, dict) or not any(" #" in line or line.lstrip()[:1] == "#" for line in split(before)):
        return ""
    return yaml_file.written(before.encode(), {key: _plain(record)}).decode()


def _fields(record: Mapping[str, Any]) -> Iterator[str]:
    for name, value in record.items():
        if isinstance(value, list | tuple):
            if not value:
                yield f"  {_name(name)}: []"
                continue
            yield f"  {_name(name)}:"
            yield from (f"    - {_item(str(item))}" for item in value)
        elif isinstance(value, str):
            yield from _text(_name(name), value)
        else:
            yield f"  {_name(name)}: {_scalar(value)}"


def _name(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) and _reads(key, key) else f'"{key}"'


def _item(value: str) -> str:
    return value if _BARE_ITEM.fullmatch(value) and _reads(value, value) else f'"{value}"'


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").ljust(3, "0") if abs(value) < 1 else repr(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _text(name: str, value: str) -> Iterator[str]:
    """As plain words, quoted, or as a block: whichever of them every reader takes for this text, the first that is.
    What holds signs that cannot be seen has them written out."""
    if not _LITERAL.fullmatch(value):
        yield f"  {name}: {scalar(value)}"
        return
    for shown in (value, f'"{value}"', f"'{value}'"):
        if _reads(shown, value):
            yield f"  {name}: {shown}"
            return
    yield f"  {name}: |-"
    yield f"    {value}"


def _reads(shown: str, value: str) -> bool:
    return bool(plain_of(f"k: {shown}\n") == {"k": value})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
