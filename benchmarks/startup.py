"""What `hermes --help` costs beside starting Python with nothing."""

from __future__ import annotations

import os
import sys

from measure import ROOT, Row, hermes, interleaved, median, run, show

ROUNDS = 21


def main() -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    nothing = [sys.executable, "-S", "-c", "pass"]
    ours = [*hermes(), "--help"]
    found = interleaved({"nothing": lambda: run(nothing, env, ROOT), "ours": lambda: run(ours, env, ROOT)}, ROUNDS)
    floor, help_page = median(found["nothing"]), median(found["ours"])
    show(Row("startup", "python -S -c pass, CPU", floor.cpu * 1000, "ms"))
    show(Row("startup", "hermes --help, CPU", help_page.cpu * 1000, "ms"))
    show(Row("startup", "hermes --help, CPU / python -S -c pass", help_page.cpu / floor.cpu, "times", 9))
    show(Row("startup", "hermes --help, wall", help_page.wall * 1000, "ms"))


if __name__ == "__main__":
    main()
