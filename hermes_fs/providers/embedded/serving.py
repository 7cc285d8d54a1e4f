"""The process of the shared model server: serves one model, watches who uses it, and ends when nobody has for a while.

Started by `server` as `python -m hermes_fs.providers.embedded.serving FOLDER TASK`; what it says goes to its log.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

from hermes_fs.core.errors import Failed, HermesError
from hermes_fs.providers.embedded import record
from hermes_fs.providers.embedded.flags import Flag, Leases
from hermes_fs.providers.embedded.llama import Llama
from hermes_fs.providers.embedded.task import Task

_LOOK_SECONDS = 1.0
_LEAVE_SECONDS = 20.0
_PAUSE_SECONDS = 0.05


class Engine(Protocol):
    @property
    def port(self) -> int: ...

    def activity(self) -> str: ...


class Watch:
    """When the server was last used: a lease that is held counts, and so does a request of anybody with the key."""

    def __init__(self, engine: Engine, leases: Leases) -> None:
        self._engine = engine
        self._leases = leases
        self._seen = ""
        self._last = time.monotonic()

    def idle_seconds(self) -> float:
        if self._leases.count():
            self._last = time.monotonic()
        elif (now := self._engine.activity()) != self._seen or "requests_processing 1" in now:
            self._seen, self._last = now, time.monotonic()
        return time.monotonic() - self._last


def serve(folder: Path, task: Task, stop: threading.Event) -> int:
    """Serve until `stop`, or until it was idle for long enough; returns the exit code."""
    alive = Flag(record.alive_path(folder))
    deadline = time.monotonic() + _LEAVE_SECONDS
    while not alive.raise_it():  # a server that was killed gives its memory back before its flag
        if time.monotonic() > deadline or stop.wait(_PAUSE_SECONDS):
            raise Failed("another server does not end", "run `hermes model stop`")
    record.remove(folder)
    engine = Llama(task, key := secrets.token_urlsafe(32))
    pid = os.getpid()
    mine = record.Record(pid, record.born(pid), engine.port, key, task.model, task.alias, task.window)
    record.write(folder, mine)
    threading.Thread(target=_wait_for_idleness, args=(engine, folder, task.idle, stop), daemon=True).start()
    while not stop.wait(_LOOK_SECONDS) and record.read(folder) == mine:
        continue  # a record that somebody took away is a wish to end, too
    if record.read(folder) == mine:
        record.remove(folder)
    return 0


def _wait_for_idleness(engine: Engine, folder: Path, idle: float, stop: threading.Event) -> None:
    """In a thread of its own: the engine tells nothing while it reads a long prompt."""
    leases, starting = Leases(folder / "leases"), Flag(record.starting_path(folder))
    watch = Watch(engine, leases)
    while not stop.wait(min(_LOOK_SECONDS, idle or _LOOK_SECONDS)):
        if not idle or watch.idle_seconds() < idle or not starting.raise_it():
            continue
        if leases.count() == 0:  # whoever takes one now holds the flag first, and finds no server
            record.remove(folder)
            stop.set()
            return  # the flag goes down with the process
        starting.lower()


def main() -> int:
    os.umask(0o077)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        return serve(Path(sys.argv[1]), Task.parse(sys.argv[2]), stop)
    except (HermesError, RuntimeError, ValueError) as error:  # the last two are what the library raises
        sys.stderr.write(f"error: {error}\n")
        return 1


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the server's own threads do not end by themselves
