"""Makes a backend's private state folder and clears away what nobody will come back for. Never touches running jobs."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

KEPT_SECONDS = 7 * 24 * 3600.0


def prepare(state: Path) -> None:
    """Make the folder, readable by this user alone; the first time an old one is found it is cleared of what is a week
    old. Raises OSError."""
    if state.is_dir() and _is_fresh(state):
        return
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    state.chmod(0o700)
    clear(state, time.time() - KEPT_SECONDS)
    (state / "cleared").touch()


def _is_fresh(state: Path) -> bool:
    try:
        return (state / "cleared").stat().st_mtime > time.time() - KEPT_SECONDS / 7
    except FileNotFoundError:
        return False


def clear(state: Path, before: float) -> None:
    """Remove long outputs, ended jobs and shells of ended processes that were last changed before that time."""
    for kind in ("output", "shells", "jobs"):
        folder = state / kind
        for item in folder.iterdir() if folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):  # another process clears too
                if _last_use(item) < before and not (kind == "jobs" and _runs(item)):
                    _remove(item)


def _runs(job: Path) -> bool:
    """Whether it has left no code yet."""
    code = job / "rc"
    return not code.exists() or code.stat().st_size == 0


def _last_use(item: Path) -> float:
    inside = list(item.iterdir()) if item.is_dir() else []
    return max(path.stat().st_mtime for path in (item, *inside))


def _remove(item: Path) -> None:
    if item.is_dir():
        shutil.rmtree(item)
    else:
        item.unlink()
