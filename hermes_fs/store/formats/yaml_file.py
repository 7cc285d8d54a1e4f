"""YAML files of the mind: read as plain data, described and merged by key. Loads the YAML library on first use only."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from hermes_fs.core import full_yaml, plain_yaml
from hermes_fs.core.loading import load as load_module
from hermes_fs.store.formats import keyed, sequences
from hermes_fs.store.formats.format import Merged, counted, decode, excerpt, settled
from hermes_fs.store.formats.lines import merge_bytes


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
    old, new = _lenient(before), _lenient(after)
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


def merge(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
    """By key, at every depth; lists by item. Where both sides set one value differently the greater one stays and the
    other is a conflict. Comments stay as far as the side that they stand on is the one that is written to."""
    if done := settled(base, ours, theirs):
        return done
    high, low = max(ours or b"", theirs or b""), min(ours or b"", theirs or b"")
    readable = [data for data in (high, low) if _readable(data)]
    if not readable:
        return merge_bytes(base, high, low)
    if len(readable) == 1:
        return Merged(readable[0], ("one side cannot be read as YAML: the other is kept whole",))
    origin = _lenient(base)
    conflicts: list[str] = []
    wanted = _merged(origin, parse(high), parse(low), "", conflicts)
    return Merged(written(high, wanted), tuple(conflicts))


def _readable(data: bytes) -> bool:
    try:
        parse(data)
    except Broken:
        return False
    return True


def _lenient(data: bytes | None) -> dict[str, Any]:
    try:
        return parse(data) if data is not None else {}
    except Broken:
        return {}


def _merged(base: Any, one: Mapping[str, Any], other: Mapping[str, Any], at: str, conflicts: list[str]) -> Any:
    def resolve(key: str, was: Any, first: Any, second: Any) -> Any:
        place = f"{at}.{key}" if at else str(key)
        if isinstance(first, dict) and isinstance(second, dict):
            return _merged(was if isinstance(was, dict) else {}, first, second, place, conflicts)
        if isinstance(first, list) and isinstance(second, list):
            low, high = sorted(([_token(item) for item in first], [_token(item) for item in second]))
            items = [_token(item) for item in was] if isinstance(was, list) else sequences.common(low, high)
            return [json.loads(item) for item in sequences.merge(items, low, high, sequences.union)]
        kept, lost = sorted((first, second), key=_token, reverse=True)
        conflicts.append(f"{place}: kept {_token(kept)}, left out {_token(lost)}")
        return kept

    return keyed.merge(base, one, other, resolve)


def _token(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def written(source: bytes, wanted: dict[str, Any]) -> bytes:
    """`wanted` as YAML in the shape, and with the comments, of `source`."""
    yaml = load_module("ruamel.yaml:YAML")()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    document = yaml.load(source)
    if document is None:
        document = {}
    _assign(document, wanted)
    text = _dumped(yaml, document)
    if _lenient(text) != wanted:  # the library lost something: the data counts, not its looks
        text = _dumped(load_module("ruamel.yaml:YAML")(typ="safe", pure=True), wanted)
    return text


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
