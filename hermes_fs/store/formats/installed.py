"""The format of skills.lock: which skills came from elsewhere, and exactly what came. Judges form, fetches nothing."""

from __future__ import annotations

import re
from typing import Any

from hermes_fs.store.formats import schema
from hermes_fs.store.formats.records import RecordsFormat
from hermes_fs.store.formats.schema import Field

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _shaped(pattern: re.Pattern[str], wanted: str) -> schema.Field:
    return schema.text(problem=lambda value: "" if pattern.fullmatch(value) else f"must be {wanted}")


def _files(value: Any) -> str:
    fits = all(isinstance(path, str) and _SHA256.fullmatch(str(digest)) for path, digest in value.items())
    return "" if fits else "must map the path of each file to its SHA-256"


INSTALLED = RecordsFormat(
    "skills.lock",
    "skill",
    re.compile(r"[^\W_]+(-[^\W_]+)*"),
    {
        "source": schema.text(required=True, problem=lambda value: "" if value.strip() else "is empty"),
        "commit": _shaped(_COMMIT, "the whole id of a commit"),
        "sha256": _shaped(_SHA256, "64 hexadecimal digits"),
        "artifact": _shaped(_SHA256, "64 hexadecimal digits"),
        "installed": _shaped(_DATE, "a date in quotes such as '2026-11-21'"),
        "files": Field((dict,), "a map of path to SHA-256", True, _files),
    },
)
"""`source` is what is asked again for an update; `commit` what it meant then; `sha256` is of the skill as its publisher
has it, `artifact` of the archive or file that it came in, `files` of each file as it was installed."""
