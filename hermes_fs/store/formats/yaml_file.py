"""YAML files of the mind: read as plain data, described and merged by key. Loads the YAML library on first use only."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hermes_fs.core import full_yaml, plain_yaml
from hermes_fs.core.loading import load as load_module
from hermes_fs.store.formats import keyed, runs, sequences
from hermes_fs.store.formats.format import Merged, counted, decode, excerpt, left_out, settled, version_left_out
from hermes_fs.store.formats.lines import merge_bytes, split


class Broken(Exception):
    """It cannot be read; the text says where and why, in one line."""


_ALIAS = re.compile(r"(?:^|[\s\[,{:-])\*[^\s,\]}]", re.MULTILINE)


_LIST = re.compile(r"(?:[ ]*+(?:#[^\n]*+)?\n)*+[ ]*+- ")
"""A text that begins with an item: a list, whatever follows."""


def parse(data: bytes) -> dict[str, Any]:
    """A mapping as plain data; an empty file is an empty one. Raises Broken."""
    text = decode(data)
    if text is None:
        raise Broken("it is not UTF-8 text")
    if _LIST.match(text):
        raise Broken("it must be a mapping of keys to values")
    value = parse_text(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Broken("it must be a mapping of keys to values")
    return value


def parse_text(text: str) -> Any:
    """Any YAML value as plain data (YAML 1.2: `yes` is a word). Raises Broken."""
    try:
        return plain_yaml.parse(text)
    except plain_yaml.Wild:
        return _wild(text)


def _wild(text: str) -> Any:
    """By the full reader, which is slow, and slower than that on texts made to be."""
    if refused := plain_yaml.refusal(text):
        raise Broken(refused)
    try:
        with full_yaml.reader() as yaml:
            if _ALIAS.search(text) and any(type(event).__name__ == "AliasEvent" for event in yaml.parse(text)):
                raise Broken("anchors with aliases are not read: write the values out")  # ten lines can mean 10^9
            return yaml.load(text)
    except full_yaml.Unreadable as error:
        raise Broken(f"line {error.line}: {error.problem}" if error.line else error.problem) from error


def describe(label: str, before: bytes | None, after: bytes | None, noun: str) -> str:
    """A subject that counts what was added, edited and removed among the top-level keys."""
    old, new = _lenient(before) or {}, _lenient(after) or {}
    changes = {
        "add": sorted(new.keys() - old.keys()),
        "edit": sorted(key for key in old.keys() & new.keys() if old[key] != new[key]),
        "remove": sorted(old.keys() - new.keys()),
    }
    done = [(verb, keys) for verb, keys in changes.items() if keys]
    if not done:
        return f"{label}: edit text"
    named = sum(len(keys) for _, keys in done) == 1
    return f"{label}: " + ", ".join(
        f"{verb} {excerpt(str(keys[0]), 40)}" if named else f"{verb} {counted(len(keys), noun)}" for verb, keys in done
    )


Keyed = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], tuple[dict[str, Any], tuple[str, ...]]]
"""(base, one, other) as data → the merged data, and what could not be in it. Symmetric."""
Rewrite = Callable[[bytes, dict[str, Any]], bytes]
"""(a version of the file, data) → a file that holds the data, as far as it can in the shape of that version."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What binds merged data. `cautious`: the values of a key, whatever it lies in, from the one that stays rather than
    another; `problems` of a whole file, which a merge of two without any must not have."""

    cautious: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    problems: Callable[[dict[str, Any]], list[str]] = lambda data: []


_FREE = Rules()


def merge(base: bytes | None, ours: bytes | None, theirs: bytes | None, rules: Rules = _FREE) -> Merged:
    """By key, at every depth; lists by item. Where both sides set one value differently the more cautious one stays, or
    else the greater one, and the other is a conflict."""
    return merged(base, ours, theirs, functools.partial(merge_data, rules=rules), written)


def merged(base: bytes | None, ours: bytes | None, theirs: bytes | None, by_key: Keyed, rewrite: Rewrite) -> Merged:
    """The data by `by_key`. Where merging line by line arrives at them, remarks and looks of both sides stay; elsewhere
    the file is rewritten, and remarks that get lost are named. Of two sides the one that cannot be read is left out."""
    if done := settled(base, ours, theirs):
        return done
    high, low = max(ours or b"", theirs or b""), min(ours or b"", theirs or b"")
    read = [_lenient(data) for data in (high, low)]
    if read[0] is None and read[1] is None:
        return merge_bytes(base, high, low, runs.keyed)
    if read[0] is None or read[1] is None:
        kept, lost = (high, low) if read[1] is None else (low, high)
        return Merged(kept, (version_left_out("one side cannot be read as YAML", kept, lost),))
    wanted, conflicts = by_key(_lenient(base) or {}, read[0], read[1])
    lines = merge_bytes(_bare(base or b""), _bare(high), _bare(low), runs.keyed)
    if wanted and not lines.conflicts and lines.content is not None and _same(_lenient(lines.content), wanted):
        return Merged(lines.content, conflicts)
    alike = [side for side, data in ((high, read[0]), (low, read[1])) if _same(data, wanted)]
    content = alike[0] if alike else rewrite(high, wanted)
    return Merged(content, (*conflicts, *_remarks(base, (high, low), content)))


def _bare(data: bytes) -> bytes:
    """Without the {} of a file that holds nothing yet, in the place of which both sides may have written something."""
    return _NOTHING.sub(b"", data)


_NOTHING = re.compile(rb"^\{[ ]*\}[ \t]*\r?$\n?", re.MULTILINE)


def _remarks(base: bytes | None, sides: tuple[bytes, bytes], content: bytes) -> Iterator[str]:
    """What a side remarked and neither the base nor the merged file has."""
    known = (base or b"").decode("utf-8", "replace") + content.decode("utf-8", "replace")
    for line in dict.fromkeys(line for side in sides for line in split(side.decode("utf-8", "replace"))):
        remark = _REMARK.search(line)
        if remark and remark[0].strip() not in known:
            yield left_out("a file without it", remark[0].strip(), "remark")


_REMARK = re.compile(r"(?:^|(?<=[ \t]))#.*")


def _lenient(data: bytes | None) -> dict[str, Any] | None:
    try:
        return parse(data) if data is not None else {}
    except Broken:
        return None


def _same(one: Any, other: Any) -> bool:
    """Also in their types: 1 is not true."""
    return _token(one) == _token(other)


def merge_data(
    base: dict[str, Any], one: dict[str, Any], other: dict[str, Any], rules: Rules = _FREE
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """By key, at every depth; lists by item."""
    conflicts: list[str] = []
    wanted = _merged((base, one, other), "", conflicts, rules)
    if not rules.problems(wanted) or rules.problems(one) or rules.problems(other):
        return wanted, tuple(conflicts)
    # Each side was right, together they are not (two new owners): one side, with what of the other does no harm.
    low, kept = sorted((one, other), key=_token)
    for key in sorted(wanted.keys() | kept.keys(), key=_token):
        tried = {name: value for name, value in {**kept, key: wanted.get(key)}.items() if name != key or name in wanted}
        if not rules.problems(tried):
            kept = tried
        elif _token(low.get(key)) != _token(kept.get(key)):
            conflicts.append(_told(str(key), kept.get(key), low.get(key)))
    return kept, tuple(conflicts)


_Three = tuple[Mapping[Any, Any], Mapping[Any, Any], Mapping[Any, Any]]


def _merged(three: _Three, at: str, conflicts: list[str], rules: Rules) -> dict[Any, Any]:
    sides = [{_token(key): _token(value) for key, value in side.items()} for side in three]
    names = {_token(key): key for side in three for key in side}
    values = {_token(value): value for side in three for value in side.values()}

    def resolve(key: str, was: str | None, first: str, second: str) -> str:
        place = f"{at}.{names[key]}" if at else str(names[key])
        before, low, high = (values.get(token or "") for token in (was, *sorted((first, second))))
        if isinstance(low, dict) and isinstance(high, dict):
            value: Any = _merged((before if isinstance(before, dict) else {}, low, high), place, conflicts, rules)
        elif isinstance(low, list) and isinstance(high, list):
            value = _listed(before, low, high)
        else:
            known = rules.cautious.get(names[key], ())
            value, lost = (low, high) if low in known and known.index(low) < _place(known, high) else (high, low)
            conflicts.append(_told(place, value, lost))
        values[_token(value)] = value
        return _token(value)

    return {names[key]: values[token] for key, token in keyed.merge(sides[0], sides[1], sides[2], resolve).items()}


def _place(known: Sequence[Any], value: Any) -> int:
    return known.index(value) if value in known else len(known)


def _listed(base: Any, one: list[Any], other: list[Any]) -> list[Any]:
    """What both kept and what either added, each as often as the side has it that has it oftener."""
    sides = [[_token(item) for item in side] for side in (one, other)]
    origin = [_token(item) for item in base] if isinstance(base, list) else sequences.common(*sides)
    values = {_token(item): item for item in [*one, *other]}
    most = Counter(sides[0]) | Counter(sides[1])
    items: list[Any] = []
    for item in sequences.woven(origin, sides[0], sides[1]):
        if most[item]:
            most[item] -= 1
            items.append(values[item])
    return items


def _told(place: str, kept: Any, lost: Any) -> str:
    if isinstance(kept, str) and isinstance(lost, str) and "\n" in lost:
        return left_out(kept, lost, place)
    return f"{place}: kept {excerpt(_shown(kept))}, left out {_shown(lost)}"


def _token(value: Any) -> str:
    """Text that two values have alike only where they are alike, also in their types."""
    return json.dumps(_jsonable(value), ensure_ascii=False, sort_keys=True)


def _shown(value: Any) -> str:
    return json.dumps(_jsonable(value), ensure_ascii=False)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else _odd(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else _odd(value)


def _odd(value: Any) -> str:
    """A day, bytes, a set: what JSON has no sign for."""
    text = ", ".join(sorted(map(repr, value))) if isinstance(value, set | frozenset) else str(value)
    return f"!{type(value).__name__} {text}"


def written(source: bytes, wanted: dict[str, Any]) -> bytes:
    """`wanted` as YAML in the shape, and with the comments, of `source`."""
    wanted = _unshared(wanted)
    yaml = load_module("ruamel.yaml:YAML")()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    with (
        contextlib.suppress(full_yaml.Unreadable),
        full_yaml.reader(),
    ):  # then it is written anew, as if the library had lost something
        document = yaml.load(source)
        if document is None:
            document = {}
        _assign(document, wanted)
        text = _dumped(yaml, document)
        if _same(_lenient(text), wanted):  # the data counts, not its looks
            return text
    plain = load_module("ruamel.yaml:YAML")(typ="safe", pure=True)
    plain.default_flow_style = False
    plain.sort_base_mapping_type_on_output = False
    return _dumped(plain, wanted)


def _unshared(value: Any) -> Any:
    """The same data, no part of it twice the same object: the library would write an anchor, which nobody reads."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def _assign(document: Any, wanted: Mapping[str, Any]) -> None:
    for key in [key for key in document if key not in wanted]:
        del document[key]
    for key, value in wanted.items():
        if isinstance(value, dict) and isinstance(document.get(key), dict):
            _assign(document[key], value)
        elif key not in document or document[key] != value:
            document[key] = value


def _dumped(yaml: Any, document: Any) -> bytes:
    stream = io.BytesIO()
    yaml.dump(document, stream)
    return stream.getvalue()
