"""Which parts of a declared directory's git repository a sandboxed command may not change: what git itself runs.

A hook, or a setting that names a program, would run outside the sandbox as soon as the person used git there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
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


class Guarded:
    """Puts git's hooks and settings back where a command changed them, for lack of a way to forbid it. What the command
    wrote is moved to the folder `aside`. One command at a time."""

    def __init__(self, roots: Sequence[Path], aside: Path) -> None:
        self._roots = tuple(roots)
        self._aside = aside
        self._before: dict[Path, tuple[bytes, int]] | None = None

    def begin(self) -> None:
        if self._before is None:
            self._before = dict(self._found())

    def put_back(self) -> list[str]:
        """A line for each that was changed."""
        before, after = self._before, dict(self._found())
        if before is None or before == after:
            return []
        changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in changed:
            with contextlib.suppress(FileNotFoundError):  # it was removed, or its folder
                path.rename(self._aside / f"{secrets.token_hex(4)}-{path.name}")
            if path in before and path.parent.is_dir() and not path.parent.is_symlink():
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with open(os.open(path, flags, before[path][1] & 0o777), "wb") as file:
                    file.write(before[path][0])
        return [f"the command changed {path}, which git would run; it was put back" for path in changed]

    def _found(self) -> Iterator[tuple[Path, tuple[bytes, int]]]:
        for root in self._roots:
            git = root / ".git"
            if git.is_dir() and not git.is_symlink():
                hooks = [git / "hooks"] if (git / "hooks").is_symlink() else sorted((git / "hooks").glob("*"))
                for path in (git / "config", *(git / name for name in PLANTED), *hooks):
                    if os.path.lexists(path):
                        plain = path.is_file() and not path.is_symlink()
                        yield path, (path.read_bytes() if plain else b"", path.lstat().st_mode)


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
