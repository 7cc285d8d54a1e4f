"""What a check of `hermes doctor` finds, and where it looks. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hermes_fs.core.clock import Clock

State = Literal["ok", "warn", "broken"]

REACH_SECONDS = 3.0
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `fix` is what to do, "" where nothing is needed."""

    name: str
    state: State
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where to look. `root` is None where there is no workspace; `offline` leaves out what asks a server."""

    root: Path | None
    environ: Mapping[str, str]
    clock: Clock
    offline: bool = False
