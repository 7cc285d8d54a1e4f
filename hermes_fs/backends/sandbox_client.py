"""Reaches one sandbox from outside: finds or starts its supervisor, asks its agent to run things. Judges nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hermes_fs.backends.framing import receive, send
from hermes_fs.backends.processes import Child, Invocation, command_line
from hermes_fs.core.environment import for_remotes
from hermes_fs.core.errors import Failed

START_SECONDS = 30.0
_PACKAGES = str(Path(__file__).resolve().parents[2])
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from hermes_fs.backends.sandbox_supervisor import main; main()"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A sandbox's folder: where its sockets are."""

    folder: Path

    def connect(self, name: str) -> socket.socket:
        """Raises OSError where nobody listens. By way of an opened folder, since a socket's path has little room."""
        opened = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(f"/proc/self/fd/{opened}/{name}")
        except OSError:
            connection.close()
            raise
        finally:
            os.close(opened)
        return connection

    def ask(self, name: str, message: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """One question on a connection of its own. Raises OSError, or Failed where the other side refused."""
        with self.connect(name) as connection:
            send(connection, message, descriptors)
            return told(receive(connection))


def told(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise Failed(f"the sandbox could not do it: {answer['error']}", "see `hermes backend test`")
    return answer


_STARTING = 1.0
"""Seconds for another process to start one, before this one tries again."""


class Sandbox:
    """One running sandbox, started when it is first needed. Thread-safe. `renewed` is called when another one had to be
    started in place of one that this object knew."""

    def __init__(self, folder: Path, specify: Callable[[], dict[str, Any]], renewed: Callable[[], None]) -> None:
        self.address = Address(folder)
        self._specify = specify
        self._renewed = renewed
        self._lock = threading.RLock()
        self._control: socket.socket | None = None
        self._instance = ""
        self._hosts: list[str] = []

    @property
    def instance(self) -> str:
        """Names this run of the sandbox; "" before there is one."""
        return self._instance

    def ask(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """Of the agent inside. Starts the sandbox where it is not running. Raises Failed."""
        connection, answer = self.begin(message, descriptors)
        connection.close()
        return answer

    def begin(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> tuple[socket.socket, dict[str, Any]]:
        """As `ask`, with the connection for what follows. A sandbox that dies just then is started anew, once."""
        try:
            return self._begin(message, descriptors)
        except OSError:
            try:
                return self._begin(message, descriptors)
            except OSError as error:
                raise Failed("the sandbox has ended", "try again; `hermes backend test` tells more") from error

    def _begin(self, message: dict[str, Any], descriptors: Sequence[int]) -> tuple[socket.socket, dict[str, Any]]:
        with self._lock:
            if self._control is None or _has_ended(self._control):
                self._join()
            connection = self.address.connect("commands")
        try:
            send(connection, message, descriptors)
            return connection, told(receive(connection))
        except BaseException:
            connection.close()
            raise

    def control(self, message: dict[str, Any]) -> dict[str, Any]:
        """Of the supervisor. Raises OSError where it is gone."""
        with self._lock:
            if self._control is None or _has_ended(self._control):
                raise ConnectionError("the sandbox has ended")
            send(self._control, message)
            return receive(self._control)

    def allow(self, host: str) -> None:
        with self._lock:
            self._hosts.append(host)
            if self._control is not None:
                with contextlib.suppress(OSError):  # gone: the next one is told at its start
                    self.control({"do": "allow", "host": host})

    def forbid(self) -> None:
        """Nothing that was granted holds any more."""
        with self._lock:
            self._hosts.clear()
            if self._control is not None:
                with contextlib.suppress(OSError):  # gone, and what it had granted with it
                    self.control({"do": "forbid"})

    def leave(self) -> None:
        """Nothing more will be asked; an unused sandbox ends."""
        with self._lock:
            if self._control is not None:
                with contextlib.suppress(OSError, ValueError):  # it has ended by itself
                    self.control({"do": "leave"})
                self._control.close()
                self._control = None

    def _join(self) -> None:
        """The one that runs, else a new one; what was granted holds there too."""
        if self._control is not None:
            self._control.close()
            self._control = None
        try:
            control = self.address.connect("control")
        except OSError:
            control = self._reach()
        send(control, {"do": "state"})
        instance = str(receive(control)["instance"])
        for host in self._hosts:
            send(control, {"do": "allow", "host": host})
            receive(control)
        before, self._instance, self._control = self._instance, instance, control
        if before not in ("", instance):
            self._renewed()

    def _launch(self) -> None:
        """Leaves a sandbox that runs, or one that another process starts or ends just now."""
        specification = json.dumps(self._specify()).encode()
        with subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, _PACKAGES, str(self.address.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=for_remotes(os.environ),  # it goes out by the person's proxy
        ) as process:
            line = _first_line(process, specification)
            process.returncode = 0  # it lives on by itself, and is nobody's to wait for
        if line not in ("ready", "busy"):
            raise Failed(f"the sandbox did not start: {line or 'its supervisor died'}", "see `hermes backend test`")

    def _reach(self) -> socket.socket:
        """Starts it until it answers: the one that has its folder may be about to end."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._launch()
            pause = time.monotonic() + _STARTING
            while time.monotonic() < pause:
                with contextlib.suppress(OSError):  # not yet
                    return self.address.connect("control")
                time.sleep(0.01)
            if time.monotonic() > deadline:
                raise Failed("the sandbox does not answer", "end it with `hermes backend stop`")


def _has_ended(control: socket.socket) -> bool:
    """Whether the other side is gone; it never speaks first."""
    try:
        return control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _first_line(process: subprocess.Popen[bytes], given: bytes) -> str:
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it died, which the empty answer tells
        process.stdin.write(given)
        process.stdin.close()
    return process.stdout.readline().decode("utf-8", "replace").strip()


class Inside:
    """Implements `processes.Processes` for a sandbox: its files are known inside only."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def spawn(self, invocation: Invocation, cwd: str, environ: Mapping[str, str]) -> Child:
        reading, writing = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            connection, _ = self._sandbox.begin(spawning(invocation, cwd, environ), (nothing, writing))
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(nothing)
            os.close(writing)
        return _Attended(connection, open(reading, "rb", 0))

    def standing(self, folders: Sequence[str]) -> str:
        return str(self._sandbox.ask({"do": "standing", "folders": list(folders)})["cwd"])

    def prepare(self, folder: Path) -> None:
        self._sandbox.ask({"do": "prepare", "folder": str(folder)})

    def put(self, path: Path, data: bytes) -> None:
        self._sandbox.ask({"do": "put", "path": str(path), "text": os.fsdecode(data)})

    def take(self, base: Path, snapshot: Path, keep: bool) -> str:
        message = {"do": "take", "base": str(base), "snapshot": str(snapshot), "keep": keep}
        return str(self._sandbox.ask(message)["cwd"])

    def remove(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # the sandbox is gone, and the folder with it
            self._sandbox.address.ask("commands", {"do": "remove", "folder": str(folder)})


def spawning(invocation: Invocation, cwd: str, environ: Mapping[str, str]) -> dict[str, Any]:
    words = [os.fsdecode(word) for word in command_line(invocation)]
    return {"do": "spawn", "argv": words, "cwd": cwd, "env": dict(environ)}


class _Attended:
    """A command inside, held by a connection: when that closes, it is ended."""

    def __init__(self, connection: socket.socket, output: IO[bytes]) -> None:
        self.output = output
        self._connection = connection
        self._code: int | None = None
        self._lock = threading.Lock()

    def wait(self) -> int:
        self.ended()
        with self._lock:
            self._connection.close()
        assert self._code is not None
        return self._code

    def ended(self) -> None:
        """A sandbox that dies takes its commands along: they count as killed."""
        if self._code is None:
            try:
                self._code = int(receive(self._connection)["code"])
            except (OSError, ValueError, KeyError):
                self._code = -signal.SIGKILL

    def signal(self, number: signal.Signals) -> None:
        with self._lock, contextlib.suppress(OSError):  # the sandbox is gone
            send(self._connection, {"do": "group", "number": int(number)})
