"""Reads model.yaml: claims about a person, leniently, whatever somebody wrote into it. Pure; changes nothing.

A record may lack what it likes but its text; a hot claim's text stands in USER.md, under the same id. What cannot be
read is named and skipped, the rest is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hermes_fs.core.people import KINDS, STATUSES, Claim, Status
from hermes_fs.store.formats import entries, yaml_blocks, yaml_file
from hermes_fs.store.formats.entries import Entry

CLAIM_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
USUAL_PRIORITY = 3
USUAL_CONFIDENCE = 0.5
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model.yaml holds: records by id, in its order, and one line for each part that could not be read. `whole`
    is False where the file as such is broken, so that nothing may be written into it."""

    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    whole: bool = True


def read(text: str) -> Reading:
    """All that can be read of it. Of a file that is no YAML the records that are."""
    try:
        data = yaml_file.parse(text.encode("utf-8", "surrogatepass"))
    except yaml_file.Broken as error:
        return _salvaged(text, str(error))
    problems = [f"{key!s:.40} is no claim" for key, value in data.items() if not _is_record(key, value)]
    return Reading({key: value for key, value in data.items() if _is_record(key, value)}, tuple(problems))


def claims(records: Mapping[str, Mapping[str, Any]], user: str = "") -> list[Claim]:
    """The claims of a model.yaml and of the USER.md that belongs to it, in their order, those without a record last. A
    record whose text was in USER.md and is no longer there was forgotten by a person: it is none."""
    hot = {entry.id: entry for entry in entries.entries(user)}
    found = [claim for key, record in records.items() if (claim := claim_of(key, record, hot.get(key)))]
    by_hand = [entry for key, entry in hot.items() if key not in records]
    return [*found, *(Claim(entry.id, "", entry.text, confidence=1.0, hot=True) for entry in by_hand)]


def claim_of(key: str, record: Mapping[str, Any], entry: Entry | None = None) -> Claim | None:
    """One record as a claim; None where it says nothing. What has no sense counts as not said."""
    text = entry.text if entry else _words(record.get("text"))
    if not text:
        return None
    kind = _words(record.get("kind")).lower()
    return Claim(
        id=key,
        kind=kind if kind in KINDS else "",
        text=text,
        status=_status(record),
        priority=_priority(record.get("priority")),
        confidence=_confidence(record.get("confidence")),
        evidence=_listed(record.get("evidence")),
        since=_day(record.get("since")),
        seen=_day(record.get("seen")),
        contradicts=_listed(record.get("contradicts")),
        supersedes=_listed(record.get("supersedes")),
        hot=entry is not None,
    )


def day_problem(value: str) -> str:
    return "" if _DAY.fullmatch(value) else "must be a day like 2026-01-31"


def _salvaged(text: str, problem: str) -> Reading:
    blocks = yaml_blocks.cut(text).records
    found: dict[str, Mapping[str, Any]] = {}
    for key, piece in blocks.items():
        if "\n" not in piece.rstrip("\n"):  # a claim has its fields in lines below its key
            continue
        data = yaml_blocks.plain_of(piece)
        if isinstance(data, dict) and list(data) == [key] and _is_record(key, data[key]):
            found[key] = data[key]
    kept = f"; {len(found)} of its claims can be read all the same" if found else ""
    return Reading(found, (f"{problem}{kept}",), whole=False)


def _is_record(key: Any, value: Any) -> bool:
    return isinstance(key, str) and isinstance(value, dict)


def _words(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else str(value) if type(value) in (int, float) else ""


def _status(record: Mapping[str, Any]) -> Status:
    """A status that nobody knows is not relied on."""
    said = _words(record.get("status")).lower()
    if not said:
        return "active"
    return next((status for status in STATUSES if status == said), "contradicted")


def _priority(value: Any) -> int:
    return min(max(value, 1), 5) if type(value) is int else USUAL_PRIORITY


def _confidence(value: Any) -> float:
    """From 0 to 1; a percentage is one, too."""
    if type(value) not in (int, float) or not 0 <= value <= 100:
        return USUAL_CONFIDENCE
    return round(value / 100 if value > 1 else float(value), 2)


def _listed(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    return tuple(str(item) for item in value if type(item) in (str, int)) if isinstance(value, list) else ()


def _day(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    return value if isinstance(value, str) and _DAY.fullmatch(value) else ""
