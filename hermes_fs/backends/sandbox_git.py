"""Which parts of a declared directory's git repository a sandboxed command may not change: what git itself runs.

A hook, or a setting that names a program, would run outside the sandbox as soon as the person used git there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_FIXED = ("hooks", "config", "config.worktree", "commondir", "info")
"""Of a git directory. Their folder is a mount of its own, so none can be moved away and replaced."""

PLANTED = ("commondir", "config.worktree")
"""Where nothing was, a command can still make these: they send git to other settings. Looked for after each command."""

_MOST_MODULES = 200


def protected(root: Path) -> Iterator[tuple[Path, bool]]:
    """Paths that get a mount of their own → whether it is writable. Makes the folder `hooks` where there is none, so
    that a mount can stand on it."""
    git = root / ".git"
    if git.is_symlink():
        return
    if git.is_file():
        yield git, False
        common = _worktree_of(git)
        if common is not None:
            yield from _git_dir(common)
    elif git.is_dir() and (git / "HEAD").is_file():
        yield from _git_dir(git)


def planted(root: Path) -> Iterator[Path]:
    """What stands in a repository now that sends git elsewhere, of the places that could not be covered."""
    for name in PLANTED:
        path = root / ".git" / name
        if os.path.lexists(path) and not (root / ".git").is_file():
            yield path


def _git_dir(git: Path) -> Iterator[tuple[Path, bool]]:
    yield git, True
    if not os.path.lexists(git / "hooks") and os.access(git, os.W_OK):
        (git / "hooks").mkdir(exist_ok=True)
    yield from _fixed(git)
    for kind in ("modules", "worktrees"):
        if (git / kind).is_dir() and not (git / kind).is_symlink():
            inner = sorted((git / kind).rglob("HEAD") if kind == "modules" else (git / kind).glob("*/HEAD"))
            for head in inner[:_MOST_MODULES]:
                if (head.parent / "logs").is_dir() or kind == "worktrees" or (head.parent / "config").is_file():
                    yield head.parent, True
                    yield from _fixed(head.parent)


def _fixed(git: Path) -> Iterator[tuple[Path, bool]]:
    for name in (*_FIXED, "gitdir"):
        path = git / name
        if path.exists() and not path.is_symlink():
            yield path, False


def _worktree_of(file: Path) -> Path | None:
    """The git directory of the repository that a linked worktree's `.git` file names, if that one names it too: a file
    alone could point to anything."""
    text = file.read_text("utf-8", "replace")[:4096]
    if not text.startswith("gitdir: "):
        return None
    own = Path(os.path.realpath(file.parent / text.removeprefix("gitdir: ").strip()))
    if own.parent.name != "worktrees" or not (own.parent.parent / "HEAD").is_file():
        return None
    try:
        back = (own / "gitdir").read_text("utf-8", "replace").strip()
    except OSError:
        return None
    return own.parent.parent if os.path.realpath(back) == os.path.realpath(file) else None
