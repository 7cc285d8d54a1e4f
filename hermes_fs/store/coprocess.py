"""Owns one kept-open git process that answers requests over pipes. Knows nothing of objects or refs.

Starting git costs milliseconds, asking a running one costs microseconds.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

from hermes_fs.core.errors import Failed

_T = TypeVar("_T")


class Died(Failed):
    """The co-process ended instead of answering; `message` carries its last words."""


class Coprocess:
    """One git process, started on first use, restarted after it died. Thread-safe: hold `talking()` for an exchange.

    It ends with `close()`, or by itself when this process dies (its input ends). It lives in a session of its own, so
    that Ctrl-C in the terminal does not reach it.
    """

    def __init__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        self._command = list(command)
        self._cwd = cwd
        self._env = dict(env)
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether a process is running, idle or not."""
        process = self._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Starts the process unless it runs; does not wait until it is ready."""
        with self._lock:
            if self.alive:
                return
            self.close()
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
            try:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=self._cwd,
                    env=self._env,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    start_new_session=True,
                )
            except OSError as error:
                raise Failed(f"git cannot be started: {error}", "install git 2.38 or newer") from error

    @contextlib.contextmanager
    def talking(self) -> Iterator[Coprocess]:
        """One exchange. Left by an exception, the process is ended: its next answer would be to the wrong question."""
        with self._lock:
            self.start()
            try:
                yield self
            except BaseException:
                self.close()
                raise

    def send(self, data: bytes) -> None:
        """Writes a request. Raises Died."""
        pipe = self._running().stdin
        assert pipe is not None
        try:
            pipe.write(data)
            pipe.flush()
        except (BrokenPipeError, ValueError) as error:
            raise Died(self._last_words()) from error

    def line(self) -> bytes:
        """The next line of the answer, without its end. Blocks; raises Died."""
        pipe = self._running().stdout
        assert pipe is not None
        line = pipe.readline()
        if not line.endswith(b"\n"):
            raise Died(self._last_words())
        return line[:-1]

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes of the answer. Blocks; raises Died."""
        pipe = self._running().stdout
        assert pipe is not None
        data = pipe.read(size)
        if len(data) != size:
            raise Died(self._last_words())
        return data

    def close(self) -> None:
        """Ends the process. SIGTERM first: git then removes the lock files that it holds."""
        with self._lock:
            process, self._process = self._process, None
            errors, self._errors = self._errors, None
            if process is not None:
                _end(process)
            if errors is not None:
                errors.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise Died("git is not running")
        return self._process

    def _last_words(self) -> str:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # it still speaks: what it said so far will do
                self._process.wait(timeout=2)
        if self._errors is None:
            return "git ended unexpectedly"
        self._errors.seek(0)
        said = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        fatal = [line.removeprefix("fatal: ") for line in said if line.startswith("fatal: ")]
        return (fatal or said or ["git ended unexpectedly"])[-1]


def repeated(exchange: Callable[[], _T]) -> _T:
    """An exchange that may be had twice, once more if the process died (killed from outside, out of memory)."""
    try:
        return exchange()
    except Died:
        return exchange()


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # closing flushes; a dead reader does not matter any more
                pipe.close()
    try:
        process.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
