"""Two processes and eight threads write at once: nothing is lost, history stays one line."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from hermes_fs.core.types import Provenance
from tests.store.git_shell import opened, sh, status

PROJECT = Path(__file__).parents[2]
THREADS = 8
LESSONS = 6

WRITER = """
import sys, threading
from pathlib import Path
from hermes_fs.core.types import Provenance
from tests.store.git_shell import opened

name, threads, lessons = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
failed, AGENT = [], Provenance("agent", "user")
with opened(Path(sys.argv[1])) as workspace:
    def write(number):
        try:
            for turn in range(lessons):
                line = f"- {name}-{number}-{turn}\\n"
                workspace.update("MEMORY.md", lambda text: text + line, kind="memory", why="", provenance=AGENT)
        except BaseException as error:
            failed.append(repr(error))
    running = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
    for thread in running: thread.start()
    for thread in running: thread.join()
print(*failed, sep="\\n")
sys.exit(bool(failed))
"""


def test_nothing_is_lost_when_processes_and_threads_write_the_same_file(root: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), name, str(THREADS), str(LESSONS)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("left", "right")
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    lines = set((root / "MEMORY.md").read_text().splitlines())
    assert {f"- {name}-{n}-{t}" for name in ("left", "right") for n in range(THREADS) for t in range(LESSONS)} < lines
    assert sh(root, "git", "rev-list", "--count", "main") == f"{2 * THREADS * LESSONS + 1}\n"
    assert sh(root, "git", "rev-list", "--merges", "main") == ""
    assert status(root) == ""
    assert sh(root, "git", "fsck", "--strict") == ""


def test_a_persons_own_commits_at_the_same_time_take_no_lesson_back(root: Path) -> None:
    commit = "for n in $(seq 40); do echo mine > mine-$n.txt; git add mine-$n.txt && git commit -qm mine; done"
    with opened(root) as workspace:
        person = subprocess.Popen(commit, shell=True, cwd=root, stderr=subprocess.DEVNULL)
        lessons = 0
        while person.poll() is None or lessons < 20:
            line = f"- {lessons}\n"
            workspace.update(
                "MEMORY.md",
                lambda text, line=line: text + line,  # type: ignore[misc]
                kind="memory",
                why="",
                provenance=Provenance("agent", "user"),
            )
            lessons += 1
            time.sleep(0.02)  # nobody learns without a pause; their git gets its turn
    assert sh(root, "git", "show", "main:MEMORY.md") == "- one\n" + "".join(f"- {n}\n" for n in range(lessons))
    mine = sh(root, "git", "log", "--author=Ada", "--format=", "--name-only", "main").split()
    assert mine.count("MEMORY.md") == 1  # the first commit of all
    assert "mine" in sh(root, "git", "log", "--format=%s")
    assert all(line[:2] in ("A ", "??") for line in status(root).splitlines()), status(root)
    assert sh(root, "git", "fsck", "--strict", "--no-dangling") == ""
