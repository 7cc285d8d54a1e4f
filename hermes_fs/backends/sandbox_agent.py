"""The first process of a sandbox: starts commands there for clients outside, and reaps. Imports nothing but Python.

It runs as `python -I -S sandbox_agent.py LISTENER STATUS` with two inherited sockets: clients connect to the
first, the supervisor sits at the other end of the second. Being process 1 of its namespace, nothing inside can signal
it; being undumpable, nothing inside can look into it. It has no more rights than the commands that it starts.

One request a connection: a length (4 bytes), JSON, and descriptors beside it. The answers have the same form.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any

PROXY_PORT = 3128
MOST_PROCESSES = 4096
LONGEST_REQUEST = 64 * 1024 * 1024
_NOT_DUMPABLE = (4, 0)  # PR_SET_DUMPABLE, SUID_DUMP_DISABLE of linux/prctl.h


class Agent:
    """Clients, and the commands that they started. Single-threaded."""

    def __init__(self, listener: socket.socket, status: socket.socket) -> None:
        self._listener = listener
        self._status = status
        self._selector = selectors.DefaultSelector()
        self._attended: dict[int, Client] = {}
        self._detached: dict[int, int] = {}  # pid → descriptor that takes the exit code
        self._clients = 0

    def serve(self) -> None:
        """Until the supervisor goes."""
        wake, woken = os.pipe()
        for end in (wake, woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._status, selectors.EVENT_READ, self._leave)
        self._selector.register(wake, selectors.EVENT_READ, lambda: self._reap(wake))
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _leave(self) -> None:
        if not self._status.recv(64):
            os._exit(0)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        client = Client(connection)
        self._clients += 1
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._hear(client))

    def _hear(self, client: Client) -> None:
        try:
            client.receive()
            while (request := client.next_request()) is not None:
                self._answer(client, request)
        except (OSError, ValueError):
            self._drop(client)

    def _answer(self, client: Client, request: dict[str, Any]) -> None:
        try:
            self._do(client, request)
        except (OSError, KeyError, TypeError, ValueError) as error:
            client.send({"error": str(error)})
        finally:
            client.forget_descriptors()

    def _do(self, client: Client, request: dict[str, Any]) -> None:
        action = request["do"]
        if action == "spawn":
            pid = self._spawn(client, request)
            client.send({"pid": pid})
        elif action == "signal":
            client.send({"left": self._signal(request["pid"], request["mark"], request["number"])})
        elif action == "alive":
            client.send({"alive": request["pid"] in self._detached})
        elif action == "group":  # of the command that this client attends
            _kill_group(client.group, request["number"])
        else:
            client.send(FILE_ACTIONS[action](request))

    def _spawn(self, client: Client, request: dict[str, Any]) -> int:
        """Standard input and output are descriptors beside the request; a third one makes it a job, which outlives
        the client and leaves its exit code there."""
        given = client.take_descriptors()
        job = len(given) > 2
        pid = os.fork()
        if pid == 0:
            _become(request, given)
        for descriptor in given[: 2 if job else len(given)]:
            os.close(descriptor)
        if job:
            self._detached[pid] = given[2]
        else:
            self._attended[pid] = client
            client.group = pid
        self._report()
        return pid

    def _reap(self, wake: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(wake, 4096)
        while True:
            try:
                pid, state = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            self._ended(pid, os.waitstatus_to_exitcode(state))
        self._report()

    def _ended(self, pid: int, code: int) -> None:
        client = self._attended.pop(pid, None)
        if client is not None:
            client.send({"code": code})
        descriptor = self._detached.pop(pid, None)
        if descriptor is not None:
            with contextlib.suppress(OSError):  # a full disk: the code is lost, not the sandbox
                os.write(descriptor, b"%d\n" % (code if code >= 0 else 128 - code))
            os.close(descriptor)

    def _drop(self, client: Client) -> None:
        """A command ends with whoever attends it; a job does not."""
        self._selector.unregister(client.connection)
        client.close()
        self._clients -= 1
        for pid, attending in list(self._attended.items()):
            if attending is client:
                _kill_group(pid, signal.SIGKILL)
                del self._attended[pid]
        self._report()

    def _signal(self, pid: int, mark: str, number: int) -> bool:
        """To all processes of a job; whether any is left."""
        wanted = mark.encode()
        if number and pid in self._detached:
            _kill_group(pid, number)
        left = pid in self._detached
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal() and int(folder.name) > 1 and _carries(folder, wanted):
                left = True
                if number:
                    with contextlib.suppress(OSError):  # ended in between
                        os.kill(int(folder.name), number)
        return left

    def _report(self) -> None:
        """To the supervisor: how many jobs run, and how many clients are there."""
        with contextlib.suppress(BlockingIOError):  # it is busy and will hear the next one
            self._status.send(struct.pack("=II", len(self._detached), self._clients))


class Client:
    """One connection: takes whole requests out of a stream."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.group = 0
        self._data = bytearray()
        self._descriptors: list[int] = []

    def receive(self) -> None:
        """What has come. Raises OSError when the client is gone."""
        data, beside, _, _ = self.connection.recvmsg(1 << 20, socket.CMSG_SPACE(4 * 4))
        for level, kind, raw in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers = array.array("i")
                numbers.frombytes(raw[: len(raw) - len(raw) % numbers.itemsize])
                self._descriptors += numbers
        for descriptor in self._descriptors:
            os.set_inheritable(descriptor, False)
        if not data:
            raise ConnectionError
        self._data += data

    def next_request(self) -> dict[str, Any] | None:
        """None while it is not whole. Raises ValueError for what is no request."""
        if len(self._data) < 4:
            return None
        (size,) = struct.unpack_from("=I", self._data)
        if size > LONGEST_REQUEST:
            raise ValueError
        if len(self._data) < 4 + size:
            return None
        body = bytes(self._data[4 : 4 + size])
        del self._data[: 4 + size]
        found: dict[str, Any] = json.loads(body)
        return found

    def send(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        with contextlib.suppress(OSError):  # the client is gone, which the next read tells
            self.connection.sendall(struct.pack("=I", len(body)) + body)

    def take_descriptors(self) -> list[int]:
        taken, self._descriptors = self._descriptors, []
        return taken

    def forget_descriptors(self) -> None:
        for descriptor in self.take_descriptors():
            os.close(descriptor)

    def close(self) -> None:
        self.forget_descriptors()
        self.connection.close()


def _become(request: dict[str, Any], given: list[int]) -> None:
    """In the child: the command, in a session of its own. Never returns."""
    try:
        os.setsid()
        os.chdir(request["cwd"])
        os.dup2(given[0], 0)
        os.dup2(given[1], 1)
        os.dup2(1, 2)
        for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        arguments = [os.fsencode(word) for word in request["argv"]]
        environ = {os.fsencode(name): os.fsencode(value) for name, value in request["env"].items()}
        os.execve(arguments[0], arguments, environ)
    except OSError as error:
        os.write(2, f"the command could not be started: {error.strerror}\n".encode())
    finally:
        os._exit(126)


def _kill_group(pid: int, number: int) -> None:
    if pid > 1:
        with contextlib.suppress(OSError):  # gone
            os.killpg(pid, number)


def _carries(process: Path, mark: bytes) -> bool:
    try:
        dead = (process / "stat").read_bytes().rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])
        return not dead and mark in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _standing(request: dict[str, Any]) -> dict[str, Any]:
    """The first of several directories that is there."""
    return {"cwd": next((path for path in request["folders"] if Path(path).is_dir()), "")}


def _prepare(request: dict[str, Any]) -> dict[str, Any]:
    Path(request["folder"]).mkdir(mode=0o700, parents=True, exist_ok=True)
    return {}


def _put(request: dict[str, Any]) -> dict[str, Any]:
    with open(request["path"], "wb") as file:
        file.write(os.fsencode(request["text"]))
    return {}


def _take(request: dict[str, Any]) -> dict[str, Any]:
    """Carries on the state that a shell left in `base`.*, where it is whole."""
    base, cwd = request["base"], ""
    try:
        if request["keep"] and _read(f"{base}.next", tail=True).endswith(b"#whole\n"):
            cwd = os.fsdecode(_read(f"{base}.cwd"))
            Path(f"{base}.next").replace(request["snapshot"])
    except FileNotFoundError:  # the command replaced its shell by `exec`
        cwd = ""
    for part in (".names", ".next", ".cwd", ".command"):
        with contextlib.suppress(FileNotFoundError):
            Path(base + part).unlink()
    return {"cwd": cwd}


def _read(path: str, tail: bool = False) -> bytes:
    """Of a regular file at most 64 KiB: a command could have put anything there."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(path)
        if tail:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16))
        return file.read(65536)


def _remove(request: dict[str, Any]) -> dict[str, Any]:
    shutil.rmtree(request["folder"], ignore_errors=True)
    return {}


FILE_ACTIONS = {"standing": _standing, "prepare": _prepare, "put": _put, "take": _take, "remove": _remove}


def main() -> None:
    listener_number, status_number = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that Python would listen to
    ctypes.CDLL(None).prctl(*_NOT_DUMPABLE, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = MOST_PROCESSES if hard == resource.RLIM_INFINITY else min(hard, MOST_PROCESSES)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    listener, status = socket.socket(fileno=listener_number), socket.socket(fileno=status_number)
    for each in (listener, status):
        each.set_inheritable(False)
    with socket.socket() as proxy:
        proxy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        proxy.bind(("127.0.0.1", PROXY_PORT))
        proxy.listen(64)
        # A socket stays in the network that it was made in, whoever holds it: the supervisor accepts on this one.
        socket.send_fds(status, [b"ready"], [proxy.fileno()])
    status.setblocking(False)
    Agent(listener, status).serve()


if __name__ == "__main__":
    main()
