"""The process that tests of the queue kill: `python -m tests.store.erranding FOLDER add|work|fail`.

Work is a line in the file `done`, written once an errand: as real work does, it looks first whether it was done.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.store import failpoint
from hermes_fs.store.errands import Errand, Errands


def main(folder: Path, what: str) -> None:
    clock = SystemClock()
    with Errands(folder, clock, Ulids(clock)) as errands:
        if what == "add":
            print(errands.add(Errand("reflect", "s1", "t1", ("5 tool calls",))).id, flush=True)
            return
        while errand := errands.take():
            if what == "fail":
                errands.fail(errand, "no luck")
                continue
            work(folder / "done", errand)
            errands.done(errand)


def work(done: Path, errand: Errand) -> None:
    lines = done.read_text().splitlines() if done.exists() else []
    if errand.id not in lines:
        failpoint.reach("work.begun")
        with done.open("a") as file:
            file.write(f"{errand.id}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
