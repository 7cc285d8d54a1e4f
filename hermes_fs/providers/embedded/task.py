"""What a model server is to serve, and how it is told: one JSON word, no secret in it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hermes_fs.providers.embedded.catalogue import DEFAULT

IDLE_SECONDS = 300.0
LARGE_WINDOW, SMALL_WINDOW = 15_872, 8_192
"""Tokens. Both are below what the full profile begins with: its prompt would take a small model minutes to read."""
_ROOMY = 8_000_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """`window` in tokens, `threads` 0: as many as there are cores. `idle`: seconds after the last use at which it
    ends, 0: never. `template` "": the model's own."""

    model: str
    alias: str
    window: int
    template: str = ""
    threads: int = 0
    idle: float = IDLE_SECONDS

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Task:
        return cls(**json.loads(text))


def task_for(path: Path, window: int = 0) -> Task:
    """The task for a model file; a window of 0 is chosen by this machine's memory."""
    task = Task(str(path), path.stem, window or window_for(memory()))
    if path.name == DEFAULT.file:
        return replace(task, alias=DEFAULT.name, template=str(DEFAULT.template))
    return task


def window_for(memory: int) -> int:
    return LARGE_WINDOW if memory >= _ROOMY else SMALL_WINDOW


def memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def free_memory() -> int:
    """Bytes that can be had without swapping; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)
