"""The processes of background jobs inside sandboxes; their files lie outside, and only opened ones are handed in."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from hermes_fs.backends.here_jobs import MARK
from hermes_fs.backends.sandbox_client import Address, Sandbox, spawning
from hermes_fs.backends.shell import Shell
from hermes_fs.core.errors import HermesError


class InsideJobs:
    """A job is named by its sandbox's folder, that sandbox's run and the process inside, so that any hermes finds it. A
    sandbox that has ended took its jobs along."""

    def __init__(self, sandbox: Sandbox, shell: Shell, spill: Callable[[], Path]) -> None:
        self._sandbox = sandbox
        self._shell = shell
        self._spill = spill

    def launch(self, home: Path, command: str, mark: str) -> str:
        script, name, given, before = self._shell.invocation(command, self._spill())
        environ = {**self._shell.environment(), MARK: mark}
        message = spawning((script, name, given, before), self._shell.standing(), environ)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        # The pipe is opened for reading and writing: opening does not wait, and the job never sees an end of file.
        opened = [os.open(home / "in", os.O_RDWR | os.O_CLOEXEC)]
        try:
            opened += [os.open(home / part, flags, 0o600) for part in ("log", "rc")]
            pid = self._sandbox.ask(message, opened)["pid"]
        finally:
            for descriptor in opened:
                os.close(descriptor)
        return f"{self._sandbox.address.folder.name} {self._sandbox.instance} {pid}"

    def alive(self, leader: str) -> bool:
        return self._ask(leader, "alive", "", 0, "alive")

    def signal(self, leader: str, mark: str, number: signal.Signals) -> None:
        self._ask(leader, "signal", mark, number, "left")

    def left(self, leader: str, mark: str) -> bool:
        return self._ask(leader, "signal", mark, 0, "left")

    def _ask(self, leader: str, action: str, mark: str, number: int, answer: str) -> bool:
        folder, instance, pid = leader.split(" ")
        address = Address(self._sandbox.address.folder.parent / folder)
        message = {"do": action, "pid": int(pid), "mark": f"{MARK}={mark}", "number": int(number)}
        try:
            if address.ask("control", {"do": "look"})["instance"] != instance:
                return False
            return bool(address.ask("commands", message)[answer])
        except (OSError, ValueError, HermesError):
            return False
