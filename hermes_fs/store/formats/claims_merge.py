"""Three-way merge of claims by id and, within a claim, by field. Pure and symmetric; merging a result again changes
nothing. Knows no text of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hermes_fs.core.people import STATUSES
from hermes_fs.store.formats import keyed, yaml_file
from hermes_fs.store.formats.format import excerpt

_LISTS = ("evidence", "contradicts", "supersedes")
_RANK = {status: rank for rank, status in enumerate(("active", "contradicted", "superseded"))}
assert set(_RANK) == set(STATUSES)


def merge(
    base: Mapping[Any, Any], ours: Mapping[Any, Any], theirs: Mapping[Any, Any]
) -> tuple[dict[Any, Any], tuple[str, ...]]:
    """The merged records, and what could not be in them. A claim that one side forgot and the other changed stays; what
    is no claim is merged as any other data."""
    conflicts: list[str] = []
    sides = (base, ours, theirs)
    odd = {key for side in sides for key, value in side.items() if not _is_record(key, value)}
    claims, others = (
        [{key: value for key, value in side.items() if (key in odd) is strange} for side in sides]
        for strange in (False, True)
    )

    def resolve(
        key: str, was: Mapping[str, Any] | None, one: Mapping[str, Any], other: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return _fields(key, was or {}, one, other, conflicts)

    merged = keyed.merge(claims[0], claims[1], claims[2], resolve)
    rest, further = yaml_file.merge_data(others[0], others[1], others[2]) if odd else ({}, ())
    conflicts += further
    return {**{key: dict(record) for key, record in merged.items()}, **rest}, tuple(dict.fromkeys(conflicts))


def _is_record(key: Any, value: Any) -> bool:
    return isinstance(key, str) and isinstance(value, dict) and all(isinstance(name, str) for name in value)


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
        conflicts.append(f"claim {key}.{name}: kept {excerpt(_token(kept))}, left out {_token(lost)}")
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
