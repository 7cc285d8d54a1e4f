"""Owns bringing the user's git index up to date after a lesson, for the lesson's paths alone.

What they have staged stays staged: an entry that differs from the file before the lesson is left as it is.

From the moment a lesson is acknowledged until the index has caught up, a `git commit` of the user would take the lesson
back, unseen. So `index.lock`, which every git respects, is held that long.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from hermes_fs.core.errors import Failed
from hermes_fs.store.failpoint import reach
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Entry

_OURS = b"hermes-fs brings the index up to date\n"
_PATIENCE = 0.1  # seconds to wait for a git command of the user
_PAUSE = 0.002
_ASKED_BY_NAME = 50  # paths; more than that and git lists the whole index faster

Version = tuple[str, str]
"""(mode, blob id); ("", "") where there is no file."""


def hold(git: Git) -> bool:
    """Takes the index's lock, or finds that one of us holds it. False where a git command of the user keeps it.

    That command read HEAD before; if it is a commit, it fails once HEAD has moved, so going on is safe.
    """
    lock = git.git_dir / "index.lock"
    deadline = time.monotonic() + _PATIENCE
    while not (held := _is_ours(lock) or _take(git, lock)) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return held


def release(git: Git) -> None:
    """Gives the index's lock back, if one of us holds it. The caller holds the workspace's lock."""
    lock = git.git_dir / "index.lock"
    if _is_ours(lock):
        lock.unlink(missing_ok=True)


def catch_up(git: Git, entries: Iterable[Entry]) -> bool:
    """Gives every path of these lessons its last version in the index, unless the user staged something else.

    False where a git command of the user has the index locked: nothing was done. True: it is right, and held. The
    caller sees to it that nobody else catches up at the same time. Raises Failed.
    """
    if not hold(git):
        return False
    index, fresh = git.git_dir / "index", _fresh_name(git)
    try:
        if _prepare(git, index, fresh, _wanted(entries)):
            reach("index.locked")
            fresh.replace(index)
    except OSError as error:
        raise Failed(f"{index} cannot be written: {error.strerror}", "free some space there") from error
    finally:
        fresh.unlink(missing_ok=True)
    return True


def _wanted(entries: Iterable[Entry]) -> dict[str, tuple[set[Version], Version]]:
    """Path → the versions that the index may have without the user's doing, and the one it shall have."""
    wanted: dict[str, tuple[set[Version], Version]] = {}
    for entry in entries:
        for move in entry.moves:
            passed = wanted.get(move.path, (set(), ("", "")))[0]
            wanted[move.path] = passed | {(move.old_mode, move.old)}, (move.new_mode, move.new)
    return wanted


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
    rows.sort(key=lambda row: not row.startswith(b"0 "))  # what goes makes room for what comes
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
    """Makes the lock file with our words in it from its first moment; False where there is one, or no room for one."""
    words = git.temporary / "index-lock"
    for _ in range(2):
        try:
            os.link(words, lock)  # a name for a file that is there: cheaper than a new file
            return True
        except FileExistsError:
            return False
        except FileNotFoundError:
            if not _write_words(git, words):
                return False
        except OSError:  # no hard links here
            break
    return _take_plainly(lock)


def _write_words(git: Git, words: Path) -> bool:
    fresh = _fresh_name(git)
    try:
        fresh.write_bytes(_OURS)
        fresh.replace(words)
    except OSError:  # no room
        fresh.unlink(missing_ok=True)
        return False
    return True


def _take_plainly(lock: Path) -> bool:
    try:
        with lock.open("xb") as file:
            file.write(_OURS)
    except OSError:
        return False
    return True


def _is_ours(lock: Path) -> bool:
    try:
        return lock.read_bytes() == _OURS
    except FileNotFoundError:
        return False


def _fresh_name(git: Git) -> Path:
    git.temporary.mkdir(parents=True, exist_ok=True)
    return git.temporary / f"index-{secrets.token_hex(8)}"
