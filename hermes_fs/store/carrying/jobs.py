"""Makes jobs of cron.yaml of the jobs of other schedulers: switched off, and only those that mean the same here. Pure.

hermes-agent keeps {"jobs": [{id, name, prompt, schedule: {kind: cron|interval|once, expr|minutes|run_at}, skills,
enabled, script …}]}; OpenClaw {"jobs": [{id, name, enabled, schedule: {kind: cron|every|at, expr, tz, everyMs, at},
payload: {kind: agentTurn|systemEvent, message|text}}]}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hermes_fs.store.carrying.things import LeftOut

MAX_JOBS = 500
_RUNS = ("script", "monitor_script", "monitor_url", "no_agent")
_HOUR, _DAY, _WEEK = 60, 1440, 10_080  # minutes
_LONGEST = 10_000_000  # minutes: twenty years
_ONCE = "it was to run once; jobs here repeat"


def records(data: Any) -> tuple[dict[str, dict[str, Any]], list[LeftOut]]:
    """(jobs by id as cron.yaml has them, each with `enabled: false`; those that are left out)."""
    rows = data.get("jobs") if isinstance(data, Mapping) else data
    found: dict[str, dict[str, Any]] = {}
    left: list[LeftOut] = []
    for row in rows[:MAX_JOBS] if isinstance(rows, list) else ():
        if not isinstance(row, Mapping):
            continue
        name = _text(row, "name") or _text(row, "id") or "job"
        made = _record(row)
        if isinstance(made, str):
            left.append(LeftOut(f"job {name[:60]}", made))
        else:
            found[_free(_slug(name), _text(row, "id"), found)] = made
    if isinstance(rows, list) and len(rows) > MAX_JOBS:
        left.append(LeftOut("jobs", f"{len(rows):,} of them; the first {MAX_JOBS} were looked at"))
    return found, left


def _record(row: Mapping[str, Any]) -> dict[str, Any] | str:
    """The job, or why it cannot be one."""
    runs = next((key for key in _RUNS if row.get(key)), "")
    if runs:
        return f"it runs a program of its own ({runs})"
    prompt = _prompt(row)
    if not prompt.strip():
        return "it says nothing to do"
    when = _when(row.get("schedule"))
    if isinstance(when, str):
        return when
    schedule, timezone = when
    skills = row.get("skills")
    named = [one for one in skills if isinstance(one, str) and one.isprintable()] if isinstance(skills, list) else []
    return {
        "schedule": schedule,
        "prompt": prompt,
        **({"timezone": timezone} if timezone else {}),
        **({"skills": named} if named else {}),
        "enabled": False,
    }


def _prompt(row: Mapping[str, Any]) -> str:
    payload = row.get("payload")
    if isinstance(payload, Mapping):
        return _text(payload, "message") or _text(payload, "text")
    return _text(row, "prompt")


def _when(schedule: Any) -> tuple[str, str] | str:
    """(five fields, time zone), or why there are none."""
    if isinstance(schedule, str):
        return _fields(schedule, "")
    if not isinstance(schedule, Mapping):
        return "it says no time"
    match schedule.get("kind"):
        case "cron":
            return _fields(_text(schedule, "expr"), _text(schedule, "tz"))
        case "interval":
            return _every(schedule.get("minutes"))
        case "every":
            milliseconds = schedule.get("everyMs")
            if not isinstance(milliseconds, int | float) or milliseconds > _LONGEST * 60_000:
                return _every(None)
            return _every(milliseconds / 60_000)
        case "once" | "at":
            return _ONCE
    return f"its time is of a kind that is not known here: {str(schedule.get('kind'))[:20]!r}"


def _fields(text: str, timezone: str) -> tuple[str, str] | str:
    fields = text.split()
    if len(fields) == 6 and fields[0] == "0":  # seconds first, and none of them
        fields = fields[1:]
    if len(fields) != 5:
        return f"{text[:40]!r} is not five fields: minute hour day month weekday"
    return " ".join(fields), timezone


def _every(minutes: Any) -> tuple[str, str] | str:
    """An interval as a schedule, where the clock can say the same."""
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 1 <= minutes <= _LONGEST:
        return "its interval is no number of minutes"
    whole = int(minutes)
    if whole == minutes and whole < _HOUR and _HOUR % whole == 0:
        return f"*/{whole} * * * *" if whole > 1 else "* * * * *", ""
    if whole == minutes and whole % _HOUR == 0 and _DAY % whole == 0 and whole < _DAY:
        return f"0 */{whole // _HOUR} * * *" if whole > _HOUR else "0 * * * *", ""
    if whole in (_DAY, _WEEK) and whole == minutes:
        return ("0 9 * * *" if whole == _DAY else "0 9 * * 1"), ""
    return f"every {whole} minutes fits no hour of the clock"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-") or "job"


def _free(slug: str, id: str, taken: Iterable[str]) -> str:
    """The name, with the end of the source's own id where another job has it."""
    if slug not in taken:
        return slug
    ending = _slug(id)[-8:].strip("-")
    number = 2
    candidate = f"{slug}-{ending}"
    while candidate in taken:
        candidate = f"{slug}-{ending}-{number}"
        number += 1
    return candidate


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
