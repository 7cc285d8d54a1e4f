"""Owns the note of how far sessions were read for their summaries, whether or not it came to one: a cache in
.git/hermes, so that nobody is asked twice about the same words."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from hermes_fs.store.transcript import write_whole

FILE = "summarised.json"
KEPT = 300
"""Sessions, the newest."""


def through(state_dir: Path) -> dict[str, str]:
    """Session → the id of the last event that was read."""
    with contextlib.suppress(OSError, ValueError, RecursionError):  # as if nothing had been read
        found = json.loads((state_dir / FILE).read_bytes())
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return {}


def note(state_dir: Path, session: str, last: str) -> None:
    """Its summary was tried up to this event."""
    known = {key: value for key, value in through(state_dir).items() if key != session} | {session: last}
    kept = dict(list(known.items())[-KEPT:])
    with contextlib.suppress(OSError):  # it is asked once more, then
        write_whole(state_dir / FILE, json.dumps(kept).encode())
