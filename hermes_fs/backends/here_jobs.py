"""Starts, finds and ends the processes of background jobs on this machine, whoever started them. Knows no output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.backends.processes import Start, Streams, kill_group, start
from hermes_fs.backends.shell import Shell
from hermes_fs.core.environment import for_programs

MARK = "HERMES_JOB"
"""The environment variable by which a job's processes are known, whatever they do."""

# The outer bash survives SIGTERM to note the code; the command in the inner one has the default action again.
# $3 is the script of the inner one, $4 the number of an open file for the code.
_JOB = r"""
builtin trap : TERM
( builtin eval "$3" )
builtin printf '%s\n' "$?" >&"$4"
"""


@dataclass(frozen=True, slots=True)
class _Leader:
    """The process that a job began as; it leads the job's process group."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        return _start_of(self.pid) == self.started != ""


class HereJobs:
    """The processes of jobs as the user who runs hermes; `Jobs` keeps the words in which `launch` names them."""

    def __init__(self, shell: Shell, start: Start = start, spill: Path | None = None) -> None:
        """`spill` is where a long command is put, where that must not be the job's own folder."""
        self._shell, self._start, self._spill = shell, start, spill
        self._own: dict[int, subprocess.Popen[bytes]] = {}

    def launch(self, home: Path, command: str, mark: str) -> str:
        """Starts where the shell stands, with its variables, functions and aliases; what the job changes of these stays
        its own."""
        script, name, given, before = self._shell.invocation(command, self._spill or home / "script")
        # Open for reading and writing: opening does not wait for a writer, and the job never sees an end of file.
        with (
            open(os.open(home / "in", os.O_RDWR), "rb", 0) as feed,
            open(home / "log", "xb") as log,
            open(home / "rc", "xb") as code,
        ):
            invocation = (_JOB.encode(), name, given, before, script, b"%d" % code.fileno())
            environ = {**self._shell.environment(), MARK: mark}
            streams = Streams(feed.fileno(), log.fileno(), (code.fileno(),))
            process = self._start(invocation, self._shell.standing(), environ, streams)
        self._own[process.pid] = process
        return f"{process.pid} {_start_of(process.pid)}"

    def alive(self, leader: str) -> bool:
        found = _leader(leader)
        process = self._own.get(found.pid)
        if process is not None and process.poll() is not None:
            self._own.pop(found.pid, None)
        return found.alive

    def signal(self, leader: str, mark: str, number: signal.Signals) -> None:
        found = _leader(leader)
        if found.alive:
            kill_group(found.pid, number)
        for pid in _marked(mark):
            with contextlib.suppress(ProcessLookupError):  # ended in between
                os.kill(pid, number)

    def left(self, leader: str, mark: str) -> bool:
        return self.alive(leader) or any(_marked(mark))


def _leader(text: str) -> _Leader:
    pid, _, started = text.partition(" ")
    return _Leader(int(pid), started)


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


def _marked(mark: str) -> Iterator[int]:
    """Processes that carry the job's mark in their environment: those which left its process group too."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended, or somebody else's
            if wanted in (folder / "environ").read_bytes().split(b"\0") and _start_of(int(folder.name)):
                yield int(folder.name)
