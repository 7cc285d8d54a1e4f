"""Owns finding the workspace that a command is about, and where its effects happen. Makes no more than work/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hermes_fs.core.errors import NotFound
from hermes_fs.store.state import MARKER


def default(environ: Mapping[str, str]) -> Path:
    """Where the workspace is when nothing names one: ~/hermes."""
    return Path(environ.get("HOME") or Path.home()) / "hermes"


def find(explicit: Path | None, cwd: Path, environ: Mapping[str, str]) -> Path:
    """The workspace's folder: `explicit` (the flag -w), HERMES_WORKSPACE, the nearest parent of `cwd` that is one, or
    ~/hermes. Raises NotFound."""
    named = explicit or environ.get("HERMES_WORKSPACE")
    if named:
        place = (cwd / Path(named).expanduser()).absolute()
        if not place.is_dir():
            raise NotFound(f"{place} is not there", f"hermes init {place}")
        return place
    for place in (cwd.absolute(), *cwd.absolute().parents):
        if (place / MARKER).is_file():
            return place
    home = default(environ)
    if (home / MARKER).is_file():
        return home
    raise NotFound("there is no workspace yet", "hermes init")


def work_dir_of(root: Path, started_in: Path) -> Path:
    """Where effects happen: the folder that hermes was started in, or work/ where that is the workspace itself."""
    here = started_in.resolve()
    if here != root and root not in here.parents:
        return here
    if here.is_relative_to(root / "work"):
        return here
    (root / "work").mkdir(exist_ok=True)
    return root / "work"
