"""Where a shell's processes run and its few files lie: the seam between the shell model and this machine or a sandbox.

`Here` is this machine; a sandbox brings its own. Knows nothing of commands, output and jobs.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from hermes_fs.core.errors import Failed

Invocation = Sequence[bytes]
"""A script for `bash -c`, and the script's arguments."""


@functools.cache
def bash() -> str:
    """Path of bash. Raises Failed where there is none."""
    found = shutil.which("bash", path=os.defpath + os.pathsep + os.environ.get("PATH", ""))
    if not found:
        raise Failed("there is no bash on this machine", "install bash")
    return found


def command_line(invocation: Invocation) -> list[bytes]:
    return [os.fsencode(bash()), b"--noprofile", b"--norc", b"-c", *invocation]


class Child(Protocol):
    """A bash in a session and process group of its own, so that it has no terminal to ask at."""

    @property
    def output(self) -> IO[bytes]:
        """A pipe that its standard output and error come through."""
        ...

    def wait(self) -> int:
        """Blocks until it has ended; its exit code, or -n for signal n. May be called once more afterwards."""
        ...

    def ended(self) -> None:
        """Blocks until it has ended; its group can be signalled still."""
        ...

    def signal(self, number: signal.Signals) -> None:
        """To its whole group, if there is any left."""
        ...


class Processes(Protocol):
    def spawn(self, invocation: Invocation, cwd: str, environ: Mapping[str, str]) -> Child:
        """Standard input is at its end. Raises Failed where it cannot be started."""
        ...

    def standing(self, folders: Sequence[str]) -> str:
        """The first that is a directory, "" where none is."""
        ...

    def prepare(self, folder: Path) -> None:
        """Make a private folder for the shell's state, with its parents."""
        ...

    def put(self, path: Path, data: bytes) -> None:
        """A file that a command is read from."""
        ...

    def take(self, base: Path, snapshot: Path, keep: bool) -> str:
        """Make what a shell left in `base`.* the snapshot, if it is whole and to be kept, and clear the rest away; the
        directory that it stood in, "" where nothing was carried on."""
        ...

    def remove(self, folder: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class Streams:
    """Descriptors: standard input, standard output and error in one, and what is passed on as it is."""

    stdin: int = subprocess.DEVNULL
    stdout: int = subprocess.PIPE
    kept: tuple[int, ...] = ()


Started = subprocess.Popen[bytes]

Start = Callable[[Invocation, str, Mapping[str, str], Streams], Started]
"""`start` below, or what stands in its place."""


class Here:
    """This machine, as the user who runs hermes, or confined by how processes are started."""

    def __init__(self, starting: Start | None = None) -> None:
        self._start = starting or start

    def spawn(self, invocation: Invocation, cwd: str, environ: Mapping[str, str]) -> Child:
        return _Process(self._start(invocation, cwd, environ, Streams()))

    def standing(self, folders: Sequence[str]) -> str:
        return next((folder for folder in folders if Path(folder).is_dir()), "")

    def prepare(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, path: Path, data: bytes) -> None:
        """What is there already goes: a confined command could have made it a link."""
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)

    def take(self, base: Path, snapshot: Path, keep: bool) -> str:
        next_, cwd = base.with_suffix(".next"), ""
        with contextlib.suppress(FileNotFoundError):  # the command replaced its shell by `exec`
            if keep and _read_end(next_).endswith(b"#whole\n"):  # a full disk cuts it short
                cwd = os.fsdecode(_read_end(base.with_suffix(".cwd")))
                next_.replace(snapshot)
        for part in (".names", ".next", ".cwd", ".command"):
            base.with_suffix(part).unlink(missing_ok=True)
        return cwd

    def remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)


def _read_end(path: Path) -> bytes:
    """At most the last 64 KiB of a regular file. A confined command may have put a link or a pipe there: raises
    FileNotFoundError for that."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise FileNotFoundError(path) from error
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(path)
        file.seek(max(0, found.st_size - 65536))
        return file.read(65536)


class _Process:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.output: IO[bytes] = process.stdout
        self._process = process

    def wait(self) -> int:
        return self._process.wait()

    def ended(self) -> None:
        """Where the system allows it the process is not reaped here: its id must not be given to another before its
        group was dealt with."""
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        kill_group(self._process.pid, number)


def start(invocation: Invocation, cwd: str, environ: Mapping[str, str], streams: Streams) -> subprocess.Popen[bytes]:
    """A bash that can be killed with all its children."""
    try:
        return subprocess.Popen(
            command_line(invocation),
            cwd=cwd,
            env=dict(environ),
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=subprocess.STDOUT,
            pass_fds=streams.kept,
            start_new_session=True,
        )
    except OSError as error:
        raise Failed(f"the command could not be started: {error.strerror}", "check the machine's limits") from error


def kill_group(group: int, number: signal.Signals) -> bool:
    """Signal a whole process group; False where it is gone or not ours."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
