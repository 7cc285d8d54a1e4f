"""The sandbox backend: commands and jobs in bubblewrap with nothing of this machine but the declared ground.

Files are read and written outside, on the same paths and the same ground. See docs/sandbox.md for what is promised.
"""

from __future__ import annotations

import functools
import os
import platform
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hermes_fs.backends import egress, sandbox_folders, seccomp
from hermes_fs.backends.confined import Ground, told
from hermes_fs.backends.isolation_probe import bubblewrap, hardening
from hermes_fs.backends.jobs import Jobs
from hermes_fs.backends.sandbox_agent import PROXY_PORT
from hermes_fs.backends.sandbox_client import Inside
from hermes_fs.backends.sandbox_client import Sandbox as Running
from hermes_fs.backends.sandbox_crowd import MOST_PROCESSES
from hermes_fs.backends.sandbox_jobs import InsideJobs
from hermes_fs.backends.sandbox_mounts import INSIDE, Kind, plan
from hermes_fs.backends.sandbox_remarks import Remarks
from hermes_fs.backends.shell import Shell
from hermes_fs.backends.workbench import OUTPUT_LIMIT, Workbench
from hermes_fs.core.errors import Failed
from hermes_fs.core.ports import Cancel, Capabilities, Completed, FileStat

IDLE_SECONDS = 60.0
"""How long a sandbox stays that runs nothing and that no hermes holds: only one that was killed leaves such."""

PROGRAM_NOTE = "bubblewrap"


class Sandbox(Workbench):
    """Implements `core.ports.Backend`. One sandbox for each session, found again by every object with the same session
    and ground; its jobs outlive the object. What was granted to the network ends with it. Thread-safe.

    Raises Refused for a ground that no sandbox should have; its first use raises Failed where bubblewrap fails.
    """

    name = "sandbox"
    idle_seconds = IDLE_SECONDS
    most_processes = MOST_PROCESSES

    def __init__(
        self,
        cwd: Path,
        state_dir: Path,
        environ: Mapping[str, str],
        ground: Ground | None = None,
        session: str = "",
    ) -> None:
        """Without a `ground`, files belong below `cwd` alone; without a `session`, it is the work directory's own."""
        ground = ground or Ground((cwd,))
        folder = sandbox_folders.folder_of(state_dir, session, cwd)
        own = sandbox_folders.private(folder)
        self._furnish = functools.partial(sandbox_folders.furnish, own, environ)
        self._note = state_dir / "sandbox" / PROGRAM_NOTE
        self._plan = plan(ground, state_dir, own, environ)
        self._has_network = False
        self._remarks = Remarks(ground.roots, folder / "planted")
        self._running = Running(folder / self._plan.digest, self._specification, self._renewed)
        shells = INSIDE / "shells" / f"{os.getpid()}-{secrets.token_hex(4)}"
        shell = Shell(
            shells,
            str(cwd),
            sandbox_folders.variables(environ, str(self._plan.home), "/tmp") | _proxied(),
            Inside(self._running),
        )
        processes = InsideJobs(self._running, shell, lambda: shells / f"job-{secrets.token_hex(4)}.command")
        ours = Ground((*ground.roots, own.tmp, own.home), ground.readable, ground.hidden)
        super().__init__(folder, environ, ours, shell, Jobs(folder / "jobs", processes, OUTPUT_LIMIT), OUTPUT_LIMIT)
        self._home = str(self._plan.home)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(persistent=True, hibernate=False, isolated=True, network=self._has_network)

    def run(
        self, command: str, *, timeout: float, cancel: Cancel, output: Callable[[str], None] | None = None
    ) -> Completed:
        """What the sandbox has to say stands below the output, in brackets."""
        done = super().run(command, timeout=timeout, cancel=cancel, output=output)
        return replace(done, output=done.output + self._remarks.take(self._running))

    def write(self, path: str, data: bytes, *, outside: bool = False) -> None:
        """What a command could not change inside, such as the hooks of a repository, is Refused here too."""
        self._remarks.check_unprotected(self._path(path), self._plan)
        super().write(path, data, outside=outside)

    def stat(self, path: str) -> FileStat:
        """`path` of the result is the one that commands inside see."""
        found = super().stat(path)
        for inside, real in self._plan.private.items():
            if Path(found.path).is_relative_to(real):
                return replace(found, path=str(inside / Path(found.path).relative_to(real)))
        return found

    def allow_network(self, host: str = "") -> None:
        """A name is that very host; `*.name` all below it; `host:port` that port only. "" opens every public host, not
        this machine and its networks. For programs that use a proxy, as nearly all do: there is no other way out."""
        self._running.allow(egress.grant(host))
        self._has_network = True

    def close_network(self) -> None:
        """What commands and jobs are connected to is cut, too."""
        if self._has_network:
            self._running.forbid()
            self._has_network = False

    def close(self) -> None:
        """Forgets the shell's state and what was granted. Jobs go on, and the sandbox with them."""
        super().close()
        self._running.leave()

    def _path(self, path: str) -> str:
        """The place outside of a path inside."""
        if path and not path.startswith(("/", "~")):
            path = f"{os.path.realpath(self._outside(self._shell.cwd))}/{path}"
        return self._outside(super()._path(path))

    def _outside(self, path: str) -> str:
        if Path(path).is_relative_to(self._state):
            return path  # a long output, which lies outside only
        plain = Path(os.path.normpath(path)) if ".." not in Path(path).parts else Path(path)
        shown = max((mount for mount in self._plan.mounts if plain.is_relative_to(mount.target)),
                    key=lambda mount: len(mount.target.parts), default=None)  # fmt: skip
        if shown is None or shown.kind is Kind.EMPTY or shown.source == shown.target:
            return path
        return str(shown.source / plain.relative_to(shown.target))

    def _renewed(self) -> None:
        self._shell.forget()
        self._remarks.renewed()

    def _specification(self) -> dict[str, Any]:
        found = bubblewrap(self._note)
        if not found.program:
            raise Failed(found.problem, found.fix)
        sandbox_folders.clear(self._note.parent.parent, self._state)
        with told(str(self._state)):
            self._furnish()
            self._running.address.folder.mkdir(mode=0o700, exist_ok=True)
        agent = Path(__file__).with_name("sandbox_agent.py")
        arguments = [
            *hardening(found.program),
            *self._plan.arguments(),
            "--ro-bind",
            str(agent),
            str(INSIDE / "agent.py"),
        ]
        return {
            "bwrap": found.program,
            "arguments": [*arguments, "--remount-ro", "/", "--chdir", "/"],
            "python": getattr(sys, "_base_executable", sys.executable),
            "python_environ": {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
            "seccomp": seccomp.program(platform.machine()).hex(),
            "idle": self.idle_seconds,
            "most_processes": self.most_processes,
        }


def _proxied() -> dict[str, str]:
    proxy = f"http://127.0.0.1:{PROXY_PORT}"
    names = ("http_proxy", "https_proxy", "all_proxy")
    kept = {variant: proxy for name in names for variant in (name, name.upper())}
    return kept | dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost,127.0.0.1,::1")
