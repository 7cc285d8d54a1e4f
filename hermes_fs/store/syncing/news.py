"""Remembers what the last sync of this machine did, for who was not looking. A cache: it may be deleted."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from hermes_fs.core.clock import iso
from hermes_fs.core.terminal import one_line
from hermes_fs.store.git import Git
from hermes_fs.store.state import BRANCH
from hermes_fs.store.syncing.exchange import KNOWN
from hermes_fs.store.transcript import write_whole

_FILE = "sync.json"
_ASKED = "asked-sessions"
_SAID = 300


def write(state_dir: Path, when: datetime, said: str, *lines: str, failed: bool = False, tell: bool = False) -> None:
    """`said` is the gist of it, `lines` are the rest; `tell`: the next conversation says it."""
    same = failed and read(state_dir).get("said") == said  # away as before: said once
    row = {"when": iso(when), "said": said, "lines": list(lines), "failed": failed, "tell": tell and not same}
    _keep(state_dir, row)


def take(state_dir: Path) -> list[str]:
    """What a conversation is to say of the last one; from now on it is said."""
    row = read(state_dir)
    if not row.get("tell"):
        return []
    _keep(state_dir, {**row, "tell": False})
    return [
        f"{'sync' if row['failed'] else 'synced'}: {one_line(str(line), _SAID)}"
        for line in (row["said"], *row["lines"])
    ]


def read(state_dir: Path) -> dict[str, Any]:
    """`when` (RFC 3339), `said`, `lines` and `failed` of the last one; empty where there was none."""
    with contextlib.suppress(OSError, ValueError):  # none yet, or cut off: as if there had been none
        row = json.loads((state_dir / _FILE).read_bytes())
        if isinstance(row, dict) and {"when", "said", "lines", "failed"} <= row.keys():
            return row
    return {}


def _keep(state_dir: Path, row: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):  # nobody will be told: what was synced is
        write_whole(state_dir / _FILE, json.dumps(row).encode())


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
