"""What a person has not heard of yet: how much was learned since they last went through their inbox. Remembers when
that was, on this machine alone; losing it costs a wrong number once."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from pathlib import Path

from hermes_fs.core.clock import day_of, iso, parse_iso
from hermes_fs.store import history
from hermes_fs.store.git import Git
from hermes_fs.store.transcript import write_whole

_FILE = "looked"
_FIRST = timedelta(days=7)
_MOST = 99


def digest(git: Git, state_dir: Path, now: datetime, waiting: int) -> str:
    """`3 lessons since Tuesday, 2 await you`; "" where there is neither."""
    since = _looked(state_dir, now)
    found = history.log(git, history.Filter(since=since, limit=_MOST + 1))
    learned = sum(lesson.by == "agent" for lesson in found)
    count = f"{_MOST}+" if learned > _MOST else str(learned)
    parts = [f"{count} {'lesson' if learned == 1 else 'lessons'} since {day_of(since, now)}"] if learned else []
    nouns = "" if learned else f"{'proposal' if waiting == 1 else 'proposals'} "
    parts += [f"{waiting} {nouns}{'awaits' if waiting == 1 else 'await'} you"] if waiting else []
    return ", ".join(parts)


def note_look(state_dir: Path, now: datetime) -> None:
    """From now on they have heard of all that was learned before."""
    with contextlib.suppress(OSError):  # told once more, then
        write_whole(state_dir / _FILE, iso(now).encode())


def _looked(state_dir: Path, now: datetime) -> datetime:
    with contextlib.suppress(OSError, ValueError):  # never yet, or cut off
        return min(parse_iso((state_dir / _FILE).read_text()), now)
    return now - _FIRST
