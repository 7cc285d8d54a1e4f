"""What every benchmark here is made with: processes measured by the kernel, interleaved rounds, rows with a bound.

A benchmark is a file with a `main()` that calls `show` for each figure; `python benchmarks/run.py` finds and runs it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

Figure = TypeVar("Figure")

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # the package need not be installed
RESULTS = "HERMES_BENCH_RESULTS"
"""Names a file that gets a copy of each row as a JSON line; run.py makes its table of it."""


@dataclass(frozen=True)
class Row:
    """One figure. `bound` is the most that it may be; None where nothing is promised (floors, others' products)."""

    benchmark: str
    what: str
    value: float
    unit: str
    bound: float | None = None

    @property
    def kept(self) -> bool:
        return self.bound is None or self.value <= self.bound

    def __str__(self) -> str:
        promise = "" if self.bound is None else f"   at most {self.bound:g}: {'ok' if self.kept else 'TOO MUCH'}"
        return f"{self.benchmark:<14} {self.what:<58} {self.value:>10.2f} {self.unit:<7}{promise}"


def show(row: Row) -> None:
    """Print the row, and leave a copy for run.py."""
    print(row, flush=True)
    if results := os.environ.get(RESULTS):
        with open(results, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")


@dataclass(frozen=True)
class Cost:
    """Of one process with all the children that it waited for: seconds of wall and CPU time, MiB at its largest."""

    wall: float
    cpu: float
    rss: float


def run(command: Sequence[str | Path], env: Mapping[str, str], cwd: Path) -> Cost:
    """Run to the end and tell what it cost. Raises RuntimeError with what it printed when it fails."""
    words = [str(word) for word in command]
    begun = time.perf_counter()
    process = subprocess.Popen(
        words, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}:\n{printed.decode(errors='replace')}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20))


def hermes() -> list[str | Path]:
    """The command as a person would run it, or by its module where the package is not installed."""
    script = Path(sys.executable).with_name("hermes")
    return [script] if script.exists() else [sys.executable, "-m", "hermes_fs"]


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "rss")))


def interleaved(cases: Mapping[str, Callable[[], Figure]], rounds: int) -> dict[str, list[Figure]]:
    """Each case once per round, in turn, so that a busy moment of the machine hits all alike. One round warms up."""
    found: dict[str, list[Figure]] = {key: [] for key in cases}
    for number in range(rounds + 1):
        for key, case in cases.items():
            figure = case()
            if number:
                found[key].append(figure)
    return found
