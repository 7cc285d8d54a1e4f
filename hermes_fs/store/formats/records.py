"""The formats of files that map an id to a record: cron.yaml, people.yaml. Judges form, starts nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hermes_fs.core.loading import load
from hermes_fs.store.formats import schema, yaml_file
from hermes_fs.store.formats.format import By, Merged
from hermes_fs.store.formats.plain import check_bytes
from hermes_fs.store.formats.schema import Field

MAX_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class RecordsFormat:
    """`ids` is what a key must match; `whole` looks at all records together and returns problems; `cautious` says which
    of two values of a field stays where both sides set one."""

    name: str
    noun: str
    ids: re.Pattern[str]
    fields: Mapping[str, Field]
    whole: Callable[[Mapping[str, Any]], list[str]] = lambda records: []
    cautious: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        if after is None:
            return ["it must stay: remove its records instead"] if by == "agent" else []
        try:
            records = yaml_file.parse(after)
        except yaml_file.Broken as error:
            return [str(error)]
        return self.problems(records) + check_bytes(before, after, by, MAX_BYTES)

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        parts = path.split("/")
        label = f"{self.name} {parts[1]}" if len(parts) == 3 else self.name
        return yaml_file.describe(label, before, after, self.noun)

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        return yaml_file.merge(base, ours, theirs, yaml_file.Rules(self.cautious, self.problems))

    def problems(self, records: Mapping[Any, Any]) -> list[str]:
        """What is wrong with records as plain data."""
        found = [problem for key, record in records.items() for problem in self._record(key, record)]
        return found + self.whole(records)

    def _record(self, key: Any, record: Any) -> list[str]:
        if not isinstance(key, str) or not self.ids.fullmatch(key):
            return [f"{key!s:.40} is no id of a {self.noun}: use lower-case letters, digits and hyphens"]
        return schema.problems(record, self.fields, key)


_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_JOB_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def _schedule(value: str) -> str:
    if len(value.split()) != 5:
        return "must have five fields: minute hour day month weekday"
    if not load("croniter:croniter").is_valid(value):
        return f"is not a schedule: {value!r:.40}"
    return ""


def _timezone(value: str) -> str:
    try:
        load("zoneinfo:ZoneInfo")(value)
    except (ValueError, OSError, LookupError):
        return f"is not a time zone: {value!r:.40}, write one like Europe/Berlin"
    return ""


CRON = RecordsFormat(
    "cron",
    "job",
    _JOB_ID,
    {
        "schedule": schema.text(required=True, problem=_schedule),
        "prompt": schema.text(required=True, problem=lambda value: "" if value.strip() else "is empty"),
        "timezone": schema.text(problem=_timezone),
        "enabled": Field((bool,), "true or false"),
        "skills": schema.items(str, "a list of skill names"),
        "deliver": schema.text(),
    },
    cautious={"enabled": (False, True)},
)
"""Jobs: what to do when. `deliver` names where the reply goes."""


def _accounts(value: Any) -> str:
    fits = all(
        isinstance(platform, str) and isinstance(ids, str | list) and all(isinstance(i, str) for i in ids)
        for platform, ids in value.items()
    )
    return "" if fits else "must map a platform to an account id in quotes, or to a list of them"


def _people(records: Mapping[str, Any]) -> list[str]:
    """An account belongs to one person, and there is one owner at most."""
    known = {handle: record for handle, record in records.items() if isinstance(record, dict)}
    owners = [handle for handle, record in known.items() if record.get("role") == "owner"]
    found = [f"there is one owner, not {len(owners)}: {', '.join(owners)}"] if len(owners) > 1 else []
    holders: dict[tuple[str, str], str] = {}
    for handle, record in known.items():
        for account in _each_account(record.get("accounts")):
            holder = holders.setdefault(account, handle)
            if holder != handle:
                found.append(f"account {account[1]} of {account[0]} belongs to {holder} and to {handle}")
    return found


def _each_account(accounts: Any) -> list[tuple[str, str]]:
    if not isinstance(accounts, dict):
        return []
    return [
        (str(platform), str(account))
        for platform, ids in accounts.items()
        for account in (ids if isinstance(ids, list) else [ids])
    ]


PEOPLE = RecordsFormat(
    "people",
    "person",
    _HANDLE,
    {
        "name": schema.text(),
        "role": schema.one_of("owner", "member", "guest", required=True),
        "accounts": Field((dict,), "a map of platform to account id", False, _accounts),
    },
    _people,
    {"role": ("guest", "member", "owner")},
)
