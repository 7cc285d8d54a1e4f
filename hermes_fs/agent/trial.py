"""Runs a version of a skill's own tests where they can do no harm: its files in a private folder, in an isolated
backend without network. Sees nothing of the mind, and changes nothing of it.

The folder lies in .git/hermes/trials; one that a killed process left is cleared at the next use.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.agent.isolated import Isolation
from hermes_fs.backends import sandbox_folders
from hermes_fs.backends.confined import Ground
from hermes_fs.core.errors import Failed, HermesError, Refused
from hermes_fs.core.ports import Backend, Cancel
from hermes_fs.core.terminal import one_line
from hermes_fs.store.candidate import Files
from hermes_fs.store.paths import check_path
from hermes_fs.store.policy import is_program

SECONDS = 60.0
_START = 15.0
_STALE = 60.0
_INSIDE = "trial_inside.py"
_REPORT = "report.jsonl"
_MOST_LINES = 300
_MOST_BYTES = 1_000_000
_DETAIL = 600


@dataclass(frozen=True, slots=True)
class Line:
    """One test. `name` is its file, with the test inside it; `detail` says why it failed."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """How the tests of a version went. `why` says why they did not run, or not to their end; `ran` is False where
    nothing ran. A version without tests passes with no lines."""

    ran: bool
    passed: bool
    lines: tuple[Line, ...] = ()
    seconds: float = 0.0
    why: str = ""

    @property
    def failures(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.passed)


class Trials:
    """Where versions of skills are tried. Thread-safe: each trial has a folder and a sandbox of its own. `environ` is
    the person's, of which commands see as much as in any sandbox; `wanted` names a backend, of which only an isolated
    one is ever used."""

    def __init__(
        self, state_dir: Path, environ: Mapping[str, str], seconds: float = SECONDS, wanted: str = "auto"
    ) -> None:
        self._state_dir = state_dir
        self._environ = environ
        self._seconds = seconds
        self._isolation = Isolation(state_dir, wanted)

    def isolation(self) -> str:
        """Why nothing can be tried on this machine, "" where it can."""
        return self._isolation.why_not()

    def run(self, name: str, files: Files, cancel: Cancel | None = None) -> Trial:
        """The tests of a version. Raises Failed where its folder cannot be made, Cancelled."""
        tests = tuple(sorted(path for path in files if is_test(path)))
        programs = tuple(sorted(path for path, file in files.items() if is_program(f"skills/{name}/{path}", file.data)))
        if not tests and not programs:
            return Trial(True, True)
        problem = self.isolation()
        if problem:
            why = f"its programs and tests were not run, for nothing here could do so safely ({problem})"
            return Trial(False, False, why=why)
        begun = time.monotonic()
        with self.laid_out(name, files) as folder:
            lines, why = self._tried(folder, programs, tests, cancel or Cancel())
        passed = not why and all(line.passed for line in lines)
        return Trial(bool(lines) or not why, passed, lines, time.monotonic() - begun, why)

    @contextlib.contextmanager
    def laid_out(self, name: str, files: Files) -> Iterator[Path]:
        """A private folder with these files, named like the skill; gone afterwards. Raises Failed."""
        place = self._state_dir / "trials"
        self._clear(place)
        with _told(place):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            own = place / secrets.token_hex(6)
            own.mkdir(mode=0o700)
        held = os.open(own / "held", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            folder = own / "ground" / name
            with _told(own):
                folder.mkdir(parents=True)
                for path, file in files.items():
                    _put(folder, path, file.data, file.runs)
            yield folder
        finally:
            _remove(own)
            os.close(held)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _tried(
        self, folder: Path, programs: tuple[str, ...], tests: tuple[str, ...], cancel: Cancel
    ) -> tuple[tuple[Line, ...], str]:
        ground, state = folder.parent, folder.parent.parent / "state"
        with _told(ground):
            shutil.copyfile(Path(__file__).with_name(_INSIDE), ground / _INSIDE)
            spec = {"programs": programs, "tests": tests, "seconds": self._seconds}
            (ground / "spec.json").write_text(json.dumps(spec))
            backend = self._isolation.backend(folder, state, self._environ, Ground((ground,)), "trial")
        try:
            done = backend.run(_command(folder), timeout=self._seconds + _START, cancel=cancel)
            cancel.check()
            return _read(backend, ground / _REPORT, done.output)
        finally:
            backend.close()

    def _clear(self, place: Path) -> None:
        """What killed processes left: their sandboxes end, their folders go."""
        for own in place.glob("*/") if place.is_dir() else ():
            if _is_left(own):
                _remove(own)


def is_test(path: str) -> bool:
    """Whether a file of a skill is a test: `tests/**/test_*.py` (or `*_test.py`) or `tests/**/*.sh`."""
    folder, _, name = path.rpartition("/")
    if folder.partition("/")[0] != "tests":
        return False
    return name.endswith(".sh") or (name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py")))


def _command(folder: Path) -> str:
    """Programs of the skill may be imported by name; nothing is compiled to disk, no plugin of the machine joins."""
    ground = folder.parent
    paths = os.pathsep.join((str(folder / "scripts"), str(folder)))
    settings = {
        "PYTHONPATH": paths,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "SKILL_DIR": str(folder),
    }
    words = [f"{key}={shlex.quote(value)}" for key, value in settings.items()]
    program = [str(ground / _INSIDE), str(ground / "spec.json"), str(ground / _REPORT)]
    return f"cd {shlex.quote(str(folder))} && env {' '.join(words)} python3 {shlex.join(program)}"


def _read(backend: Backend, path: Path, output: str) -> tuple[tuple[Line, ...], str]:
    """What the report says. It was written where tests could write: nothing in it is believed but as a text."""
    try:
        if backend.stat(str(path)).size > _MOST_BYTES:
            return (), "its report is too long"
        rows = [json.loads(row) for row in backend.read(str(path)).decode("utf-8", "replace").split("\n") if row]
        lines = tuple(
            Line(one_line(str(row["name"]))[:200], row["passed"] is True, str(row["detail"])[:_DETAIL])
            for row in rows
            if "name" in row
        )
        done = any(row.get("done") is True for row in rows)
    except (HermesError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        said = one_line(" ".join(output.split()[-30:]))
        return (), f"its tests could not be run{f': {said}' if said else ''}"
    return lines[:_MOST_LINES], "" if done else "its tests were cut short"


def _put(folder: Path, path: str, data: bytes, runs: bool) -> None:
    check_path(path)
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    if runs:
        target.chmod(0o755)


def _is_left(own: Path) -> bool:
    """Whether the process that made it is gone: it holds a lock as long as it lives."""
    try:
        held = os.open(own / "held", os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        with contextlib.suppress(OSError):  # gone by now
            return time.time() - own.stat().st_mtime > _STALE
        return False
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(held)
    return True


def _remove(own: Path) -> None:
    """With all that runs in it."""
    for known in sandbox_folders.running(own / "state"):
        sandbox_folders.stop(known)
    for _ in range(3):  # a supervisor that ends writes its last words
        shutil.rmtree(own, ignore_errors=True)
        if not own.exists():
            return
        time.sleep(0.05)


@contextlib.contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed(f"{place}: {error.strerror or error}", "free some space there") from error
    except Refused as error:
        raise Failed(f"the skill cannot be laid out: {error.message}", "rename that file") from error
