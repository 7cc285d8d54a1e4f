"""A lesson: time until it is acknowledged, and git's part of it, in workspaces of 1,000 and 50,000 files.

The floor beside it is what a person would type: `git add FILE && git commit`.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import Row, show

from hermes_fs.core.types import Provenance
from hermes_fs.store.git import Git
from hermes_fs.store.workspace import Workspace

NAME = "lesson"
LESSONS = 40
ROUNDS = 3  # the one that other programs disturbed least counts
FOLDER = 1000  # files in a folder, at most
BOUNDS = {"git": 6.0, "acknowledged": 15.0}  # milliseconds, at the median
AGENT = Provenance("agent", "user")


def build(root: Path, files: int) -> None:
    """A workspace of so many notes on main and on disk."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    for key, value in (("user.name", "Ada"), ("user.email", "ada@example.org"), ("gc.auto", "0")):
        subprocess.run(["git", "-C", str(root), "config", key, value], check=True)
    files_of_main = {".hermes-workspace": "format: 1\n", ".gitattributes": "* -text\n"}
    for number in range(files):
        files_of_main[note(number)] = f"# Note {number}\n\nSomething that was worth keeping, number {number}.\n"
    stream = ["commit refs/heads/main\ncommitter Ada <ada@example.org> 1767225600 +0000\ndata 5\nstart\n"]
    stream += [f"M 644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in files_of_main.items()]
    # All in one pack: thousands of loose objects, deleted again, would slow the file system down for minutes.
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input="".join(stream).encode(), check=True)
    subprocess.run(["git", "-C", str(root), "reset", "-q", "--hard"], check=True)
    os.sync()  # what was written before must not be paid for by the first lessons


def note(number: int) -> str:
    return f"notes/{number // FOLDER:03}/{number:06}.md"


class Clock:
    """Adds up the milliseconds spent in git for one lesson."""

    def __init__(self, git: Git) -> None:
        self.spent = 0.0
        self._move = git.moving_ref
        git.write_soon = self._timed(git.write_soon)  # type: ignore[method-assign]
        git.plan_tree = self._timed(git.plan_tree)  # type: ignore[method-assign]
        git.moving_ref = self._moving_ref  # type: ignore[method-assign]
        self._depth = 0

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            self._depth += 1
            begun = time.perf_counter()
            try:
                return function(*args)
            finally:
                self._depth -= 1
                if not self._depth:  # trees are planned one in another
                    self.spent += (time.perf_counter() - begun) * 1000

        return timed

    @contextlib.contextmanager
    def _moving_ref(self, name: str, new: str, old: str) -> Iterator[None]:
        begun = time.perf_counter()
        with self._move(name, new, old):
            self.spent += (time.perf_counter() - begun) * 1000
            yield
            begun = time.perf_counter()
        self.spent += (time.perf_counter() - begun) * 1000


def lessons(root: Path, files: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds in git, until acknowledged, and until the user's index has caught up, for each lesson."""
    in_git, acknowledged, settled = [], [], []
    with Workspace.open(root) as workspace:
        workspace.warm()
        clock = Clock(workspace.git)
        for turn in range(LESSONS + 5):
            path = note(turn * 7919 % files)
            clock.spent = 0.0
            begun = time.perf_counter()
            workspace.update(
                path, lambda text, n=turn: f"{text}And {n}.\n", kind="note", why="it was said", provenance=AGENT
            )  # type: ignore[misc]
            done = time.perf_counter()
            workspace.settle()
            if turn >= 5:
                in_git.append(clock.spent)
                acknowledged.append((done - begun) * 1000)
                settled.append((time.perf_counter() - done) * 1000)
    return in_git, acknowledged, settled


def by_hand(root: Path, files: int) -> list[float]:
    """Milliseconds of `git add FILE && git commit`, for each."""
    times = []
    for turn in range(15):
        path = note((turn * 104729 + 13) % files)
        with (root / path).open("a") as file:
            file.write("By hand.\n")
        begun = time.perf_counter()
        subprocess.run(["git", "add", path], cwd=root, check=True)
        subprocess.run(["git", "commit", "-qm", "by hand"], cwd=root, check=True)
        times.append((time.perf_counter() - begun) * 1000)
    return times


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def main() -> None:
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    for files in (1_000, 50_000):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "mind"
            build(root, files)
            in_git, acknowledged, settled = min(
                (lessons(root, files) for _ in range(ROUNDS)), key=lambda found: statistics.median(found[1])
            )
            hand = statistics.median(by_hand(root, files))
            at = f"at {files:,} files"
            show(Row(NAME, f"git's part, median, {at}", statistics.median(in_git), "ms", BOUNDS["git"]))
            show(Row(NAME, f"git's part, p95, {at}", p95(in_git), "ms"))
            show(
                Row(NAME, f"acknowledged, median, {at}", statistics.median(acknowledged), "ms", BOUNDS["acknowledged"])
            )
            show(Row(NAME, f"acknowledged, p95, {at}", p95(acknowledged), "ms"))
            show(Row(NAME, f"the user's index follows, median, {at}", statistics.median(settled), "ms"))
            show(Row(NAME, f"floor: git add && git commit, {at}", hand, "ms"))
            show(Row(NAME, f"acknowledged / floor, {at}", statistics.median(acknowledged) / hand, "x"))


if __name__ == "__main__":
    main()
