"""Writes docs/reference/config.md from hermes_fs.core.config: `python scripts/config_reference.py`. A test compares."""

from __future__ import annotations

import sys
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "config.md"
sys.path.insert(0, str(ROOT))  # runs from a clone that is not installed

from pydantic.fields import FieldInfo  # noqa: E402

from hermes_fs.core.config import LOCAL, MACHINE_ONLY, leaves  # noqa: E402

_INTRODUCTION = f"""\
# The configuration

Made by `scripts/config_reference.py` from `hermes_fs/core/config.py`; do not edit.

A flag beats the environment, that beats this machine's `.git/hermes/{LOCAL}`, that beats the workspace's `config.yaml`.
Both files are YAML with the same keys, sections nested; an unknown key is an error that names the nearest one. A key
marked *this machine* opens the machine or says which key is sent where. It may stand in `.git/hermes/{LOCAL}` only, so
that no cloned workspace brings it along; in `config.yaml` it is an error.

Keys for models never stand in either file: `api_key_env` holds the name of the environment variable.
"""


def render() -> str:
    """The page: one table a section, in the order of the file."""
    sections: dict[str, list[str]] = {}
    for key, field in leaves():
        section = key.split(".")[0] if "." in key else ""
        sections.setdefault(section, []).append(_row(key, field))
    parts = [_INTRODUCTION]
    for section, rows in sections.items():
        parts.append(
            "\n".join(
                [
                    f"## {section or 'Top level'}",
                    "",
                    "| key | takes | default | what it is |",
                    "|---|---|---|---|",
                    *rows,
                    "",
                ]
            )
        )
    return "\n".join(parts)


def _row(key: str, field: FieldInfo) -> str:
    about = f"{field.description}{' *This machine.*' if key in MACHINE_ONLY else ''}"
    return f"| `{key}` | {_takes(field)} | {_default(field.default)} | {about} |"


def _takes(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) is tuple:
        return "a list of text"
    plain = next((part for part in get_args(kind) if part is not NoneType), kind)
    return " ".join([_NAMES[plain], *_bounds(field)])


_NAMES: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}
_SIGNS = {"gt": "over", "ge": "from", "lt": "below", "le": "to"}


def _bounds(field: FieldInfo) -> list[str]:
    found = [(name, getattr(rule, name)) for rule in field.metadata for name in _SIGNS if hasattr(rule, name)]
    return [f"{_SIGNS[name]} {value}" for name, value in found]


def _default(value: Any) -> str:
    if value in ("", None, ()):
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
