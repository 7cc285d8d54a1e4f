"""Checks plain data against a small table of fields and says what is wrong in one line each. Knows no file."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """`kinds` are the types that fit, `wanted` names them for people; `problem` says what else is wrong, or ""."""

    kinds: tuple[type, ...]
    wanted: str
    required: bool = False
    problem: Callable[[Any], str] | None = None


def one_of(*choices: str, required: bool = False) -> Field:
    listed = ", ".join(choices)
    return Field((str,), listed, required, lambda value: "" if value in choices else f"must be one of {listed}")


def text(required: bool = False, problem: Callable[[Any], str] | None = None) -> Field:
    return Field((str,), "text", required, problem)


def items(kind: type, wanted: str) -> Field:
    """A list of values of one type."""
    return Field(
        (list,), wanted, False, lambda value: "" if all(type(i) is kind for i in value) else f"must be {wanted}"
    )


def problems(record: Any, fields: Mapping[str, Field], at: str) -> list[str]:
    """One line each, `at` being the record's place in the file."""
    if not isinstance(record, dict):
        return [f"{at} must be a mapping with {', '.join(fields)}"]
    found = [_unknown(key, fields, at) for key in record if key not in fields]
    for name, field in fields.items():
        if name not in record:
            found += [f"{at} lacks {name} ({field.wanted})"] if field.required else []
        elif not isinstance(record[name], field.kinds) or (isinstance(record[name], bool) and bool not in field.kinds):
            found.append(f"{at}.{name} must be {field.wanted}, not {record[name]!r:.40}")
        elif field.problem and (wrong := field.problem(record[name])):
            found.append(f"{at}.{name} {wrong}")
    return found


def _unknown(key: Any, fields: Mapping[str, Field], at: str) -> str:
    return f"{at}: unknown key {key!s:.40}{_guess(str(key), tuple(fields))}"


@functools.lru_cache(maxsize=64)
def _guess(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f", did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
