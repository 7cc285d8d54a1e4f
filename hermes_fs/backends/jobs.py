"""Background jobs of this machine: a folder each, so that any process can find, read and end them again.

`jobs/<n>/` holds command, log (stdout and stderr), in (a pipe, held open by the job), pid (with the process's start, so
that a reused id is not mistaken for the job) and rc (the exit code, once it has ended). A job outlives whoever made it.
"""

from __future__ import annotations

import os
import secrets
import select
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from hermes_fs.backends.output import decode, whole_characters
from hermes_fs.backends.shell import KILL_AFTER_SECONDS
from hermes_fs.core.errors import Failed, NotFound
from hermes_fs.core.ports import JobState

VANISHED = 137
"""Code of a job that left none: it was killed from outside, or the machine went down."""

SEND_SECONDS = 5.0


class JobProcesses(Protocol):
    """Where the processes of jobs run. What `launch` returns is one line that names the process for all time."""

    def launch(self, home: Path, command: str, mark: str) -> str:
        """`home` holds the pipe `in`; `log` is made there at once and `rc` when the job has ended, which may be long
        after this object has gone. `mark` names all its processes."""
        ...

    def alive(self, leader: str) -> bool: ...

    def signal(self, leader: str, mark: str, number: signal.Signals) -> None:
        """To all of its processes, those too that left its group."""
        ...

    def left(self, leader: str, mark: str) -> bool:
        """Whether any of its processes is there still."""
        ...


class Jobs:
    """All jobs below one folder. Thread-safe; several processes may use the same folder."""

    def __init__(self, folder: Path, processes: JobProcesses, output_limit: int) -> None:
        self._folder = folder
        self._processes = processes
        self._output_limit = output_limit

    def start(self, command: str) -> str:
        """Raises Failed where it cannot be started."""
        home = self._new_folder()
        try:
            mark = secrets.token_hex(8)
            (home / "mark").write_text(mark)
            (home / "command").write_text(command, "utf-8", "replace")
            os.mkfifo(home / "in", 0o600)
            (home / "pid.new").write_text(self._processes.launch(home, command, mark))
        except BaseException:
            shutil.rmtree(home)
            raise
        (home / "pid.new").replace(home / "pid")
        return home.name

    def poll(self, job: str, offset: int = 0) -> JobState:
        """At most one output limit's bytes from `offset` on."""
        home = self._home(job)
        code = self._code(home)  # asked first: what is printed before the end is in the log by then
        with (home / "log").open("rb") as log:
            log.seek(offset)
            data = log.read(self._output_limit)
        if code is None or len(data) == self._output_limit:
            data = data[: whole_characters(data)]
        return JobState(job, self._command(home), decode(data), offset + len(data), code)

    def all(self) -> list[JobState]:
        """Newest first, without output; `offset` is the size of what they have printed."""
        homes = sorted(self._homes(), key=lambda home: int(home.name), reverse=True)
        return [
            JobState(home.name, self._command(home), "", (home / "log").stat().st_size, self._code(home))
            for home in homes
            if (home / "pid").exists()
        ]

    def send(self, job: str, data: bytes) -> None:
        """Raises Failed when the job has ended, or reads nothing for 5 seconds."""
        home = self._home(job)
        if self._code(home) is not None:
            raise Failed(f"job {job} has ended", "start it again")
        try:
            descriptor = os.open(home / "in", os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            raise Failed(f"job {job} does not read its input any more", "poll it to see why") from error
        try:
            _write_all(descriptor, data, job)
        finally:
            os.close(descriptor)

    def kill(self, job: str) -> None:
        """SIGTERM to all its processes, SIGKILL to those that are left 2 seconds later."""
        home = self._home(job)
        leader, mark = _read(home / "pid"), _read(home / "mark")
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._processes.signal(leader, mark, number)
            if self._gone(leader, mark, KILL_AFTER_SECONDS):
                break
        if not _read(home / "rc").strip():
            (home / "rc").write_text(f"{VANISHED}\n")

    def _gone(self, leader: str, mark: str, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self._processes.left(leader, mark):
                return True
            time.sleep(0.01)
        return False

    def _code(self, home: Path) -> int | None:
        alive = self._processes.alive(_read(home / "pid"))  # before the code is looked for: it is written last
        written = _read(home / "rc").strip()
        if written:
            return int(written)
        if alive:
            return None
        (home / "rc").write_text(f"{VANISHED}\n")
        return VANISHED

    def _command(self, home: Path) -> str:
        return _read(home / "command")

    def _home(self, job: str) -> Path:
        home = self._folder / job
        if not job.isdecimal() or not (home / "pid").exists():
            known = ", ".join(state.id for state in self.all()) or "none"
            raise NotFound(f"there is no job {job!r}", f"known jobs: {known}")
        return home

    def _homes(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (home for home in self._folder.iterdir() if home.name.isdecimal())

    def _new_folder(self) -> Path:
        """The next free number; making the folder is what claims it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = max((int(home.name) for home in self._homes()), default=0) + 1
        while True:
            home = self._folder / str(number)
            try:
                home.mkdir(mode=0o700)
            except FileExistsError:
                number += 1
            else:
                return home


def _write_all(descriptor: int, data: bytes, job: str) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    while data:
        if not poll.poll(SEND_SECONDS * 1000):
            raise Failed(f"job {job} does not read its input", "poll it to see what it does")
        try:
            data = data[os.write(descriptor, data[:4096]) :]
        except BlockingIOError:
            time.sleep(0.01)
        except BrokenPipeError as error:
            raise Failed(f"job {job} has ended", "poll it to see why") from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
