"""Owns waiting for the disk: many files at once, which costs little more than one. Writes nothing itself."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from hermes_fs.core.errors import Failed

_WORKERS = 8
_MANY = 100  # files, from which on one wait for all that the machine has to write is cheaper
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Syncer:
    """Waits for files and folders to be on the disk, in threads of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def begin(self, paths: Iterable[Path]) -> Callable[[], None]:
        """Starts; what it returns waits for the end, and raises Failed if the disk did not take something.

        A path that is not there needs no waiting: git has that object in a pack, or the file is deleted.
        """
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="hermes-sync")
            running = [self._pool.submit(sync, path) for path in dict.fromkeys(paths)]

        def finish() -> None:
            wait(running)
            for each in running:
                each.result()

        return finish

    def sync(self, paths: Iterable[Path]) -> None:
        """Returns when all of them are on the disk. Raises Failed."""
        wanted = list(paths)
        if len(wanted) > _MANY and sys.platform == "linux":  # elsewhere, sync does not wait
            os.sync()
        else:
            self.begin(wanted)()

    def close(self) -> None:
        """Ends the threads. It may be used again; they start anew."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()


def sync(path: Path) -> None:
    """Returns when a file's content, or a folder's list of names, is on the disk. Raises Failed."""
    with contextlib.suppress(FileNotFoundError):  # nothing to wait for
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _flush(descriptor)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Failed(f"{path} cannot be written: {error.strerror}", "free some space there") from error


def boot() -> str:
    """Changes when the machine restarts; "" where that can't be told."""
    with contextlib.suppress(OSError):  # not on this system
        return _BOOT_ID.read_text().strip()
    return ""


def _flush(descriptor: int) -> None:
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves it in the drive's cache
    if full is None:
        os.fsync(descriptor)
    else:
        fcntl.fcntl(descriptor, full)
