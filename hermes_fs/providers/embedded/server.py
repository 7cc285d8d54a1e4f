"""The clients' side of the shared model server: finds it or starts it, one for all of a person's conversations.

The server is a process of its own that outlives whoever started it; here is nothing that serves.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import hermes_fs
from hermes_fs.core.errors import HermesError, ProviderError
from hermes_fs.core.ports import Cancel
from hermes_fs.providers.embedded import gguf, installing, record
from hermes_fs.providers.embedded.flags import Flag, Leases, is_up
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.record import Record
from hermes_fs.providers.embedded.task import Task, free_memory

START_SECONDS = 180.0
"""Longest time from the start of the process to its first answer: a gigabyte from a slow disk takes a minute."""
END_SECONDS = 10.0
_LOOK_SECONDS = 0.05
_MODULE = "hermes_fs.providers.embedded.serving"
_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_PASSED_STARTS = ("LC_", "DYLD_", "CUDA_VISIBLE", "OMP_NUM", "GGML_", "XDG_")
_CALM = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "2000"}
"""Its threads would otherwise spin between tokens, at the cost of whatever else runs."""


@dataclass(frozen=True, slots=True)
class State:
    """What runs, for a person: `users` are the conversations that hold a lease."""

    record: Record
    users: int


class Server:
    """One conversation's view of the shared server. Thread-safe; `release` may be followed by further use."""

    def __init__(self, folders: Folders, task: Task, environ: Mapping[str, str] | None = None) -> None:
        self._folders = folders
        self._task = task
        self._environ = os.environ if environ is None else environ
        self._lock = threading.Lock()
        self._lease: Flag | None = None
        self._known: Record | None = None

    @property
    def task(self) -> Task:
        return self._task

    @property
    def is_known(self) -> bool:
        """Whether the server that was found last still lives."""
        known = self._known
        return known is not None and record.living(self._folders.server) == known

    @property
    def is_running(self) -> bool:
        """Whether some server of this task lives."""
        found = record.living(self._folders.server)
        return found is not None and _serves(found, self._task)

    def still_answers(self) -> bool:
        """Whether the server that was found last answers; one that does not is forgotten: `ready` looks anew."""
        if record.answering(self._folders.server) == self._known:
            return True
        self._known = None
        return False

    def ready(self, cancel: Cancel) -> Record:
        """The server, started where there is none, and ours until `release`. Blocks up to START_SECONDS; raises
        ProviderError with one line, Cancelled soon after `cancel` is set."""
        if self._lease and self.is_known and self._known:
            return self._known
        folder = self._folders.private_server()
        with _starting(folder, cancel):
            found = record.answering(folder)
            if found and not _serves(found, self._task):
                self._make_way(found)
                found = None
            self._hold(folder)
            self._known = found or self._start(folder, cancel)
            return self._known

    def release(self) -> None:
        """This conversation does not need it any more."""
        with self._lock:
            lease, self._lease = self._lease, None
        if lease:
            lease.lower(remove=True)

    def _hold(self, folder: Path) -> None:
        with self._lock:
            if self._lease is None:
                self._lease = Leases(folder / "leases").take()

    def _make_way(self, found: Record) -> None:
        """End a server of another model, where nobody else uses it."""
        others = Leases(self._folders.server / "leases").count() - (1 if self._lease else 0)
        if others > 0:
            hint = f"use that one (`hermes model embedded/{found.alias}`), or end it with `hermes model stop`"
            raise ProviderError("invalid", f"the local server runs {found.alias} for {people(others)}", hint)
        end(self._folders, found)

    def _start(self, folder: Path, cancel: Cancel) -> Record:
        check(self._task)
        log = folder / "log.txt"
        with contextlib.suppress(FileNotFoundError):
            log.unlink()
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:
            process = subprocess.Popen(
                command(folder, self._task),
                env=environment(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C and the end of the terminal are not its business
                cwd="/",
            )
        threading.Thread(target=process.wait, name="hermes-reap", daemon=True).start()
        return self._wait(process, log, cancel)

    def _wait(self, process: subprocess.Popen[bytes], log: Path, cancel: Cancel) -> Record:
        deadline = time.monotonic() + START_SECONDS
        while True:
            found = record.answering(self._folders.server)
            if found:
                return found
            if process.returncode is not None:
                raise ProviderError("invalid", f"the model server did not start: {_last_line(log)}", f"see {log}")
            if time.monotonic() > deadline:
                process.kill()
                message = f"the model server was not ready after {START_SECONDS:.0f} s"
                raise ProviderError("invalid", message, f"see {log}, or choose a smaller model")
            cancel.wait(_LOOK_SECONDS)
            cancel.check()


def command(folder: Path, task: Task) -> list[str]:
    """How the server's process is started."""
    return [sys.executable, "-m", _MODULE, str(folder), task.as_json()]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What the server's process may see of ours: no credential has a name on this list."""
    passed = {name: value for name, value in environ.items() if name in _PASSED or name.startswith(_PASSED_STARTS)}
    ours = str(Path(hermes_fs.__file__).parent.parent)  # found again from everywhere, a checkout too
    paths = [ours, *filter(None, environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**passed, **_CALM, "PYTHONPATH": os.pathsep.join(paths)}


def check(task: Task) -> None:
    """Raises ProviderError where it cannot be served from here."""
    try:
        gguf.check(Path(task.model))
    except HermesError as error:
        raise ProviderError("not_found", error.message, error.hint) from error
    if lacking := installing.missing():
        names = " and ".join(re.split(r"[<>=]", one, maxsplit=1)[0] for one in lacking)
        raise ProviderError(
            "invalid", f"{names} is not installed, which serving a model needs", installing.advice(lacking)
        )
    size, free = Path(task.model).stat().st_size, free_memory()
    if 0 < free < size:
        message = f"{task.alias} needs {size / 1e9:.1f} GB of memory and more, {free / 1e9:.1f} GB are free"
        raise ProviderError("invalid", message, "close something large, or choose another with `hermes model`")


def state(folders: Folders) -> State | None:
    """What runs now, None where nothing answers."""
    found = record.answering(folders.server)
    return State(found, Leases(folders.server / "leases").count()) if found else None


def end(folders: Folders, found: Record) -> None:
    """End a server, politely first; back when it is gone."""
    record.remove(folders.server)
    for number, seconds in ((signal.SIGTERM, END_SECONDS), (signal.SIGKILL, END_SECONDS)):
        with contextlib.suppress(ProcessLookupError):  # it was quicker
            if record.born(found.pid) == found.born:
                os.kill(found.pid, number)
        deadline = time.monotonic() + seconds
        while is_up(record.alive_path(folders.server)):
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK_SECONDS)
        else:
            return


def people(count: int) -> str:
    return "another conversation" if count == 1 else f"{count} other conversations"


def _serves(found: Record, task: Task) -> bool:
    return found.model == task.model and found.window >= task.window


@contextlib.contextmanager
def _starting(folder: Path, cancel: Cancel) -> Iterator[None]:
    """One at a time starts, ends or takes a lease; waits for whoever is at it."""
    flag = Flag(record.starting_path(folder))
    while not flag.raise_it():
        cancel.wait(_LOOK_SECONDS)
        cancel.check()
    try:
        yield
    finally:
        flag.lower()


def _last_line(log: Path) -> str:
    """The server's own last word."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line for line in lines if "error" in line.lower()] or lines
    return told[-1].strip()[-200:] if told else "it ended without a word"
