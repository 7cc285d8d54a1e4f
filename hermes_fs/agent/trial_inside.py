"""Runs the tests of a skill; this file is copied into the sandbox and runs there alone, with the standard library.

    python3 trial_inside.py SPEC.json REPORT.jsonl       all of it: one line {"name", "passed", "detail"} per test
    python3 trial_inside.py --one FILE REPORT.jsonl      the tests of one Python file, in a process of their own

A report that does not end with {"done": true} is of a run that was cut short. What the tests do to their own process,
or leave running, ends with the file that did it.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import inspect
import json
import os
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import time
import traceback
import unittest
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

Row = Mapping[str, Any]
Tell = Callable[[str, bool, str], None]
DETAIL = 600
OVER = 124
MOST = 300
_TAIL = 4000
_SUBREAPER = 36
_CHECKED = {
    ".bash": ("bash", "-n"),
    ".js": ("node", "--check"),
    ".mjs": ("node", "--check"),
    ".php": ("php", "-l"),
    ".pl": ("perl", "-c"),
    ".rb": ("ruby", "-c"),
    ".sh": ("bash", "-n"),
}
NO_TESTS = "it holds no test: write functions test_…, a unittest.TestCase, or a script that exits with 0"


def main(spec_path: str, report_path: str) -> None:
    spec = json.loads(Path(spec_path).read_text(encoding="utf-8"))
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 64 << 20), (resource.RLIMIT_AS, 4 << 30)):
        with contextlib.suppress(OSError, ValueError):  # a lower limit holds already
            resource.setrlimit(limit, (most, most))
    deadline = time.monotonic() + spec["seconds"]
    with Path(report_path).open("w", encoding="utf-8") as report:
        for row in rows(spec, deadline):
            report.write(json.dumps(row) + "\n")
            report.flush()
        report.write(json.dumps({"done": True}) + "\n")


def rows(spec: Mapping[str, Sequence[str]], deadline: float) -> Iterator[Row]:
    for path in spec["programs"]:
        command = _CHECKED.get(Path(path).suffix)
        if command and shutil.which(command[0]):
            code, said = run([*command, path], deadline)
            if code:
                yield line(path, False, "it does not parse: " + said)
    for path in spec["tests"]:
        if time.monotonic() >= deadline:
            yield line(path, False, "no time was left for it")
        elif path.endswith(".py"):
            yield from python_rows(path, deadline)
        else:
            code, said = run(["bash", path], deadline)
            yield line(path, not code, (said or f"it exits with {code}") if code else "")


def python_rows(path: str, deadline: float) -> Iterator[Row]:
    report = Path(os.environ["TMPDIR"], f"report-{time.monotonic_ns()}.jsonl")
    code, said = run([sys.executable, str(Path(__file__).resolve()), "--one", path, str(report)], deadline)
    found: list[Row] = []
    done = False
    with contextlib.suppress(OSError, ValueError):  # it wrote none, or something else
        for text in report.read_text(encoding="utf-8").split("\n")[: MOST + 1]:
            row = json.loads(text or "{}")
            done = done or "done" in row
            found += [row] if "name" in row else []
    yield from found
    if not done:
        yield line(path, False, said if code == OVER else f"{said}\nit ended before its tests did (exit {code})")
    elif not found:
        yield line(path, False, NO_TESTS)


def line(name: str, passed: bool, detail: str) -> Row:
    return {"name": name, "passed": passed, "detail": detail.strip()[-DETAIL:]}


def run(command: Sequence[str], deadline: float) -> tuple[int, str]:
    """Exit code, and the end of what it said. Whatever it started is gone when this returns."""
    left = max(0.1, deadline - time.monotonic())
    place = Path(os.environ["TMPDIR"], f"said-{time.monotonic_ns()}")
    with place.open("w+b") as said:
        child = subprocess.Popen(
            command,
            env=os.environ,  # the sandbox's own, which has been emptied
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = child.wait(left)
        except subprocess.TimeoutExpired:
            code = OVER
        end_children()
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _TAIL))
        text = said.read().decode("utf-8", "replace")
    place.unlink()
    return (code, text) if code != OVER else (code, f"{text}\nit ran out of time ({left:.0f} s)")


def end_children() -> None:
    """All of them, those too that left their session: they come to this process when their parents end."""
    for _ in range(200):
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if parent_of(entry.name) == os.getpid()]
        for pid in pids:
            with contextlib.suppress(OSError):  # gone
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):  # collected already
                os.waitpid(pid, 0)
        if not pids:
            return


def parent_of(pid: str) -> int:
    try:
        return int(Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[1]) if pid.isdigit() else 0
    except (OSError, ValueError, IndexError):
        return 0


# -- the tests of one file --------------------------------------------------------------------------------------------


def one(path: str, report_path: str) -> None:
    """Tests of one Python file: by pytest where there is one, else by unittest and by calling its functions."""
    with Path(report_path).open("w", encoding="utf-8") as report:

        def tell(name: str, passed: bool, detail: str) -> None:
            report.write(json.dumps(line(name, passed, "\n".join(detail.strip().splitlines()[-8:]))) + "\n")
            report.flush()

        if importlib.util.find_spec("pytest"):
            by_pytest(path, tell)
        else:
            by_hand(path, tell)
        report.write(json.dumps({"done": True}) + "\n")


class PytestListener:
    """A plugin of pytest that tells of each test that ran, and of a file that cannot be collected."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._settled: set[str] = set()

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed or report.skipped:
            self._settled.add(report.nodeid)
        if report.failed or (report.when == "teardown" and report.nodeid not in self._settled):
            self._tell(report.nodeid, not report.failed, str(report.longrepr) if report.failed else "")

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._tell(report.nodeid, False, str(report.longrepr))


def by_pytest(path: str, tell: Tell) -> None:
    pytest: Any = importlib.import_module("pytest")
    here = str(Path.cwd())
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", here, "--confcutdir", here, "--tb=short"]
    pytest.main([path, *options], plugins=[PytestListener(tell)])


class Listener(unittest.TestResult):
    """Tells of each test of unittest. `label` names the file."""

    def __init__(self, label: str, tell: Tell) -> None:
        super().__init__()
        self._label, self._tell = label, tell

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._tell(self._named(test), True, "")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._tell(self._named(test), False, "".join(traceback.format_exception(*err)))
        super().addFailure(test, err)

    addError = addFailure

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err:
            self.addFailure(test, err)

    def _named(self, test: unittest.TestCase) -> str:
        if isinstance(test, unittest.FunctionTestCase):
            return f"{self._label}::{test.shortDescription()}"
        return f"{self._label}::{test.id().partition('.')[2]}"


def by_hand(path: str, tell: Tell) -> None:
    made: list[ModuleType] = []
    silent = Listener(path, lambda name, passed, detail: None if passed else tell(path, passed, detail))
    unittest.FunctionTestCase(lambda: made.append(imported(path)), description="import").run(silent)
    if not made:
        return
    listener = Listener(path, tell)
    found = [
        (name, each) for name, each in vars(made[0]).items() if name.startswith("test") and inspect.isfunction(each)
    ]
    for name, each in found:
        unittest.FunctionTestCase(each, description=name).run(listener)
    suite = unittest.defaultTestLoader.loadTestsFromModule(made[0])
    suite.run(listener)
    if not found and not suite.countTestCases() and "__main__" in Path(path).read_text(encoding="utf-8"):
        unittest.FunctionTestCase(lambda: as_script(path), description="as a script").run(listener)


def imported(path: str) -> ModuleType:
    name = Path(path).stem
    sys.path.insert(0, str(Path(path).resolve().parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_script(path: str) -> None:
    """As `python test_x.py` would run it."""
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as error:
        if error.code:
            raise


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(sys.argv[2], sys.argv[3])
    else:
        main(sys.argv[1], sys.argv[2])
