"""Three-way merge of ordered maps (keys of front matter, sections of a text). Pure and symmetric; values are opaque."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from hermes_fs.store.formats import sequences

V = TypeVar("V")
Resolve = Callable[[str, V | None, V, V], V]
"""Decides where both sides changed one value differently: (key, base's value, one, other) → value. It must give the
same for the two values in either order."""


def merge(base: Mapping[str, V], ours: Mapping[str, V], theirs: Mapping[str, V], resolve: Resolve[V]) -> dict[str, V]:
    """The merged map in a merged order. What one side removed and the other changed stays as changed."""
    merged: dict[str, V] = {}
    for key in {**base, **ours, **theirs}:
        if key in ours and key in theirs:
            merged[key] = _one_of(key, base.get(key), ours[key], theirs[key], resolve)
        elif key in ours or key in theirs:
            here = ours[key] if key in ours else theirs[key]
            if key not in base or base[key] != here:
                merged[key] = here
    order = [*sequences.woven(list(base), list(ours), list(theirs)), *sorted(merged)]
    return {key: merged[key] for key in dict.fromkeys(order) if key in merged}


def _one_of(key: str, was: V | None, one: V, other: V, resolve: Resolve[V]) -> V:
    if one == other or other == was:
        return one
    return other if one == was else resolve(key, was, one, other)
