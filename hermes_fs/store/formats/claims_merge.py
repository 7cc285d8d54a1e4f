"""Three-way merge of claims by id and, within a claim, by field. Pure and symmetric; merging a result again changes
nothing. Knows no text of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hermes_fs.core.people import STATUSES
from hermes_fs.store.formats import keyed
from hermes_fs.store.formats.yaml_blocks import Records

_LISTS = ("evidence", "contradicts", "supersedes")
_RANK = {status: rank for rank, status in enumerate(("active", "contradicted", "superseded"))}
assert set(_RANK) == set(STATUSES)


def merge(base: Records, ours: Records, theirs: Records) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """The merged records, and what could not be in them. A claim that one side forgot and the other changed stays."""
    conflicts: list[str] = []

    def resolve(
        key: str, was: Mapping[str, Any] | None, one: Mapping[str, Any], other: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return _fields(key, was or {}, one, other, conflicts)

    merged = keyed.merge(base, ours, theirs, resolve)
    return {key: dict(record) for key, record in merged.items()}, tuple(dict.fromkeys(conflicts))


def _fields(
    key: str, base: Mapping[str, Any], one: Mapping[str, Any], other: Mapping[str, Any], conflicts: list[str]
) -> dict[str, Any]:
    def resolve(name: str, was: Any, first: Any, second: Any) -> Any:
        if name in _LISTS and isinstance(first, list) and isinstance(second, list):
            return _union(was if isinstance(was, list) else [], first, second)
        if settle := _SETTLED.get(name):
            fitting = [value for value in (first, second) if type(value) in _TYPES[name]]
            if len(fitting) == 2:
                return settle(was if type(was) in _TYPES[name] else None, first, second)
        kept, lost = sorted((first, second), key=lambda value: (len(_token(value)), _token(value)), reverse=True)
        conflicts.append(f"claim {key}.{name}: kept {_token(kept)}, left out {_token(lost)}")
        return kept

    return keyed.merge(base, one, other, resolve)


def _union(base: list[Any], one: list[Any], other: list[Any]) -> list[Any]:
    """What both kept, then what either added, in an order that both sides arrive at."""
    kept = [item for item in base if item in one and item in other]
    added = {_token(item): item for item in [*one, *other] if item not in base}
    return [*kept, *(added[token] for token in sorted(added))]


def _later(was: Any, one: Any, other: Any) -> Any:
    return max(one, other)


def _earlier(was: Any, one: Any, other: Any) -> Any:
    return min(one, other)


def _cautious(was: Any, one: Any, other: Any) -> Any:
    """Surer only where both sides are."""
    return max(one, other) if was is not None and min(one, other) >= was else min(one, other)


def _resolved(was: Any, one: Any, other: Any) -> Any:
    """What was found not to hold does not come back by a merge."""
    return max((one, other), key=lambda status: (_RANK.get(status, -1), status))


_SETTLED: Mapping[str, Callable[[Any, Any, Any], Any]] = {
    "priority": _later,
    "seen": _later,
    "since": _earlier,
    "confidence": _cautious,
    "status": _resolved,
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "priority": (int,),
    "seen": (str,),
    "since": (str,),
    "confidence": (int, float),
    "status": (str,),
}


def _token(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
