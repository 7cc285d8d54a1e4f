"""Owns bringing the user's git index up to date after a lesson, for the lesson's paths alone.

What they have staged stays staged: an entry that differs from the file before the lesson is left as it is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from hermes_fs.core.errors import Failed
from hermes_fs.store.failpoint import reach
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Entry

_OURS = b"hermes-fs is replacing the index\n"
_ATTEMPTS = 5
_ASKED_BY_NAME = 50  # paths; more than that and git lists the whole index faster

Version = tuple[str, str]
"""(mode, blob id); ("", "") where there is no file."""


def catch_up(git: Git, entries: Iterable[Entry]) -> bool:
    """Gives every path of these lessons its last version in the index, unless the user staged something else.

    False where the index is locked by somebody else at the moment: nothing was done. The caller sees to it that
    nobody else catches up at the same time. Raises Failed.
    """
    wanted = _wanted(entries)
    return _replace(git, wanted) if wanted else True


def _wanted(entries: Iterable[Entry]) -> dict[str, tuple[set[Version], Version]]:
    """Path → the versions that the index may have without the user's doing, and the one it shall have."""
    wanted: dict[str, tuple[set[Version], Version]] = {}
    for entry in entries:
        for move in entry.moves:
            passed = wanted.get(move.path, (set(), ("", "")))[0]
            wanted[move.path] = passed | {(move.old_mode, move.old)}, (move.new_mode, move.new)
    return wanted


def _replace(git: Git, wanted: Mapping[str, tuple[set[Version], Version]]) -> bool:
    index, lock = git.git_dir / "index", git.git_dir / "index.lock"
    _drop_own(lock)
    for _ in range(_ATTEMPTS):
        if lock.exists():
            return False
        stamp = _stamp(index)
        fresh = _fresh_name(git)
        try:
            if not _prepare(git, index, fresh, wanted):
                return True
            if not _take(git, lock):
                return False
            try:
                if _stamp(index) == stamp:
                    reach("index.locked")
                    fresh.replace(index)
                    return True
            finally:
                lock.unlink(missing_ok=True)
        except OSError as error:
            raise Failed(f"{index} cannot be written: {error.strerror}", "free some space there") from error
        finally:
            fresh.unlink(missing_ok=True)
    return False


def _prepare(git: Git, index: Path, fresh: Path, wanted: Mapping[str, tuple[set[Version], Version]]) -> bool:
    """Makes the index to be at `fresh`; False if the one there is already right."""
    env = {"GIT_INDEX_FILE": str(fresh), "GIT_LITERAL_PATHSPECS": "1"}
    if not index.exists():
        _told(git, env, b"", "read-tree", "HEAD")
        return True
    shutil.copy(index, fresh)
    have = _entries(git, env, list(wanted))
    rows = [
        _row(git, path, new)
        for path, (passed, new) in wanted.items()
        if have.get(path, ("", "")) != new and have.get(path, ("", "")) in passed
    ]
    if not rows:
        return False
    if git.ask("update-index", "-z", "--index-info", input=b"".join(rows), env=env).code:
        for row in rows:  # something staged is in the way of one path, such as a file where a folder was
            git.ask("update-index", "-z", "--index-info", input=row, env=env)
    return True


def _entries(git: Git, env: Mapping[str, str], paths: list[str]) -> dict[str, Version]:
    asked = ["--", *paths] if len(paths) <= _ASKED_BY_NAME else []
    have: dict[str, Version] = {}
    for item in os.fsdecode(_told(git, env, b"", "ls-files", "-s", "-z", *asked)).split("\0"):
        about, _, path = item.partition("\t")
        if path:
            mode, oid, stage = about.split(" ")
            have[path] = (mode, oid) if stage == "0" else ("unmerged", oid)
    return have


def _row(git: Git, path: str, version: Version) -> bytes:
    mode, oid = version if version[1] else ("0", "0" * len(git.empty_tree))
    return os.fsencode(f"{mode} {oid} 0\t{path}\0")


def _told(git: Git, env: Mapping[str, str], data: bytes, *args: str) -> bytes:
    answer = git.ask(*args, input=data, env=env)
    if answer.code:
        raise Failed(f"the git index cannot be brought up to date: {answer.err.strip().splitlines()[-1:]}")
    return answer.out


def _take(git: Git, lock: Path) -> bool:
    """Makes the lock file that every git respects, with our words in it from its first moment."""
    own = _fresh_name(git)
    own.write_bytes(_OURS)
    try:
        os.link(own, lock)
    except FileExistsError:
        return False
    finally:
        own.unlink()
    return True


def _drop_own(lock: Path) -> None:
    """Removes a lock file that one of us left when it was killed; nobody of us holds it now."""
    with contextlib.suppress(FileNotFoundError):  # the usual case
        if lock.read_bytes() == _OURS:
            lock.unlink()


def _fresh_name(git: Git) -> Path:
    git.temporary.mkdir(parents=True, exist_ok=True)
    return git.temporary / f"index-{secrets.token_hex(8)}"


def _stamp(path: Path) -> tuple[int, int, int]:
    if not path.exists():
        return (0, 0, 0)
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
