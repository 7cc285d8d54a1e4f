"""The backend for machines without bubblewrap: commands of this machine, confined by Landlock and a filter of calls.

It hides less than the sandbox: see docs/sandbox.md for what it cannot do.
"""

from __future__ import annotations

import os
import platform
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from hermes_fs.backends import processes, sandbox_folders, seccomp
from hermes_fs.backends.confined import Ground
from hermes_fs.backends.here_jobs import HereJobs
from hermes_fs.backends.isolation_probe import landlock_abi
from hermes_fs.backends.jobs import Jobs
from hermes_fs.backends.landlock_rules import READ_DIR, READ_FILE, READING, WRITE_FILE, WRITING, Rule, confine
from hermes_fs.backends.sandbox_git import Guarded
from hermes_fs.backends.sandbox_mounts import CREDENTIALS, ETC, check
from hermes_fs.backends.shell import Shell
from hermes_fs.backends.toolchains import toolchains
from hermes_fs.backends.workbench import OUTPUT_LIMIT, Workbench
from hermes_fs.core.errors import HermesError, Refused
from hermes_fs.core.ports import Cancel, Capabilities, Completed

_OFFLINE, _ONLINE = (16,), (2, 10, 16)
"""Families of sockets: netlink alone, and with the internet's. Never unix: Landlock does not guard socket files."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store", "/proc")
_MADE_UP = ("passwd", "group", "hosts", "nsswitch.conf", "resolv.conf")
_DEVICES = ("null", "zero", "full", "random", "urandom")


class Landlock(Workbench):
    """Implements `core.ports.Backend`. As `Sandbox`, but the network can only be opened as a whole, jobs are known by
    all sessions, and what is hidden is decided when the object is made. Thread-safe."""

    name = "landlock"

    def __init__(
        self,
        cwd: Path,
        state_dir: Path,
        environ: Mapping[str, str],
        ground: Ground | None = None,
        session: str = "",
    ) -> None:
        """Raises Refused for a ground that no sandbox should have."""
        ground = ground or Ground((cwd,))
        state = state_dir / "landlock"
        own = sandbox_folders.private(sandbox_folders.folder_of(state_dir, session, cwd))
        check(ground, environ)
        shells = state / "shells" / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._made = (own, shells, environ)
        self._confined = _Confined(lambda: list(_rules(ground, (shells, own.home, own.tmp), environ)))
        variables = sandbox_folders.variables(environ, str(own.home), str(own.tmp))
        shell = Shell(shells, str(cwd), variables, processes.Here(self._confined.start))
        jobs = Jobs(state / "jobs", HereJobs(shell, self._confined.start, shells / "job.command"), OUTPUT_LIMIT)
        ours = Ground((*ground.roots, own.home, own.tmp), ground.readable, ground.hidden)
        super().__init__(state, environ, ours, shell, jobs, OUTPUT_LIMIT)
        self._home = str(own.home)
        self._guarded = Guarded(ground.roots, own.home.parent / "planted")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(persistent=True, hibernate=False, isolated=True, network=self._confined.network)

    def run(
        self, command: str, *, timeout: float, cancel: Cancel, output: Callable[[str], None] | None = None
    ) -> Completed:
        """What was changed in git's hooks and settings is put back, and said below the output."""
        self._prepare()
        done = super().run(command, timeout=timeout, cancel=cancel, output=output)
        said = "".join(f"\n[sandbox: {line}]\n" for line in self._guarded.put_back())
        return replace(done, output=done.output + said)

    def start(self, command: str) -> str:
        self._prepare()
        return super().start(command)

    def _prepare(self) -> None:
        own, shells, environ = self._made
        sandbox_folders.furnish(own, environ)
        shells.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._guarded.begin()

    def allow_network(self, host: str = "") -> None:
        """The whole network: Raises Refused for one host, which Landlock cannot tell from another."""
        if host and not self._confined.network:
            raise Refused(
                f"Landlock cannot open the network for {host} alone",
                "allow the whole network, or install bubblewrap",
            )
        self._confined.set_network(True)

    def close_network(self) -> None:
        """For what starts from now on; a job that runs keeps what it was given."""
        self._confined.set_network(False)

    def close(self) -> None:
        super().close()
        self._guarded.put_back()
        self._confined.close()


class _Confined:
    """A thread that is confined, and starts processes for the others, which are not. Another takes its place when the
    network is opened or closed: what is refused once is refused to a thread for good."""

    def __init__(self, rules: Callable[[], Sequence[Rule]]) -> None:
        self._rules = rules
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self.network = False

    def start(
        self, invocation: processes.Invocation, cwd: str, environ: Mapping[str, str], streams: processes.Streams
    ) -> processes.Started:
        with self._lock:
            thread = self._thread = self._thread or self._begin()
            started = thread.submit(processes.start, invocation, cwd, environ, streams)
        return started.result()

    def set_network(self, opened: bool) -> None:
        with self._lock:
            if opened != self.network:
                self._end()
                self.network = opened

    def close(self) -> None:
        with self._lock:
            self._end()

    def _begin(self) -> ThreadPoolExecutor:
        thread = ThreadPoolExecutor(1, "confined")
        families = _ONLINE if self.network else _OFFLINE
        filtered = seccomp.program(platform.machine(), families)
        try:
            thread.submit(confine, landlock_abi(), self._rules(), self.network, filtered).result()
        except HermesError:
            thread.shutdown()
            raise
        return thread

    def _end(self) -> None:
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None


def _rules(ground: Ground, own: Sequence[Path], environ: Mapping[str, str]) -> Iterator[Rule]:
    home = Path(environ.get("HOME") or "/nonexistent")
    yield from (Rule(Path(path), READING) for path in _SYSTEM)
    yield from (Rule(Path("/etc", name), READING) for name in (*ETC, *_MADE_UP))
    yield from (Rule(Path("/dev", name), READ_FILE | WRITE_FILE) for name in _DEVICES)
    yield from (Rule(path, READING) for path in toolchains(environ, home))
    covered = [*ground.hidden, *(home / name for name in CREDENTIALS)]
    minds = [path for path in ground.readable if not any(path == root for root in ground.roots)]
    for root in ground.roots:
        if not any(root.is_relative_to(mind) and not root.is_relative_to(mind / "work") for mind in minds):
            yield from _around(root, [*covered, *minds], WRITING)
    for path in minds:
        yield from _around(path, covered, READING)
    yield from (Rule(path, WRITING) for path in own)


def _around(folder: Path, holes: Sequence[Path], rights: int) -> Iterator[Rule]:
    """Landlock grants what is below a folder as a whole: where there is a hole, only what lies beside it is granted."""
    if folder in holes or folder.is_symlink():
        return
    if not any(hole.is_relative_to(folder) and hole.exists() for hole in holes):
        yield Rule(folder, rights)
        return
    yield Rule(folder, READ_DIR)
    for path in folder.iterdir():
        yield from _around(path, holes, rights)
