"""Reads the YAML that people and we write (blocks of keys, items and plain or quoted values) in linear time, and says
which texts are too wild to be given to the full reader. Pure; knows no file.

The full reader's time grows with the square of the nesting, and a few lines of anchors can mean a billion values.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

DEEPEST = 24
_LARGEST_WILD = 16_000
"""Characters of a text that is not plain and still goes to the full reader: a mind's file beyond that is plain."""

_LINE = re.compile(r"([ ]*)((?:- +)*)(?:([A-Za-z_][\w.-]*|\"[^\"\\\n]+\"|'[^'\n]+') *:(?: +|$))?(.*)")
_WORD = re.compile(
    r"[A-Za-z_/](?:[^\x00-\x1f\x7f-\xa0\ufeff\u2028\u2029\ud800-\udfff\ufffe\uffff:#]|:(?=[^\s])|(?<=[^\s])#)*"
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,15})")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,8})\.\d{1,15}")
_DAY = re.compile(r"[12]\d{3}-[01]\d-[0-3]\d")
_NUMERIC = frozenset("-0123456789")
_QUOTED = re.compile(
    r"\"([^\"\\\x00-\x1f\x7f-\xa0\ufeff\u2028\u2029\ud800-\udfff]*)\"|'([^'\x00-\x1f\x7f-\xa0\ufeff\u2028\u2029\ud800-\udfff]*)'"
)
_FLOW = re.compile(r"\[ *(?:[\w./@+#-]+(?: *, *[\w./@+#-]+)*)? *\]")
_REMARK = re.compile(r"(?:^|(?<=[ ]))#.*")
_DASH = re.compile("- +")
_NO_DATA = ("", "#")
"""How lines begin that are blank or a remark."""
_WILD = frozenset("{&*!%@`>")
"""How values begin that are not plain."""
_RESERVED = frozenset(["true", "false", "null"])
_TYPED = re.compile(r"[A-Za-z][\w./@+#-]*")
_MARKS = re.compile(r"[\[\]{}]|\n *(?=[^\s])|[-?:] (?=(?:[-?:] ){24})|(?:^|[\s,\[{])[&*](?=[^\s&*])")
_DIRECTIVE = re.compile(r"^\ufeff?%[A-Z]", re.MULTILINE)


class Wild(Exception):
    """Not plain YAML; it may still be right YAML."""


def refusal(text: str) -> str:
    """Why a text is not worth the full reader's time, or ""."""
    if len(text) > _LARGEST_WILD:
        return f"it has {len(text):,} characters and is not plain YAML: write one key or item a line"
    if _DIRECTIVE.search(text):  # of a version that it does not know, the full reader dies
        return "it begins with a directive (%YAML, %TAG): leave it out"
    depth = anchors = 0
    for match in _MARKS.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth = max(0, depth - 1)
        elif mark[0] == "\n":
            if len(mark) > 8 * DEEPEST:
                depth = DEEPEST + 1
        elif mark[-1] in "&*":
            anchors += 1
        else:
            depth = DEEPEST + 1
        if depth > DEEPEST or anchors > DEEPEST:
            return "it is nested too deeply" if depth > DEEPEST else "it has too many anchors: write the values out"
    return ""


class _Block(str):
    """The text of a `|` block, which is no more to be read."""


_Row = tuple[int, bool, str | None, str]
"""Indent, whether it begins an item, key, value."""


def parse(text: str) -> Any:
    """The data, exactly as YAML 1.2 has it; None for an empty text. Raises Wild for what is not plain."""
    rows: list[_Row] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].rstrip(" \r") if not lines[at].endswith("\t") else lines[at]
        at += 1
        if line.lstrip(" ")[:1] in _NO_DATA:
            continue
        _split(line, rows)
        indent, item, key, value = rows[-1]
        if value in ("|", "|-") and key is not None:
            found, at = _literal(lines, at, indent)
            rows[-1] = (indent, item, key, _Block(found if value == "|" else found.removesuffix("\n")))
    if not rows:
        return None
    value, end = _block(rows, 0, rows[0][0], 0)
    if end != len(rows):
        raise Wild
    return value


def _literal(lines: list[str], at: int, indent: int) -> tuple[str, int]:
    """The block of lines that stand further in than their key, and where it ends."""
    start = at
    own = len(lines[at]) - len(lines[at].lstrip(" ")) if at < len(lines) else 0
    if own <= indent or not lines[at].strip() or "\r" in lines[at]:
        raise Wild
    while at < len(lines) and (not lines[at].strip(" ") or lines[at].startswith(" " * (indent + 1))):
        if not lines[at].startswith(" " * own) and lines[at].strip(" "):
            raise Wild
        at += 1
    if at == len(lines) and lines[-1]:
        raise Wild
    text = "\n".join(line[own:] for line in lines[start:at])
    if not _SAFE.fullmatch(text) or text.rstrip("\n") != text.rstrip("\n "):
        raise Wild
    return text.rstrip("\n") + "\n", at


_SAFE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\xa0\ufeff\u2028\u2029\ud800-\udfff]*")


def _split(line: str, lines: list[_Row]) -> None:
    """A line as (indent, begins an item, key, value); an item with a key is an item, and a key below it."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise Wild
    spaces, dashes, key, value = match.groups()
    indent = len(spaces)
    if dashes:
        if len(dashes) > 2 * DEEPEST:
            raise Wild
        for dash in _DASH.findall(dashes):
            lines.append((indent, True, None, ""))
            indent += len(dash)
    if value[:1] in _WILD:
        raise Wild
    if key is None:
        lines.append((indent, value == "-", None, "" if value == "-" else value))
    elif key[0] in "\"'":
        lines.append((indent, False, key.strip("\"'"), value))
    elif key.lower() in _RESERVED:
        raise Wild
    else:
        lines.append((indent, False, key, value))


def _block(lines: list[_Row], at: int, indent: int, depth: int) -> tuple[Any, int]:
    """The mapping or list whose lines stand at this indent, and where it ends."""
    if depth > DEEPEST:
        raise Wild
    if lines[at][1]:
        return _list(lines, at, indent, depth)
    if lines[at][2] is None:
        return _value(lines[at][3]), at + 1
    found: dict[str, Any] = {}
    while at < len(lines) and lines[at][0] == indent and not lines[at][1]:
        key, value = lines[at][2], lines[at][3]
        if key is None or key in found:
            raise Wild
        if isinstance(value, _Block) or (value and value[0] != "#"):
            found[key] = _value(value)
            at += 1
        else:
            found[key], at = _below(lines, at + 1, indent, depth)
    if at < len(lines) and lines[at][0] > indent:
        raise Wild
    return found, at


def _below(lines: list[_Row], at: int, indent: int, depth: int) -> tuple[Any, int]:
    """What belongs to a key without a value: lines that are further in, or items as far in as the key."""
    if at < len(lines) and (lines[at][0] > indent or (lines[at][0] == indent and lines[at][1])):
        return _block(lines, at, lines[at][0], depth + 1)
    return None, at


def _list(lines: list[_Row], at: int, indent: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while at < len(lines) and lines[at][0] == indent and lines[at][1]:
        at += 1
        if at < len(lines) and lines[at][0] > indent:
            value, at = _block(lines, at, lines[at][0], depth + 1)
            found.append(value)
        else:
            found.append(None)
    if at < len(lines) and lines[at][0] > indent:
        raise Wild
    return found, at


def _value(text: str) -> Any:
    if isinstance(text, _Block):
        return str(text)
    if text[0] in "\"'":
        quoted = _QUOTED.match(text)
        if quoted is None or _REMARK.sub("", text[quoted.end() :]).strip(" "):
            raise Wild
        return quoted[1] if quoted[2] is None else quoted[2]
    if "#" in text:
        text = _REMARK.sub("", text)
    text = text.rstrip(" ")
    if text in ("true", "false"):
        return text == "true"
    if text[:1] in _NUMERIC:
        return _number(text)
    if text[:1] == "[" and _FLOW.fullmatch(text):
        items = [item.strip() for item in text[1:-1].split(",")] if text[1:-1].strip() else []
        if not all(_TYPED.fullmatch(item) and item.lower() not in _RESERVED for item in items):
            raise Wild
        return items
    if not _WORD.fullmatch(text) or text.lower() in _RESERVED or text.endswith(":"):
        raise Wild
    return text


def _number(text: str) -> Any:
    """Whole and decimal numbers and days; all else that begins like one is wild."""
    if _NUMBER.fullmatch(text) and text != "-0":
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if not _DAY.fullmatch(text):
        raise Wild
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Wild from error
