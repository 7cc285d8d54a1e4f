"""Runs one command line in a fresh bash that sees what the command before it left behind, and carries its state on.

Owns the snapshot of the shell's state and the command's processes; knows nothing of jobs and files.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hermes_fs.backends.output import BoundedOutput
from hermes_fs.backends.processes import Child, Here, Processes
from hermes_fs.core.errors import Failed, UsageError
from hermes_fs.core.ports import Cancel

TIMED_OUT = 124
CANCELLED = 130

KILL_AFTER_SECONDS = 2.0
"""What a command has between SIGTERM and SIGKILL."""

QUIET_SECONDS = 0.05
LINGER_SECONDS = 0.5
"""How long to wait for more output after the shell has ended while something it left behind still holds the pipe: until
it is quiet, and no longer than this."""

_ENDING = ((signal.SIGTERM, 0.1), (signal.SIGTERM, KILL_AFTER_SECONDS - 0.1))
"""What is sent before SIGKILL, and how long to wait after it. Twice: a child that bash was just about to start when the
first signal came has not seen it, and bash waits for it before it takes the signal itself."""

_LONGEST_ARGUMENT = 100_000
"""Bytes; Linux refuses a single argument over 128 KiB, so a longer command goes through a file."""

# Variables that bash itself keeps; restoring them would be an error or a lie.
_OWN = (
    "BASH|BASH_*|BASHOPTS|BASHPID|COMP_*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|HISTCMD|HOSTTYPE|LINENO|MACHTYPE"
    "|OPTERR|OPTIND|OSTYPE|PIPESTATUS|PPID|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_|__hermes*"
)

# The state is written by builtins alone (a fork would cost more than the rest), in an order that reads back: options
# first, since functions may need them to parse, aliases last, since they would change what the other lines mean.
_SAVE = r"""
__hermes_save() {
  builtin local __hermes_code=$? __hermes_name
  builtin local -a __hermes_names
  builtin unset -f __hermes_save
  builtin set +o errexit +o nounset +o xtrace +o verbose +o noglob +o posix
  builtin compgen -v >|%(names)s
  while IFS= builtin read -r __hermes_name; do
    case $__hermes_name in %(own)s) ;; *) __hermes_names+=("$__hermes_name") ;; esac
  done <%(names)s
  {
    builtin shopt -p
    builtin declare -p "${__hermes_names[@]}"
    builtin declare -f
    builtin alias -p
    builtin printf '#whole\n'
  } >|%(next)s
  builtin printf %%s "$PWD" >|%(cwd)s
  builtin return $__hermes_code
} 2>/dev/null
"""

# One line, so that bash has parsed it before the restored aliases are there, and counts the command's lines from 1.
# $1 is the command, $2 what to do before it.
_RUN = "; ".join(
    (
        'builtin eval "$2"',
        "builtin shopt -s expand_aliases",
        "builtin trap '{ builtin declare -F __hermes_save && __hermes_save; } >/dev/null 2>&1' EXIT",
        'builtin eval "builtin set --; $1"',
        "__hermes_code=$?",
        "{ builtin declare -F __hermes_save && __hermes_save; } >/dev/null 2>&1",
        "builtin exit $__hermes_code",
    )
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: an exit code as bash counts them (128 + n for signal n)."""

    code: int
    seconds: float


class Shell:
    """The shell state of one conversation, kept in `folder` (made on first use, private). Commands may run side by
    side: each starts from the state of the last that ended, and the last to end wins."""

    def __init__(self, folder: Path, cwd: str, environ: Mapping[str, str], processes: Processes | None = None) -> None:
        self._folder = folder
        self._processes = processes or Here()
        self._has_snapshot = False
        self._start = cwd
        self._cwd = cwd
        self._environ = dict(environ)
        self._granted: dict[str, str] = {}
        self._lock = threading.RLock()  # a sandbox that is found dead on the way calls `forget`
        self._count = 0

    @property
    def cwd(self) -> str:
        """The directory that the last command left behind."""
        return self._cwd

    def run(self, command: str, timeout: float, cancel: Cancel, output: BoundedOutput) -> Ended:
        """Blocks until the command has ended or was killed. Raises Failed where it cannot be started."""
        started = time.monotonic()
        if cancel.is_set:
            return Ended(CANCELLED, 0.0)
        with self._lock:
            self._count += 1
            base = self._folder / str(self._count)
        self._processes.prepare(self._folder)
        given = self.invocation(command, base.with_suffix(".command"), base)
        child = self._processes.spawn(given, self.standing(), self.environment())
        code = _Attended(child, started + timeout, cancel).finish(output)
        self._take(base, code in (TIMED_OUT, CANCELLED))
        return Ended(code, time.monotonic() - started)

    def invocation(self, command: str, spill: Path, base: Path | None = None) -> tuple[bytes, ...]:
        """Bash's arguments for a command in this state, which is carried on where there is a `base` to write it to."""
        before = ""
        if base is not None:
            paths = {part: shlex.quote(f"{base}.{part}") for part in ("names", "next", "cwd")}
            before = _SAVE % {**paths, "own": "|".join((_OWN, *self._granted))}
        if self._has_snapshot:
            before += f"builtin source {shlex.quote(str(self._snapshot))} 2>/dev/null"
        return _RUN.encode(), b"bash", self._argument(command, spill), before.encode()

    def environment(self) -> Mapping[str, str]:
        """What bash starts with: once there is a snapshot nothing but the granted, so that an unset variable stays
        unset. The granted are in no snapshot: they do not reach the disk."""
        return self._granted if self._has_snapshot else self._environ | self._granted

    def grant(self, variables: Mapping[str, str]) -> None:
        """From the next command on these are in the environment of each."""
        self._granted |= variables

    def standing(self) -> str:
        """The directory for the next command: the current one, else the first, else an error."""
        if found := self._processes.standing((self._cwd, self._start)):
            self._cwd = found
            return found
        raise Failed(f"the work directory is gone: {self._start}", "make it again or start elsewhere")

    @property
    def _snapshot(self) -> Path:
        return self._folder / "snapshot"

    def _argument(self, command: str, spill: Path) -> bytes:
        """The command as one argument of bash; through the file `spill` where it is too long for one."""
        text = command.encode("utf-8", "replace")
        if b"\0" in text:
            raise UsageError("a command cannot hold a NUL character", "leave it out")
        if len(text) <= _LONGEST_ARGUMENT:
            return text
        self._processes.put(spill, text)
        return b"builtin source " + shlex.quote(str(spill)).encode()

    def _take(self, base: Path, killed: bool) -> None:
        """Carry the state on, unless the command was cut short: half a state is worse than the last one."""
        with self._lock:
            cwd = self._processes.take(base, self._snapshot, not killed)
            if cwd:
                self._cwd, self._has_snapshot = cwd, True

    def forget(self) -> None:
        """Begin anew, where the state is gone: first directory, first variables."""
        with self._lock:
            self._cwd, self._has_snapshot = self._start, False

    def close(self) -> None:
        self._processes.remove(self._folder)


class _Attended:
    """Watches one process to its end: output, deadline and cancel, woken by a pipe and never by polling."""

    def __init__(self, child: Child, deadline: float, cancel: Cancel) -> None:
        self._child = child
        self._deadline = deadline
        self._cancel = cancel
        self._code: int | None = None
        self._steps = iter(_ENDING)
        self._wake = _Wake()
        self._exited = threading.Event()

    def finish(self, output: BoundedOutput) -> int:
        """The exit code, once the process is gone; what it left behind in the background lives on."""
        pipe = self._child.output
        os.set_blocking(pipe.fileno(), False)
        threading.Thread(target=self._wait, name="exit watch", daemon=True).start()
        try:
            with self._cancel.calling(self._wake.up):
                held = self._attend(pipe.fileno(), output)
        finally:
            self._end()
            self._wake.close()
        if held:
            threading.Thread(target=_drain, args=(pipe,), name="drain", daemon=True).start()
        else:
            pipe.close()
        code = self._child.wait()
        if self._code is not None:
            return self._code
        return code if code >= 0 else 128 - code

    def _attend(self, pipe: int, output: BoundedOutput) -> bool:
        """Until the shell has ended and its output is read; returns whether something still holds the pipe."""
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        poll.register(self._wake.fileno, select.POLLIN)
        held = True
        linger = 0.0
        while held or not self._exited.is_set():
            exited = self._exited.is_set()
            linger = linger or (time.monotonic() + LINGER_SECONDS if exited else 0.0)
            wait = QUIET_SECONDS if exited else max(0.0, self._deadline - time.monotonic())
            ready = dict(poll.poll(wait * 1000))
            if self._wake.fileno in ready:
                self._wake.clear()
            if pipe in ready and not _pump(pipe, output):
                poll.unregister(pipe)
                held = False
            if exited and (not ready or time.monotonic() > linger):
                break
            self._enforce()
        return held

    def _enforce(self) -> None:
        """At the deadline or on cancel take the next step towards the command's end."""
        now = time.monotonic()
        if self._exited.is_set() or (now < self._deadline and (self._code is not None or not self._cancel.is_set)):
            return
        if self._code is None:
            self._code = CANCELLED if self._cancel.is_set else TIMED_OUT
        number, patience = next(self._steps, (signal.SIGKILL, KILL_AFTER_SECONDS))
        self._child.signal(number)
        self._deadline = now + patience

    def _end(self) -> None:
        """After a kill, or an error of ours: whatever of the group ignored the first signal goes too."""
        if self._code is not None or not self._exited.is_set():
            self._child.signal(signal.SIGKILL)
            self._exited.wait(KILL_AFTER_SECONDS)

    def _wait(self) -> None:
        """Body of the watching thread."""
        self._child.ended()
        self._exited.set()
        self._wake.up()


class _Wake:
    """A pipe that ends another thread's poll; may be called after it was closed."""

    def __init__(self) -> None:
        self.fileno, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._lock = threading.Lock()
        self._open = True

    def up(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):  # full: the other side is awake
            if self._open:
                os.write(self._write, b"!")

    def clear(self) -> None:
        os.read(self.fileno, 64)

    def close(self) -> None:
        with self._lock:
            self._open = False
            os.close(self.fileno)
            os.close(self._write)


def _pump(pipe: int, output: BoundedOutput) -> bool:
    """Read what is there, at most one pipe's content; False at the end."""
    try:
        data = os.read(pipe, 65536)
    except BlockingIOError:
        return True
    output.feed(data)
    return bool(data)


def _drain(pipe: IO[bytes]) -> None:
    """A process that a command left behind may go on printing: read it away, or it would die of a closed pipe."""
    os.set_blocking(pipe.fileno(), True)
    while os.read(pipe.fileno(), 65536):
        continue
    pipe.close()
