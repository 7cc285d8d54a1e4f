"""YAML front matter of a Markdown file: read leniently, judged strictly, changed without touching what is not meant.

Strict is what the public validator of the Agent Skills standard reads: no flow style, tags, anchors or repeated keys,
every value text, and no `---` but the two lines around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core import full_yaml, plain_yaml
from hermes_fs.store.formats import yaml_file
from hermes_fs.store.formats.lines import newline_of, split

_LONGEST = 20_000  # characters of front matter that are worth a YAML reader's time
_FENCE = re.compile(r"---[ \t]*\r?\n?$")
_SIMPLE = re.compile(r"[\w-]+:[ \t]+(?:\"([^\"\\\n\r\t]*)\"|([A-Za-z][^\"\\\n\r\t#:]*))[ \t]*\r?\n")
_KEY_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:[ \t]?(.*)")
_PLAIN = re.compile(r"[A-Za-z](?:[^\x00-\x1f\x7f-\xa0\"'\\#:{}\[\]&*!|>%@`-]|-(?!-)|:(?=[^\s]))*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))  # other readers take them for values


@dataclass(frozen=True, slots=True)
class Parts:
    """A file cut in three, none of it changed: `opening` (a byte order mark and the first line), `front` between the
    `---` lines, and `rest` from the closing line on. Without front matter the first two are empty."""

    opening: str
    front: str
    rest: str

    @property
    def body(self) -> str:
        """What comes after the closing line."""
        return self.rest[len(split(self.rest)[0]) :] if self.opening and self.rest else self.rest

    @property
    def closing(self) -> str:
        """The closing line."""
        return self.rest[: len(self.rest) - len(self.body)]


def cut(text: str) -> Parts:
    """The parts of a file; front matter that is never closed is none."""
    lines = split(text)
    if not lines or not _FENCE.match(lines[0].removeprefix("\ufeff")):
        return Parts("", "", text)
    end = next((place for place in range(1, len(lines)) if _FENCE.match(lines[place])), None)
    if end is None:
        return Parts("", "", text)
    return Parts(lines[0], "".join(lines[1:end]), "".join(lines[end:]))


def read(front: str) -> tuple[dict[str, Any], str]:
    """All that can be made of front matter, and why it is not right YAML ("" if it is). Never raises."""
    if len(front) > _LONGEST:
        return _by_line(front), f"front matter has more than {_LONGEST} characters"
    try:
        value = yaml_file.parse_text(front.replace("\t", " "))
    except yaml_file.Broken as error:
        return _by_line(front), str(error)
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}, ""
    return _by_line(front), "front matter must be a mapping of keys to values" if front.strip() else ""


def plain_value(front: str, key: str) -> str | None:
    """The text of a top-level key that stands alone on a line every YAML reader reads alike; None for all others."""
    found = None
    for match in re.finditer(rf"^{re.escape(key)}[ \t]*:[^\n]*\n(?=([ \t\r\n-]?))", front, re.MULTILINE):
        simple = _SIMPLE.fullmatch(match[0])
        if found is not None or match[1] or simple is None:
            return None
        found = simple[1] if simple[2] is None else simple[2].rstrip()
        if not found.isprintable() or (simple[2] is not None and found.lower() in _WORDS):
            return None
    return " ".join((found or "").split()) or None


def _by_line(front: str) -> dict[str, Any]:
    """`key: value` lines as text, for front matter that is no YAML (unquoted colons are the usual reason)."""
    found: dict[str, Any] = {}
    for line in front.splitlines():
        match = _KEY_LINE.match(line)
        if match and match[1] not in found:
            found[match[1]] = match[2].strip().strip("\"'")
    return found


# -- strictly ---------------------------------------------------------------------------------------------------------


def strict(text: str) -> tuple[dict[str, Any], str]:
    """A whole file's front matter as the public validator sees it (all values text), and why it refuses it, or ""."""
    parts = cut(text)
    if not text.startswith("---") or not parts.opening:
        return {}, "it must start with front matter between two lines of ---"
    if "---" in parts.front:
        return {}, "front matter must not hold --- inside"
    if len(parts.front) > _LONGEST:
        return {}, f"front matter has more than {_LONGEST} characters"
    if "\r" in parts.front.replace("\r\n", "") or "\ufeff" in parts.front:
        return {}, "front matter holds a byte order mark or a bare carriage return"
    if refused := plain_yaml.refusal(parts.front):
        return {}, refused
    try:
        value = _composed(list(_events(parts.front)))
    except yaml_file.Broken as error:
        return {}, str(error)
    except RecursionError:
        return {}, "front matter is nested too deeply"
    return (value, "") if isinstance(value, dict) else ({}, "front matter must be a mapping of keys to values")


def _events(front: str) -> Iterator[Any]:
    try:
        with full_yaml.reader() as yaml:
            yield from yaml.parse(front)
    except full_yaml.Unreadable as error:
        where = f"line {error.line + 1}: " if error.line else ""  # after the opening ---
        raise yaml_file.Broken(f"{where}{error.problem}") from error


def _composed(events: list[Any]) -> Any:
    """The one document of a stream of events, every scalar as text. Raises Broken for what strict YAML forbids."""
    names = [type(event).__name__ for event in events]
    if names.count("DocumentStartEvent") != 1:
        raise yaml_file.Broken("front matter must be one mapping")
    for event, name in zip(events, names, strict=True):
        if name == "AliasEvent" or getattr(event, "anchor", None):
            raise yaml_file.Broken("front matter must not use anchors: write values out")
        if name in ("MappingStartEvent", "SequenceStartEvent") and event.flow_style:
            raise yaml_file.Broken("front matter must not use { } or [ ]: write one key or item a line")
        if getattr(event, "tag", None) or getattr(event, "ctag", None):
            raise yaml_file.Broken("front matter must not use ! tags")
    position = names.index("DocumentStartEvent") + 1
    return _node(events, names, [position])


def _node(events: list[Any], names: list[str], at: list[int]) -> Any:
    """The node at position `at[0]`, which moves on behind it."""
    event, name = events[at[0]], names[at[0]]
    at[0] += 1
    if name == "ScalarEvent":
        if event.style is None and event.value in ("=", "<<"):
            raise yaml_file.Broken(f"{event.value} must be quoted")
        return event.value
    if name == "SequenceStartEvent":
        found = []
        while names[at[0]] != "SequenceEndEvent":
            found.append(_node(events, names, at))
        at[0] += 1
        return found
    if name != "MappingStartEvent":
        raise yaml_file.Broken("front matter must be one mapping")
    return _mapping(events, names, at)


def _mapping(events: list[Any], names: list[str], at: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    columns: set[int] = set()
    while names[at[0]] != "MappingEndEvent":
        key = _node(events, names, at)
        if not isinstance(key, str) or not key:
            raise yaml_file.Broken("a key of front matter must be a word")
        if key in found:
            raise yaml_file.Broken(f"the key {key} stands twice")
        if names[at[0]] == "MappingStartEvent":
            columns.add(events[at[0]].start_mark.column)
        found[key] = _node(events, names, at)
    if len(columns) > 1:
        raise yaml_file.Broken("maps inside front matter must be indented alike")
    at[0] += 1
    return found


# -- writing ----------------------------------------------------------------------------------------------------------


def scalar(value: str) -> str:
    """The value as strict YAML on one line: plain where every reader agrees on it, else in double quotes."""
    if _PLAIN.fullmatch(value) and value == value.strip() and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return re.sub(r"-{3,}", lambda run: "\\x2d" * len(run[0]), _UNPRINTABLE.sub(_escaped, quoted))


_UNPRINTABLE = re.compile("[\x7f-\xa0\xad\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff\ufdd0-\ufdef]")


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def write(values: Mapping[str, Any]) -> str:
    """Front matter, without its `---` lines, in strict YAML: text, maps of such, and lists as text."""
    return "".join(_written(values, ""))


def _written(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        name = key if re.fullmatch(r"[A-Za-z][\w-]*", key) and "--" not in key else scalar(key)
        if isinstance(value, Mapping) and value:
            yield f"{indent}{name}:\n"
            yield from _written(value, indent + "  ")
        else:
            yield f"{indent}{name}: {scalar(as_text(value))}\n"


def as_text(value: Any) -> str:
    """A value of lenient front matter as one line of text."""
    if isinstance(value, list | tuple):
        return " ".join(as_text(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return " ".join(str(value).split())


def with_value(text: str, key: str, value: str) -> str:
    """The file with one top-level key of its front matter set; every other byte stays. It must be strict already."""
    parts = cut(text)
    newline = newline_of(text)
    line = f"{key}: {scalar(value)}{newline}"
    place = _span(parts.front, key)
    if place is None:
        return parts.opening + parts.front + line + parts.rest
    return parts.opening + parts.front[: place[0]] + line + parts.front[place[1] :] + parts.rest


def with_nested(text: str, key: str, inner: str, value: str) -> str:
    """The file with one key of a map in its front matter set, or gone where `value` is ""; every other byte stays. It
    must be strict already; where the map is not written a key a line, what comes out may say something else."""
    parts = cut(text)
    newline, place = newline_of(text), _span(parts.front, key)
    start, end = place or (len(parts.front), len(parts.front))
    head, *rows = split(parts.front[start:end]) or [f"{key}:{newline}"]
    indent = next((row[: len(row) - len(row.lstrip())] for row in rows if row.strip()), "  ")
    rows = [row for row in rows if not re.match(rf"{indent}{re.escape(inner)}[ \t]*:", row)]
    rows += [f"{indent}{inner}: {scalar(value)}{newline}"] if value else []
    block = "".join([head, *rows]) if any(row.strip() for row in rows) else ""
    return parts.opening + parts.front[:start] + block + parts.front[end:] + parts.rest


def _span(front: str, key: str) -> tuple[int, int] | None:
    """Where a top-level key stands: from its line up to the next that is neither indented, an item nor empty."""
    lines = split(front)
    start = next((n for n, line in enumerate(lines) if (m := _KEY_LINE.match(line)) and m[1] == key), None)
    if start is None:
        return None
    end = start + 1
    while end < len(lines) and (lines[end][:1] in (" ", "\t", "-") or not lines[end].strip()):
        end += 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return len("".join(lines[:start])), len("".join(lines[:end]))
