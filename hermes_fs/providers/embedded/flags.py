"""Locks that say something by being held: the kernel takes them back when their holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".lease"


class Flag:
    """A file that its holder keeps locked. Not inherited by child processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    @property
    def mine(self) -> bool:
        return self._descriptor >= 0

    def raise_it(self) -> bool:
        """Hold it; False where somebody else does."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def lower(self, remove: bool = False) -> None:
        """Give it back; `remove` takes the file away too."""
        if self._descriptor < 0:
            return
        if remove:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1


def is_up(path: Path) -> bool:
    """Whether somebody holds the flag of that file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Leases:
    """Who uses the server: a flag each in one folder. Take one only while you hold the flag `starting`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self) -> Flag:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._sweep()
        flag = Flag(self._folder / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}")
        flag.raise_it()
        return flag

    def count(self) -> int:
        """How many are held, one's own included."""
        return sum(is_up(path) for path in self._paths())

    def _sweep(self) -> None:
        """Files of holders that died."""
        for path in self._paths():
            if not is_up(path):
                path.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        with contextlib.suppress(OSError):  # no folder: nobody ever used it
            return [path for path in self._folder.iterdir() if path.suffix == SUFFIX]
        return []


@contextlib.contextmanager
def held(flag: Flag) -> Iterator[None]:
    """Gives a raised flag back at the end of the block."""
    try:
        yield
    finally:
        flag.lower()
