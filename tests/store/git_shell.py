"""Runs commands as the user would, and makes workspaces the plainest way."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hermes_fs.store.formats.plain import PlainFormat
from hermes_fs.store.workspace import Workspace


def sh(cwd: Path, *command: str, check: bool = True) -> str:
    """Output of a command as the user would run it in `cwd`."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


@cache
def _made_once(make: Callable[[Path], None], hashes: str) -> TemporaryDirectory[str]:
    """What `make` makes in an empty folder, with git's `hashes`; it goes with this process."""
    folder = TemporaryDirectory(prefix="hermes-template-")
    make(Path(folder.name))
    return folder


def copy_of(make: Callable[[Path], None], root: Path) -> Path:
    """As if `make` had filled `root`; its processes run for the first copy of this process alone. What is copied must
    not name its own place."""
    shutil.copytree(
        _made_once(make, os.environ.get("GIT_DEFAULT_HASH", "")).name, root, symlinks=True, dirs_exist_ok=True
    )
    return root


def make_workspace(root: Path) -> Path:
    """A workspace with one commit of the person's on main."""
    assert not root.exists()
    return copy_of(_fill, root)


def _fill(root: Path) -> None:
    committed(root, {
        ".hermes-workspace": "format: 1\n",
        ".gitattributes": "* -text\n",
        ".gitignore": "sessions/\nwork/\n",
        "MEMORY.md": "- one\n",
        "skills/greet/SKILL.md": "---\nname: greet\ndescription: Says hello.\n---\n# Greet\n",
    })  # fmt: skip


def committed(root: Path, files: Mapping[str, str]) -> Path:
    """A new repository with these files in one commit of the person's on main."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    sh(root, "git", "init", "-q", "-b", "main")
    sh(root, "git", "add", "-A")
    sh(root, "git", "commit", "-qm", "first")
    return root


def status(root: Path) -> str:
    """What `git status` would print, short."""
    return sh(root, "git", "status", "--porcelain", "--untracked-files=all")


def opened(root: Path, **settings: Any) -> Workspace:
    """The workspace, for tests of the door itself: every file is plain text to it, no entry needs an id."""
    return Workspace.open(root, formats=lambda path: PlainFormat(), **settings)
