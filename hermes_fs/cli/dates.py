"""What people write for a point in time, as a moment. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hermes_fs.core.errors import UsageError

_AGO = re.compile(r"(\d{1,3}) ?(h|d|w|m|y)\Z")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}


def parse(text: str, now: datetime) -> datetime | None:
    """`2026-01-31`, `2026-01`, `2026-01-31T08:15`, `3d`, `2w`, `today`, `yesterday`; a date is the start of that day in
    local time. None where it is no date."""
    word = text.strip().lower()
    local = now.astimezone()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if word == "today":
        return midnight
    if word == "yesterday":
        return midnight - timedelta(days=1)
    if ago := _AGO.match(word):
        return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
    if re.fullmatch(r"\d{4}-\d{2}", word):
        word += "-01"
    if not re.match(r"\d{4}-\d{2}-", word):  # eight digits alone are the beginning of an id
        return None
    try:
        moment = datetime.fromisoformat(word.upper().replace("Z", "+00:00"))
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError):  # in another zone the first day may lie before all time
        return None


def require(text: str, now: datetime) -> datetime:
    """As `parse`; UsageError where it is no date."""
    moment = parse(text, now)
    if moment is None:
        raise UsageError(f"{text!r} is no date", "write 2026-01-31, 3d (ago), 2w, today or yesterday")
    return moment


def friendly(moment: datetime, now: datetime) -> str:
    """For people: `today 14:05`, `yesterday 09:12`, `Tue 09:12` within a week, else `2026-01-31`; local time."""
    local, today = moment.astimezone(), now.astimezone().date()
    days = (today - local.date()).days
    clock = local.strftime("%H:%M")
    if days == 0:
        return f"today {clock}"
    if days == 1:
        return f"yesterday {clock}"
    return f"{local:%a} {clock}" if 0 < days < 7 else f"{local:%Y-%m-%d}"


def utc_now() -> datetime:
    return datetime.now(UTC)
