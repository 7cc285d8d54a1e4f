"""The format of model.yaml: claims by id, judged, described, merged claim by claim. Must not touch the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.people import KINDS, STATUSES
from hermes_fs.store.formats import claims, claims_merge, scan, schema, yaml_blocks, yaml_file
from hermes_fs.store.formats.format import By, Merged, counted, decode, excerpt
from hermes_fs.store.formats.memory import batches, clean
from hermes_fs.store.formats.schema import Field
from hermes_fs.store.formats.yaml_blocks import Records

MAX_BYTES = 8_000_000
"""Room for some 25,000 claims."""

_FIELDS: Mapping[str, Field] = {
    "kind": schema.one_of(*KINDS),
    "text": schema.text(problem=lambda value: "" if value.strip() else "is empty"),
    "hot": Field((bool,), "true where its text stands in USER.md"),
    "status": schema.one_of(*STATUSES),
    "priority": Field((int,), "a number from 1 to 5", False, lambda n: "" if 1 <= n <= 5 else "must be from 1 to 5"),
    "confidence": Field(
        (int, float), "a number from 0 to 1", False, lambda n: "" if 0 <= n <= 1 else "must be from 0 to 1"
    ),
    "since": schema.text(problem=lambda value: claims.day_problem(value)),
    "seen": schema.text(problem=lambda value: claims.day_problem(value)),
    "supersedes": schema.items(str, "a list of claim ids"),
    "contradicts": schema.items(str, "a list of claim ids"),
    "evidence": schema.items(str, "a list of places in transcripts"),
}


@dataclass(frozen=True, slots=True)
class ClaimsFormat:
    name: str = "user model"

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        if after is None:
            return ["it must stay: claims are superseded, never removed"] if by == "agent" else []
        try:
            data = yaml_file.parse(after)
        except yaml_file.Broken as error:
            return [str(error)]
        if by == "agent" and len(after) > MAX_BYTES:
            return [f"{len(after):,} bytes are more than {MAX_BYTES:,}: let a person forget some claims"]
        known = _records(before)
        fresh = {key: record for key, record in data.items() if known.get(key) != record}
        found = [problem for key, record in fresh.items() for problem in _judged(key, record, by)]
        if by == "agent" and (lost := [key for key in known if key not in data]):
            found.append(f"{', '.join(lost[:3])} would be lost: claims are superseded, never removed")
        return found + _scanned(known, fresh)

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        parts = path.split("/")
        label = f"{self.name} {parts[1]}" if len(parts) == 3 else self.name
        counts: dict[str, int] = {}
        for verb in _verbs(_records(before), _records(after)):
            counts[verb] = counts.get(verb, 0) + 1
        done = [(verb, counts[verb]) for verb in _VERBS if verb in counts]
        if not done:
            return f"{label}: edit text"
        first = f"{done[0][0]} {counted(done[0][1], 'claim')}"
        return f"{label}: " + ", ".join([first, *(f"{verb} {count}" for verb, count in done[1:])])

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        def rewrite(source: bytes, wanted: dict[str, Any]) -> bytes:
            if not all(isinstance(key, str) and isinstance(value, dict) for key, value in wanted.items()):
                return yaml_file.written(source, wanted)
            other = min(ours or b"", theirs or b"")
            return yaml_blocks.rewrite(
                decode(source) or "", _records(source), wanted, (decode(other) or "", _records(other))
            ).encode()

        return yaml_file.merged(base, ours, theirs, claims_merge.merge, rewrite)


_VERBS = ("add", "supersede", "contradict", "restore", "promote", "demote", "support", "weigh", "edit", "forget")


def _verbs(old: Records, new: Records) -> Iterator[str]:
    """What became of each claim, in one word."""
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        yield "add" if was is None else "forget" if now is None else _verb(was, now)


_BY_STATUS = {"superseded": "supersede", "contradicted": "contradict", "active": "restore"}


def _verb(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    changed = {name for name in {**was, **now} if was.get(name) != now.get(name)}
    if "status" in changed and str(now.get("status")) in _BY_STATUS:
        return _BY_STATUS[str(now.get("status"))]
    if "hot" in changed:
        return "promote" if now.get("hot") else "demote"
    if "text" in changed or "kind" in changed:
        return "edit"
    return "support" if "evidence" in changed else "weigh" if changed == {"priority"} else "edit"


def _records(data: bytes | None) -> Records:
    text = decode(data)
    return claims.read(text).records if text else {}


def _judged(key: Any, record: Any, by: By) -> list[str]:
    if not isinstance(key, str) or not claims.CLAIM_ID.fullmatch(key):
        return [f"{key!s:.40} is no id of a claim: use lower-case letters, digits and hyphens"]
    found = schema.problems(record, _FIELDS, key)
    if found:
        return found
    if not record.get("hot") and "text" not in record:
        found.append(f"{key} lacks text (text)")
    if by == "agent":
        found += [f"{key} lacks {name} ({_FIELDS[name].wanted})" for name in ("kind", "status") if name not in record]
    edges = [*record.get("supersedes", ()), *record.get("contradicts", ())]
    return found + ([f"{key} supersedes or contradicts itself"] if key in edges else [])


def _scanned(known: Records, fresh: Records) -> list[str]:
    """What is wrong with words that are new: those of a claim's text, and any other that somebody wrote into it."""
    before = {text for record in known.values() for text in _texts(record)}
    texts = dict.fromkeys(text for record in fresh.values() for text in _texts(record) if text not in before)
    suspect = [text for batch in batches(texts) if not clean(batch) for text in batch]
    return [f"claim {excerpt(text, 30)!r} {problem}" for text in suspect for problem in scan.problems(text)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from (str(name), *_texts(item)) if name not in _FIELDS else _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
