"""The format of skills.lock: which skills came from elsewhere, and exactly what came. Judged, written, merged by entry.
Pure; fetches nothing.

It is written in one way only, plain enough for the fast reader however many skills there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.store.formats import keyed, schema, yaml_file
from hermes_fs.store.formats.format import By, Merged
from hermes_fs.store.formats.records import RecordsFormat

_HEAD = "# Skills that came from elsewhere, exactly as they came. Written by `hermes skills install` and `update`.\n"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ROW = re.compile(r"([0-9a-f]{64})  (\S.*)")
_KEYS = ("source", "commit", "sha256", "artifact", "installed", "files")


def _shaped(pattern: re.Pattern[str], wanted: str) -> schema.Field:
    return schema.text(problem=lambda value: "" if pattern.fullmatch(value) else f"must be {wanted}")


def _rows_problem(value: str) -> str:
    return "" if files_of(value) is not None else "must be lines of a SHA-256, two blanks and a path"


_FORM = RecordsFormat(
    "skills.lock",
    "skill",
    re.compile(r"[^\W_]+(-[^\W_]+)*"),
    {
        "source": schema.text(required=True, problem=lambda value: "" if value.strip() else "is empty"),
        "commit": _shaped(_COMMIT, "the whole id of a commit"),
        "sha256": _shaped(_SHA256, "64 hexadecimal digits"),
        "artifact": _shaped(_SHA256, "64 hexadecimal digits"),
        "installed": _shaped(_DATE, "a date such as 2026-11-21"),
        "files": schema.text(required=True, problem=_rows_problem),
    },
)
"""`source` is what is asked again for an update; `commit` what it meant then; `sha256` is of the skill as its publisher
has it, `artifact` of the archive or file that it came in, `files` of each file as it was installed."""


@dataclass(frozen=True, slots=True)
class InstalledFormat:
    name: str = "skills.lock"

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        return _FORM.check(path, before, after, by)

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        return _FORM.describe(path, before, after)

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        """By entry, each whole: half of one version's hashes beside half of another's would fit neither. Where both
        sides have another version the later one stays."""
        return yaml_file.merged(base, ours, theirs, _by_entry, _rewritten)


def _rewritten(source: bytes, records: dict[str, Any]) -> bytes:
    return yaml_file.written(source, records) if _FORM.problems(records) else written(records)


def _by_entry(
    base: dict[str, Any], one: dict[str, Any], other: dict[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    if any(_FORM.problems(side) for side in (base, one, other)):  # by hand, or by a later version of hermes
        return yaml_file.merge_data(base, one, other)
    conflicts: list[str] = []

    def resolve(name: str, before: Any, first: Any, second: Any) -> Any:
        kept, lost = sorted((first, second), key=_age, reverse=True)
        shown = json.dumps(lost, ensure_ascii=False, sort_keys=True, default=str)
        conflicts.append(f"{name}: kept the version of {_told(kept)}, left out that of {_told(lost)}:\n{shown}\n")
        return kept

    return keyed.merge(base, one, other, resolve), tuple(conflicts)


def files_of(rows: str) -> dict[str, str] | None:
    """Path → SHA-256 of the lines of an entry; None where they are none."""
    found: dict[str, str] = {}
    for line in rows.split("\n"):
        row = _ROW.fullmatch(line)
        if row:
            found[row[2]] = row[1]
        elif line:
            return None
    return found


def rows_of(files: Mapping[str, str]) -> str:
    """The reverse of `files_of`."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items()))


def written(records: Mapping[str, Any]) -> bytes:
    """The whole file: the same records make the same bytes."""
    return (_HEAD + "".join(_entry(str(name), records[name]) for name in sorted(records)) or "{}\n").encode()


def _entry(name: str, record: Any) -> str:
    plain = re.fullmatch(r"[a-z][\w-]*", name) and name not in ("true", "false", "null")
    key = name if plain else _quoted(name)
    values = record if isinstance(record, Mapping) else {}
    lines = [f"  {label}: {_quoted(values[label])}" for label in _KEYS[:-1] if values.get(label)]
    rows = str(values.get("files") or "")
    block = "".join(f"    {line}\n" for line in rows.split("\n") if line)
    lines.append(f"  files: |\n{block}" if block else '  files: ""\n')
    return f"{key}:\n" + "\n".join(lines)


def _quoted(value: Any) -> str:
    return json.dumps(str(value), ensure_ascii=False)


def _age(record: Any) -> tuple[str, str]:
    day = record.get("installed") if isinstance(record, Mapping) else ""
    return str(day or ""), json.dumps(record, sort_keys=True, default=str)


def _told(record: Any) -> str:
    values = record if isinstance(record, Mapping) else {}
    return str(values.get("commit") or values.get("sha256") or "no known version")[:12]
