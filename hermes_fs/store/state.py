"""Owns what state a workspace's repository is in: may it be opened, may the agent learn in it. Only looks."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from hermes_fs.core.errors import Failed, NotFound, Refused

MARKER = ".hermes-workspace"
FORMAT = 1
"""The newest layout of a workspace that this version knows."""

BRANCH = "refs/heads/main"

PAST = "past"
"""The note, in the machine's own part of a linked worktree, that it is a copy of the mind as it was."""

_IN_PROGRESS = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a git revert",
    "BISECT_START": "a bisect",
}


def require_workspace(root: Path) -> Path:
    """The git folder of a workspace that can be opened. Raises NotFound, Refused or Failed with what to do."""
    if not root.is_dir():
        raise NotFound(f"{root} is not a folder", f"hermes init {root}")
    if not (root / MARKER).is_file():
        if (root / "HEAD").is_file() and (root / "objects").is_dir():
            raise Refused(f"{root} is a bare repository", "clone it: hermes init PATH --from " + str(root))
        if (root / ".git").exists():
            raise Refused(f"{root} is a git repository but not a workspace", "start one elsewhere: hermes init PATH")
        raise NotFound(f"{root} is not a workspace", f"hermes init {root}")
    git_dir = git_dir_of(root)
    if (git_dir / "shallow").exists():
        raise Refused(f"{root} is a shallow clone, its history is cut off", f"git -C {root} fetch --unshallow")
    if re.search(r"^\s*bare\s*=\s*(true|yes|on|1)\s*$", _config_text(git_dir), re.MULTILINE | re.IGNORECASE):
        raise Refused(f"{root} is marked as a bare repository", f"git -C {root} config core.bare false")
    return git_dir


def git_dir_of(root: Path) -> Path:
    """The .git folder of a work tree; a file `.git` is followed. Raises NotFound or Failed."""
    place = root / ".git"
    if place.is_dir():
        return place
    if not place.is_file():
        raise NotFound(f"{root} is not a git repository", f"hermes init {root}")
    pointer = place.read_text(errors="replace").strip()
    if not pointer.startswith("gitdir: "):
        raise Failed(f"{place} does not name a git repository")
    return (root / pointer.removeprefix("gitdir: ")).resolve()


def common_dir_of(git_dir: Path) -> Path:
    """Where objects and branches lie: elsewhere for a linked work tree."""
    pointer = git_dir / "commondir"
    return (git_dir / pointer.read_text().strip()).resolve() if pointer.is_file() else git_dir


def is_past(git_dir: Path) -> bool:
    """Whether this is a copy of the mind as it was at an earlier lesson."""
    return (git_dir / "hermes" / PAST).is_file()


def why_read_only(root: Path, git_dir: Path) -> str:
    """One line on why nothing can be learned here at the moment; "" if it can."""
    return _newer_format(root) or _not_on_main(git_dir) or _in_progress(git_dir) or why_not_writable(root, git_dir)


def trusts_modes(git_dir: Path) -> bool:
    """Whether a file's executable bit on this file system means something."""
    text = _config_text(git_dir)
    return not re.search(r"^\s*filemode\s*=\s*(false|no|off|0)\s*$", text, re.MULTILINE | re.IGNORECASE)


def has_remote(git_dir: Path, name: str) -> bool:
    """Whether the repository has a remote of this name. Costs no process."""
    return f'[remote "{name}"]' in _config_text(git_dir)


def _newer_format(root: Path) -> str:
    try:
        text = (root / MARKER).read_text(errors="replace")
    except OSError as error:
        return f"{MARKER} cannot be read ({error.strerror})"
    return why_format_is_unknown(text)


def why_format_is_unknown(text: str) -> str:
    """One line on a marker file that names a layout which this version does not know, "" if it does."""
    found = re.search(r"^format:\s*(\d+)\s*$", text, re.MULTILINE)
    if not found:
        return f"{MARKER} names no format"
    if int(found[1]) > FORMAT:
        return f"it is in format {found[1]}, newer than this hermes knows ({FORMAT}): upgrade hermes-fs"
    return ""


def _not_on_main(git_dir: Path) -> str:
    try:
        head = (git_dir / "HEAD").read_text(errors="replace").strip()
    except OSError as error:
        return f"its HEAD cannot be read ({error.strerror})"
    if head == f"ref: {BRANCH}":
        return ""
    if head.startswith("ref: "):
        return f"it is on branch {head.removeprefix('ref: refs/heads/')}, not on main: git switch main"
    if is_past(git_dir):
        return f"this is the mind as it was at {head[:8]}: teach the mind of now"
    return "its HEAD is detached: git switch main"


def _in_progress(git_dir: Path) -> str:
    for name, what in _IN_PROGRESS.items():
        if (git_dir / name).exists():
            return f"{what} is in progress: finish or abort it with git"
    return ""


def why_not_writable(root: Path, git_dir: Path) -> str:
    """One line on a folder that cannot be written, "" if both can."""
    for place in (root, git_dir):
        if not _writable(place):
            return f"{place} is read-only"
    return ""


def _writable(place: Path) -> bool:
    try:
        mode = place.stat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and os.access(place, os.W_OK | os.X_OK)


def _config_text(git_dir: Path) -> str:
    try:
        return (git_dir / "config").read_text(errors="replace")
    except OSError:  # none, or a linked work tree: git's defaults
        return ""
