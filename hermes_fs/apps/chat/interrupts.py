"""Ctrl-C during a turn: stops the turn, not the program. Main thread only.

The signal wakes a watching thread by a pipe, so nothing of ours ever runs inside a signal handler, where it could wait
for a lock that the interrupted code holds.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_PATIENCE = 3
"""The Ctrl-C that leaves even a turn which does not stop."""


@contextmanager
def interrupting(interrupt: Callable[[], None]) -> Iterator[None]:
    """Within the block each Ctrl-C calls `interrupt` in another thread; the third raises KeyboardInterrupt."""
    pressed = 0

    def count(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        if pressed >= _PATIENCE:
            raise KeyboardInterrupt

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    watcher = threading.Thread(target=_watch, args=(reader, interrupt), name="interrupts", daemon=True)
    before = signal.signal(signal.SIGINT, count)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGINT, before)
        os.close(writer)
        watcher.join()
        os.close(reader)


@contextmanager
def by_default() -> Iterator[None]:
    """Within the block Ctrl-C raises KeyboardInterrupt again: for reading a line."""
    wakeup = signal.set_wakeup_fd(-1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(wakeup)


def _watch(reader: int, interrupt: Callable[[], None]) -> None:
    while numbers := os.read(reader, 64):
        if signal.SIGINT in numbers:
            interrupt()
