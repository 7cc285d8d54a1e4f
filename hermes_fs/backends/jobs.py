"""Background jobs of this machine: a folder each, so that any process can find, read and end them again.

`jobs/<n>/` holds command, log (stdout and stderr), in (a pipe, held open by the job), pid (with the process's start, so
that a reused id is not mistaken for the job) and rc (the exit code, once it has ended). A job outlives whoever made it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.backends.output import decode, whole_characters
from hermes_fs.backends.shell import KILL_AFTER_SECONDS, Shell, kill_group, spawn
from hermes_fs.core.environment import for_programs
from hermes_fs.core.errors import Failed, NotFound
from hermes_fs.core.ports import JobState

VANISHED = 137
"""Code of a job that left none: it was killed from outside, or the machine went down."""

SEND_SECONDS = 5.0

MARK = "HERMES_JOB"
"""The environment variable by which a job's processes are known, whatever they do."""

# The outer bash survives SIGTERM to note the code; the command in the inner one has the default action again.
# $3 is the script of the inner one, $4 the file for the code.
_JOB = r"""
builtin trap : TERM
( builtin eval "$3" )
builtin printf '%s\n' "$?" >|"$4"
"""


@dataclass(frozen=True, slots=True)
class _Leader:
    """The process that a job began as; it leads the job's process group."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        return _start_of(self.pid) == self.started != ""


class Jobs:
    """All jobs below one folder. Thread-safe; several processes may use the same folder."""

    def __init__(self, folder: Path, shell: Shell, output_limit: int) -> None:
        self._folder = folder
        self._shell = shell
        self._output_limit = output_limit
        self._own: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, command: str) -> str:
        """Starts where the shell stands, with its variables, functions and aliases; what the job changes of these stays
        its own."""
        home = self._new_folder()
        try:
            self._own[home.name] = process = self._spawn(home, command)
        except BaseException:
            shutil.rmtree(home)
            raise
        (home / "pid.new").write_text(f"{process.pid} {_start_of(process.pid)}")
        (home / "pid.new").replace(home / "pid")
        return home.name

    def _spawn(self, home: Path, command: str) -> subprocess.Popen[bytes]:
        mark = secrets.token_hex(8)
        (home / "mark").write_text(mark)
        (home / "command").write_text(command, "utf-8", "replace")
        os.mkfifo(home / "in", 0o600)
        script, name, given, before = self._shell.invocation(command, home / "script")
        invocation = (_JOB.encode(), name, given, before, script, os.fsencode(home / "rc"))
        # Open for reading and writing: opening does not wait for a writer, and the job never sees an end of file.
        with open(os.open(home / "in", os.O_RDWR), "rb", 0) as feed, open(home / "log", "xb") as log:
            environ = {**self._shell.environment(), MARK: mark}
            return spawn(
                invocation, cwd=self._shell.standing(), environ=environ, stdin=feed.fileno(), stdout=log.fileno()
            )

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
        leader = _leader(home)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if leader.alive:
                kill_group(leader.pid, number)
            for pid in _marked(home):
                with contextlib.suppress(ProcessLookupError):  # ended in between
                    os.kill(pid, number)
            if self._gone(home, leader, KILL_AFTER_SECONDS):
                break
        if not (home / "rc").exists():
            (home / "rc").write_text(f"{VANISHED}\n")

    def _gone(self, home: Path, leader: _Leader, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._reap(home)
            if not leader.alive and not any(_marked(home)):
                return True
            time.sleep(0.01)
        return False

    def _code(self, home: Path) -> int | None:
        leader = _leader(home)
        self._reap(home)
        alive = leader.alive  # before the code is looked for: it is written last
        written = _read(home / "rc").strip()
        if written:
            return int(written)
        if alive:
            return None
        (home / "rc").write_text(f"{VANISHED}\n")
        return VANISHED

    def _reap(self, home: Path) -> None:
        process = self._own.get(home.name)
        if process is not None and process.poll() is not None:
            self._own.pop(home.name, None)

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


def _leader(home: Path) -> _Leader:
    pid, _, started = _read(home / "pid").partition(" ")
    return _Leader(int(pid), started)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _start_of(pid: int) -> str:
    """When a live process began, in words that no other process with its id will ever have; "" when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "" if Path("/proc/self/stat").exists() else _start_by_ps(pid)
    return "" if fields[0] in "ZX" else f"{fields[19]}@{boot}"


def _start_by_ps(pid: int) -> str:
    """For systems without /proc."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    done = subprocess.run(command, env=for_programs(os.environ), capture_output=True, text=True, check=False)
    state, _, started = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def _marked(home: Path) -> Iterator[int]:
    """Processes that carry the job's mark in their environment: those which left its process group too."""
    wanted = f"{MARK}={_read(home / 'mark')}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended, or somebody else's
            if wanted in (folder / "environ").read_bytes().split(b"\0") and _start_of(int(folder.name)):
                yield int(folder.name)
