"""Remembers what the last sync of this machine did, for who was not looking. A cache: it may be deleted."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from hermes_fs.core.clock import iso
from hermes_fs.store.git import Git
from hermes_fs.store.state import BRANCH
from hermes_fs.store.syncing.exchange import KNOWN
from hermes_fs.store.transcript import write_whole

_FILE = "sync.json"
_ASKED = "asked-sessions"


def write(state_dir: Path, when: datetime, said: str, *lines: str, failed: bool = False) -> None:
    """`said` is the gist of it, `lines` are the rest."""
    row = {"when": iso(when), "said": said, "lines": list(lines), "failed": failed}
    with contextlib.suppress(OSError):  # nobody will be told: what was synced is
        write_whole(state_dir / _FILE, json.dumps(row).encode())


def read(state_dir: Path) -> dict[str, Any]:
    """`when` (RFC 3339), `said`, `lines` and `failed` of the last one; empty where there was none."""
    with contextlib.suppress(OSError, ValueError):  # none yet, or cut off: as if there had been none
        row = json.loads((state_dir / _FILE).read_bytes())
        if isinstance(row, dict) and {"when", "said", "lines", "failed"} <= row.keys():
            return row
    return {}


def was_asked(state_dir: Path) -> bool:
    """Whether the owner said already if conversations may be sent."""
    return (state_dir / _ASKED).exists()


def note_asked(state_dir: Path) -> None:
    with contextlib.suppress(OSError):  # asked once more, then
        write_whole(state_dir / _ASKED, b"")


def unsent(git: Git, remote: str, head: str) -> int:
    """How many commits of main the remote has not, as far as is known here; 0 where it was never synced with."""
    known = git.resolve(f"{KNOWN}/{remote}/{BRANCH.removeprefix('refs/')}")
    return int(git.run("rev-list", "--count", head, f"^{known}", "--")) if known and head else 0
