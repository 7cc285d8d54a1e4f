"""The backend of this machine: commands, jobs and files as the user who runs hermes, without isolation."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hermes_fs.backends import environment, housekeeping
from hermes_fs.backends.jobs import Jobs
from hermes_fs.backends.output import BoundedOutput
from hermes_fs.backends.shell import Shell
from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused
from hermes_fs.core.ports import Cancel, Capabilities, Completed, FileStat, JobState

OUTPUT_LIMIT = 30_000
"""Bytes of a command's output that are kept; the whole goes to a file."""


class Local:
    """Implements `core.ports.Backend`. Its state (shell snapshots, jobs, long outputs) lies in `state_dir`/local, made
    on first use and readable by this user alone. `cwd` must be an absolute path.

    The shell's state lives as long as the object; jobs outlive it and are found again by every Local with the same
    `state_dir`. Thread-safe.
    """

    name = "local"
    capabilities = Capabilities(persistent=True, hibernate=False, isolated=False, network=True)

    def __init__(
        self, cwd: Path, state_dir: Path, environ: Mapping[str, str], output_limit: int = OUTPUT_LIMIT
    ) -> None:
        self._state = state_dir / "local"
        self._output_limit = output_limit
        self._environ = environment.for_commands(environ)
        folder = self._state / "shells" / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._shell = Shell(folder, str(cwd), self._environ)
        self._jobs = Jobs(self._state / "jobs", self._shell, output_limit)

    @property
    def cwd(self) -> str:
        """Where the shell stands after the last command; relative paths of files start here too."""
        return self._shell.cwd

    # -- commands -----------------------------------------------------------------------------------------------------

    def run(
        self, command: str, *, timeout: float, cancel: Cancel, output: Callable[[str], None] | None = None
    ) -> Completed:
        housekeeping.prepare(self._state)
        overflow = self._state / "output" / f"{secrets.token_hex(8)}.txt"
        collected = BoundedOutput(self._output_limit, overflow, output)
        ended = self._shell.run(command, timeout, cancel, collected)
        text, dropped, path = collected.close()
        return Completed(ended.code, text, ended.seconds, dropped, path)

    def start(self, command: str) -> str:
        housekeeping.prepare(self._state)
        return self._jobs.start(command)

    def poll(self, job: str, offset: int = 0) -> JobState:
        return self._jobs.poll(job, offset)

    def jobs(self) -> list[JobState]:
        return self._jobs.all()

    def send(self, job: str, data: bytes) -> None:
        self._jobs.send(job, data)

    def kill(self, job: str) -> None:
        self._jobs.kill(job)

    # -- files --------------------------------------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        """Regular files only: a pipe or device could block for ever."""
        target = self._path(path)
        with _told(path):
            descriptor = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Failed(f"{path} is not a regular file", "name a file")
                return file.read()

    def write(self, path: str, data: bytes) -> None:
        """Through a link that leads somewhere; a link that leads nowhere is itself replaced."""
        target = self._path(path)
        with _told(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                target = target.resolve(strict=True)
                if not target.is_file():
                    raise Failed(f"{path} is not a regular file", "name a file")
            _replace(target, data)

    def stat(self, path: str) -> FileStat:
        """`path` of the result is absolute and without links."""
        target = self._path(path)
        with _told(path):
            real = target.resolve(strict=True)
            found = real.stat()
        return FileStat(str(real), found.st_size, stat.S_ISDIR(found.st_mode), found.st_mtime)

    def upload(self, local: str, path: str) -> None:
        with _told(local):
            data = Path(local).read_bytes()
        self.write(path, data)

    def download(self, path: str, local: str) -> None:
        data = self.read(path)
        with _told(local):
            _replace(Path(local), data)

    # -- life ---------------------------------------------------------------------------------------------------------

    def allow_network(self, host: str = "") -> None:
        """Nothing to do: commands may reach whatever this machine reaches."""

    def hibernate(self) -> None:
        """Nothing to do: this machine's files stay."""

    def resume(self) -> None:
        """Nothing to do: this machine's files stay."""

    def close(self) -> None:
        """Forgets the shell's state. Jobs go on."""
        self._shell.close()

    def _path(self, path: str) -> Path:
        if not path or "\0" in path:
            raise Failed(f"not a path: {path!r}", "name a file")
        if path == "~" or path.startswith("~/"):
            path = self._environ.get("HOME", "/") + path[1:]
        return Path(self._shell.cwd, path)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Turns the system's errors into ours; the message names the path as it was asked for."""
    try:
        yield
    except HermesError:
        raise
    except FileNotFoundError as error:
        raise NotFound(f"no such file: {path}", "check the path") from error
    except PermissionError as error:
        raise Refused(f"no permission: {path}", "choose another path or ask the user") from error
    except IsADirectoryError as error:
        raise Failed(f"{path} is a directory", "name a file") from error
    except OSError as error:
        raise Failed(f"{path}: {error.strerror or error}", "check the path and the disk") from error


def _replace(target: Path, data: bytes) -> None:
    """Atomic, synced to the disk; an existing file's mode is kept, a new one gets the usual."""
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            with contextlib.suppress(FileNotFoundError):  # a new file: the mode that the umask gives
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            file.flush()
            os.fsync(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
