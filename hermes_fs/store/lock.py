"""Owns one lock between threads and processes. Knows nothing of what it guards.

The kernel gives the file lock back when its holder dies, so a killed process never leaves one behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from pathlib import Path
from types import TracebackType

from hermes_fs.core.errors import Failed

_PAUSE = 0.002  # seconds between attempts: flock has no timeout of its own


class Lock:
    """Re-entrant in a thread, exclusive among threads and processes. Use it as a context manager; blocks.

    Raises Failed after `patience` seconds.
    """

    def __init__(self, path: Path, patience: float = 60.0) -> None:
        self._path = path
        self._patience = patience
        self._threads = threading.RLock()
        self._descriptor = -1
        self._depth = 0
        self._owner = 0

    @property
    def mine(self) -> bool:
        """Whether the thread that asks holds it."""
        return self._owner == threading.get_ident()

    def __enter__(self) -> Lock:
        deadline = time.monotonic() + self._patience
        if not self._threads.acquire(timeout=self._patience):
            raise self._busy()
        if self._depth == 0:
            try:
                self._descriptor = self._open(deadline)
            except BaseException:
                self._threads.release()
                raise
            self._owner = threading.get_ident()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._owner = 0
            os.close(self._descriptor)
            self._descriptor = -1
        self._threads.release()

    @property
    def outermost(self) -> bool:
        """Whether the thread that asks holds it, entered once only."""
        return self.mine and self._depth == 1

    def _open(self, deadline: float) -> int:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Failed(f"{self._path} cannot be opened: {error.strerror}", "make its folder writable") from error
        try:
            while True:
                with contextlib.suppress(BlockingIOError):  # somebody holds it: try again
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return descriptor
                if time.monotonic() > deadline:
                    raise self._busy()
                time.sleep(_PAUSE)
        except BaseException:
            os.close(descriptor)
            raise

    def _busy(self) -> Failed:
        return Failed(
            f"another hermes has been writing for {self._patience:.0f} s", "wait for it, or stop it, and try again"
        )
