"""Finds the workspace that is meant. Reads names of files only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hermes_fs.core.errors import NotFound

MARK = ".hermes-workspace"


def default(environ: Mapping[str, str]) -> Path:
    """Where a workspace is made when nobody says where: ~/hermes."""
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / "hermes"


def find(explicit: Path | None, cwd: Path, environ: Mapping[str, str]) -> Path:
    """The workspace named by `-w`, by HERMES_WORKSPACE, the nearest folder above that is one, else ~/hermes. NotFound
    where there is none."""
    if explicit is not None:
        return _require(explicit.expanduser())
    named = environ.get("HERMES_WORKSPACE", "")
    if named:
        return _require(Path(named).expanduser())
    for folder in (cwd, *cwd.parents):
        if (folder / MARK).is_file():
            return folder
    return _require(default(environ))


def _require(path: Path) -> Path:
    if (path / MARK).is_file():
        return path
    raise NotFound(f"there is no workspace at {path}", f"make one with `hermes init {path}`")
