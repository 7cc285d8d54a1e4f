"""What the backends of this machine have in common: a shell, jobs and files, put together. Isolates nothing itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace as replace_in
from pathlib import Path

from hermes_fs.backends import housekeeping
from hermes_fs.backends.confined import Confined, Ground, replace, told
from hermes_fs.backends.jobs import Jobs
from hermes_fs.backends.output import BoundedOutput
from hermes_fs.backends.shell import Shell
from hermes_fs.core import environment, granted
from hermes_fs.core.errors import Failed
from hermes_fs.core.ports import Cancel, Completed, FileStat, JobState

OUTPUT_LIMIT = 30_000
"""Bytes of a command's output that are kept; the whole goes to a file."""


class Workbench:
    """The part of `core.ports.Backend` that does not depend on where processes run. Its state lies in the folder
    `state`, made on first use and readable by this user alone. The shell's state lives as long as the object; jobs
    outlive it. Thread-safe."""

    def __init__(
        self, state: Path, environ: Mapping[str, str], ground: Ground, shell: Shell, jobs: Jobs, output_limit: int
    ) -> None:
        self._state = state
        self._ours = environ
        self._files = Confined(ground.reading(state / "output"))
        self._shell, self._jobs = shell, jobs
        self._output_limit = output_limit
        self._home = environ.get("HOME", "/")

    @property
    def cwd(self) -> str:
        """Where the shell stands after the last command; relative paths of files start here too."""
        return self._shell.cwd

    def run(
        self, command: str, *, timeout: float, cancel: Cancel, output: Callable[[str], None] | None = None
    ) -> Completed:
        housekeeping.prepare(self._state)
        overflow = self._state / "output" / f"{secrets.token_hex(8)}.txt"
        collected = BoundedOutput(self._output_limit, overflow, output)
        ended = self._shell.run(command, timeout, cancel, collected)
        text, dropped, path = collected.close()
        return Completed(ended.code, granted.hide(text), ended.seconds, dropped, path)

    def start(self, command: str) -> str:
        housekeeping.prepare(self._state)
        return self._jobs.start(command)

    def poll(self, job: str, offset: int = 0) -> JobState:
        state = self._jobs.poll(job, offset)
        return replace_in(state, output=granted.hide(state.output))

    def jobs(self) -> list[JobState]:
        return self._jobs.all()

    def send(self, job: str, data: bytes) -> None:
        self._jobs.send(job, data)

    def kill(self, job: str) -> None:
        self._jobs.kill(job)

    def read(self, path: str, *, outside: bool = False) -> bytes:
        return self._files.read(self._path(path), outside)

    def write(self, path: str, data: bytes, *, outside: bool = False) -> None:
        self._files.write(self._path(path), data, outside)

    def stat(self, path: str) -> FileStat:
        return self._files.stat(self._path(path))

    def upload(self, local: str, path: str) -> None:
        with told(local):
            data = Path(local).read_bytes()
        self.write(path, data)

    def download(self, path: str, local: str) -> None:
        data = self.read(path)
        target = Path(local)
        with told(local):
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                replace(folder, target.name, data, local)
            finally:
                os.close(folder)

    def grant_secrets(self, names: Sequence[str]) -> None:
        given = environment.granted(self._ours, names)
        for name, value in given.items():
            granted.remember(name, value)
        self._shell.grant(given)

    def hibernate(self) -> None:
        """Nothing to do: this machine's files stay."""

    def resume(self) -> None:
        """Nothing to do: this machine's files stay."""

    def close(self) -> None:
        """Forgets the shell's state. Jobs go on."""
        self._shell.close()

    def _path(self, path: str) -> str:
        """Absolute. The shell may stand in a directory that it came to through a link."""
        if not path or "\0" in path:
            raise Failed(f"not a path: {path!r}", "name a file")
        if path == "~" or path.startswith("~/"):
            path = self._home + path[1:]
        return path if path.startswith("/") else f"{os.path.realpath(self._shell.cwd)}/{path}"
