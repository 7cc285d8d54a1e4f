"""What the sandbox adds to a command: beside a bare shell, beside one bubblewrap for each, and its own start."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measure import ROOT, Row, interleaved, show

sys.path.insert(0, str(ROOT))

from hermes_fs.backends import registry, sandbox_folders
from hermes_fs.backends.isolation_probe import hardening
from hermes_fs.core.ports import Backend, Cancel

ROUNDS = 60
COMMAND = "true"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work, state = Path(name, "work"), Path(name, "state")
        work.mkdir()
        state.mkdir()
        made = {kind: registry.backend(kind, work, state, os.environ) for kind in registry.BACKENDS}
        show(Row("sandbox", "start, with the first command", _timed(lambda: _run(made["sandbox"])) * 1000, "ms", 1000))
        for each in made.values():
            _run(each)
        options = hardening("bwrap")
        doing: dict[str, Callable[[], float]] = {
            "bare bash": lambda: _timed(lambda: _bare(work)),
            "one bubblewrap for each command": lambda: _timed(lambda: _wrapped(work, options)),
            **{kind: lambda each=each: _timed(lambda: _run(each)) for kind, each in made.items()},
        }
        found = interleaved(doing, ROUNDS)
        for each in made.values():
            each.close()
        for known in sandbox_folders.running(state):
            sandbox_folders.stop(known)
    median = {name: statistics.median(figures) * 1000 for name, figures in found.items()}
    for name, figure in median.items():
        show(Row("sandbox", f"{name}, per command", figure, "ms"))
    for kind in ("sandbox", "landlock"):
        show(Row("sandbox", f"{kind} above a bare shell, per command", median[kind] - median["bare bash"], "ms", 40))
        slowest = sorted(found[kind])[int(ROUNDS * 0.95)] * 1000 - median["bare bash"]
        show(Row("sandbox", "the same, 95th of 100", slowest, "ms", 40))


def _run(backend: Backend) -> None:
    assert backend.run(COMMAND, timeout=60, cancel=Cancel()).code == 0


def _bare(work: Path) -> None:
    subprocess.run(["bash", "--noprofile", "--norc", "-c", COMMAND], cwd=work, check=True, capture_output=True)


def _wrapped(work: Path, options: list[str]) -> None:
    shown = ["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"]
    shown += ["--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--bind", str(work), str(work)]
    line = ["bwrap", *options, *shown, "--", "bash", "--noprofile", "--norc", "-c", COMMAND]
    subprocess.run(line, check=True, capture_output=True)


def _timed(action: Callable[[], None]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
