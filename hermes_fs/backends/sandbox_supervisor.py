"""The process outside a sandbox that keeps it alive: starts bubblewrap, opens the network as granted, ends when unused.

It outlives the hermes that started it as long as jobs run. Started with a specification on standard input; answers one
line: ready, busy (another one has this folder), or what went wrong. Clients reach it by the socket `control` in its
folder, the commands' agent inside by `commands`; neither name exists inside the sandbox.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hermes_fs.backends.egress import Egress
from hermes_fs.backends.framing import receive, send
from hermes_fs.backends.sandbox_crowd import IDLE_LOOK_SECONDS, LOOK_SECONDS, WHY_ENDED, Crowd
from hermes_fs.backends.sandbox_mounts import INSIDE

START_SECONDS = 20.0
_AFTERWARDS = 10.0


class Supervisor:
    """One running sandbox and those who are connected because of it. Single-threaded, but for the proxy's threads."""

    def __init__(self, folder: Path, specification: dict[str, Any]) -> None:
        self._idle_seconds = float(specification["idle"])
        self._folder, self._most = folder, int(specification["most_processes"])
        self._instance = secrets.token_hex(6)
        self._selector = selectors.DefaultSelector()
        self._clients: dict[socket.socket, list[str]] = {}
        self._onlookers: set[socket.socket] = set()
        self._jobs, self._attended = 0, 0
        self._unused_since = time.monotonic()
        self._control = _listen(folder, "control")
        commands = _listen(folder, "commands")
        self._status, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = _start(specification, commands, theirs, folder)
        theirs.close()
        commands.close()
        self._crowd = Crowd(self._process.pid, self._most)
        self._egress = Egress(self._await_ready(), self._granted)
        self._egress.start()

    def _await_ready(self) -> socket.socket:
        """The proxy's socket: made inside, so that it listens there, and accepted on here."""
        self._status.settimeout(START_SECONDS)
        _, descriptors, _, _ = socket.recv_fds(self._status, 64, 1)
        if not descriptors:
            raise ConnectionError("the sandbox did not start")
        self._status.setblocking(False)
        return socket.socket(fileno=descriptors[0])

    def serve(self) -> None:
        """Until the sandbox ends, is told to, was unused for long enough, or holds too many processes."""
        self._selector.register(self._control, selectors.EVENT_READ, self._accept)
        self._selector.register(self._status, selectors.EVENT_READ, self._hear_agent)
        while True:
            left = self._idle_seconds - (time.monotonic() - self._unused_since)
            if self._unused and left <= 0:
                return
            for key, _ in self._selector.select(min(max(left, 0.05), self._pause) if self._unused else self._pause):
                if key.data() is False:
                    return
            if self._crowd.is_too_large:
                (self._folder / WHY_ENDED).write_text(f"more than {self._most} processes ran in it")
                return

    @property
    def _pause(self) -> float:
        """Seconds until the processes are looked at again; a while after a command, too, for it may leave some."""
        busy = self._jobs or self._attended or time.monotonic() - self._unused_since < _AFTERWARDS
        return LOOK_SECONDS if busy else IDLE_LOOK_SECONDS

    @property
    def _unused(self) -> bool:
        return not (self._jobs or self._attended or self._clients)

    def end(self) -> None:
        """Everything inside goes with the sandbox's first process. Those who are connected hear of it before: whoever
        asks from now on is to start another."""
        for connection in (self._control, *self._clients):
            connection.close()
        self._process.kill()
        self._process.wait()

    def _granted(self) -> list[str]:
        return [host for hosts in list(self._clients.values()) for host in hosts]

    def _hear_agent(self) -> bool:
        try:
            data = self._status.recv(64)
        except BlockingIOError:
            return True
        if len(data) != struct.calcsize("=II"):
            return False
        self._jobs, self._attended = struct.unpack("=II", data)
        self._unused_since = time.monotonic()
        return True

    def _accept(self) -> bool:
        connection, _ = self._control.accept()
        self._clients[connection] = []
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._hear(connection))
        return True

    def _hear(self, connection: socket.socket) -> bool:
        try:
            request = receive(connection)
            action: Callable[[socket.socket, dict[str, Any]], dict[str, Any] | None] = {
                "state": self._state,
                "look": self._look,
                "allow": self._allow,
                "forbid": self._forbid,
                "refused": self._refused,
                "leave": self._leave,
                "stop": lambda *_: None,
            }[request["do"]]
            answer = action(connection, request)
            send(connection, answer or {})
            return answer is not None
        except (OSError, ValueError, KeyError):
            self._drop(connection)
            return True

    def _drop(self, connection: socket.socket) -> None:
        """What was granted to it goes with it."""
        self._selector.unregister(connection)
        self._clients.pop(connection)
        connection.close()
        if connection in self._onlookers:
            self._onlookers.remove(connection)
        else:
            self._unused_since = time.monotonic()

    def _state(self, connection: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "instance": self._instance,
            "jobs": self._jobs,
            "clients": len(self._clients) - len(self._onlookers),
            "pid": os.getpid(),
        }

    def _look(self, connection: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
        """Whoever only looks is no user."""
        self._onlookers.add(connection)
        return self._state(connection, request)

    def _allow(self, connection: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
        self._clients[connection].append(str(request["host"]))
        return {"hosts": self._clients[connection]}

    def _forbid(self, connection: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
        self._clients[connection].clear()
        self._egress.cut()
        return {"hosts": []}

    def _refused(self, connection: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
        return {"hosts": self._egress.take_refused()}

    def _leave(self, connection: socket.socket, request: dict[str, Any]) -> dict[str, Any] | None:
        """The client is done; with nobody else there and no job, so is the sandbox."""
        return None if not self._jobs and len(self._clients) - len(self._onlookers) == 1 else {"stays": True}


def _listen(folder: Path, name: str) -> socket.socket:
    """By way of an opened folder: a socket's path has room for 107 bytes only."""
    with contextlib.suppress(FileNotFoundError):
        (folder / name).unlink()
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        made = socket.socket(socket.AF_UNIX)
        made.bind(f"/proc/self/fd/{opened}/{name}")
        made.listen(64)
    finally:
        os.close(opened)
    return made


def _start(
    specification: dict[str, Any], commands: socket.socket, status: socket.socket, folder: Path
) -> subprocess.Popen[bytes]:
    filtered = os.memfd_create("seccomp")
    os.write(filtered, bytes.fromhex(specification["seccomp"]))
    os.lseek(filtered, 0, os.SEEK_SET)
    inside = (specification["python"], "-I", "-S", str(INSIDE / "agent.py"))
    line = [
        specification["bwrap"],
        *specification["arguments"],
        *(["--seccomp", str(filtered)] if specification["seccomp"] else []),
    ]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [*line, "--", *inside, str(commands.fileno()), str(status.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"LANG": "C.UTF-8", **specification["python_environ"]},
            cwd="/",
            pass_fds=(commands.fileno(), status.fileno(), filtered),
        )
    os.close(filtered)
    return process


def main() -> None:
    """The program: one folder, one supervisor."""
    folder = Path(sys.argv[1])
    specification = json.load(sys.stdin)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with open(folder / "lock", "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _answer("busy")
            return
        try:
            supervisor = Supervisor(folder, specification)
        except OSError as error:
            said = (
                (folder / "log").read_text("utf-8", "replace").strip().splitlines() if (folder / "log").exists() else []
            )
            _answer(said[0] if said else str(error))
            return
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        _answer("ready")
        try:
            supervisor.serve()
        finally:
            supervisor.end()
            for name in ("control", "commands"):
                (folder / name).unlink(missing_ok=True)


def _answer(line: str) -> None:
    """To whoever started this, who then may go."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
