"""Runs a program that talks to a stranger within bounds: of time, of what it writes, of memory. Knows nothing of git's
commands.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Failed

PROTOCOLS = "https:ssh:git:file:http"
_LOOK = 0.2  # seconds between two looks at what it has taken


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a connection may take: `seconds` in all, `still` seconds without anything new in the folder that it fills,
    `size` in bytes by which that grows (0: any), `memory` in bytes where the system can see to it, and the `protocols`
    that it may speak, also where it is led elsewhere; `strict`: nowhere else, and no object that git finds fault with.
    """

    seconds: float
    size: int
    protocols: str = PROTOCOLS
    strict: bool = False
    still: float = 0.0
    memory: int = 0


def run(
    command: Sequence[str], root: Path, env: Mapping[str, str], bounds: Bounds
) -> subprocess.CompletedProcess[bytes]:
    """As `subprocess.run`, ended with all that it started where it goes beyond its bounds: a stranger's server decides
    how long it talks and how much it sends. Asks nobody anything, for it has no terminal."""
    watched = _Watched(root, bounds)
    silent, pipe = subprocess.DEVNULL, subprocess.PIPE
    done: subprocess.CompletedProcess[bytes] | None = None
    with subprocess.Popen(
        command, cwd=root, env=env, stdin=silent, stdout=pipe, stderr=pipe, start_new_session=True
    ) as process:
        try:
            if bounds.memory and hasattr(resource, "prlimit"):
                resource.prlimit(process.pid, resource.RLIMIT_DATA, (bounds.memory, bounds.memory))
            while not done:
                with contextlib.suppress(subprocess.TimeoutExpired):  # still at it: look at what it took so far
                    said, complaint = process.communicate(timeout=watched.pause)
                    done = subprocess.CompletedProcess(command, process.returncode, said, complaint)
                watched.look(bool(done))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                watched.clear()
    return done


class _Watched:
    """A git with bounds: what it took so far. `pause` is how long to wait for the next look, which costs a tenth."""

    def __init__(self, root: Path, bounds: Bounds) -> None:
        objects = root / ".git" / "objects"
        self._folder = objects if objects.is_dir() else root
        self._bounds = bounds
        self._before = {place.name for place in self._unfinished()}
        self._began = self._grew = time.monotonic()
        self._first = self._size = _size_of(self._folder) if bounds.size or bounds.still else 0
        self.pause = _LOOK

    def look(self, done: bool) -> None:
        """Raises Failed where it went beyond."""
        bounds, now = self._bounds, time.monotonic()
        if bounds.size or bounds.still:
            size = _size_of(self._folder)
            self._grew = now if size != self._size else self._grew
            self._size = size
            self.pause = max(_LOOK, 10 * (time.monotonic() - now))
        if bounds.size and self._size - self._first > bounds.size:
            raise Failed(f"it is larger than {bounds.size / 1e6:.0f} MB", "name a smaller repository")
        if not done and now - self._began > bounds.seconds:
            raise Failed(f"git took more than {bounds.seconds:.0f} s", "try again later, or name another source")
        if not done and bounds.still and now - self._grew > bounds.still:
            raise Failed(f"nothing came for {bounds.still:.0f} s", "try again later")

    def clear(self) -> None:
        """Removes what a git that was ended left half done: a stranger would fill the disk with it, time after time."""
        for place in self._unfinished():
            if place.name not in self._before:
                place.unlink(missing_ok=True)

    def _unfinished(self) -> Iterator[Path]:
        return self._folder.glob("pack/tmp_*")


def _size_of(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # git removed it meanwhile
                total += os.lstat(Path(place, name)).st_size
    return total
