"""Runs the benchmarks: python benchmarks/run.py [NAME ...]. Each runs in a process of its own and alone.

Prints each figure as it comes, then all of them as one table; exits with 1 when a bound is not kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

from measure import RESULTS, Row  # noqa: E402  (a script's own folder)


def names() -> list[str]:
    """The benchmarks that there are: files beside this one with a `main()`."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.stem not in ("run", "bare") and "\ndef main()" in path.read_text("utf-8")
    )


def main() -> int:
    chosen = sys.argv[1:] or names()
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        print(f"error: no benchmark {unknown[0]} (there are: {', '.join(names())})", file=sys.stderr)
        return 2
    failed = []
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as results:
        environment = os.environ | {RESULTS: results.name, "PYTHONPATH": str(HERE.parent)}
        for name in chosen:
            print(f"\n== {name}", flush=True)
            if subprocess.run([sys.executable, HERE / f"{name}.py"], env=environment).returncode:
                failed.append(name)
        rows = [Row(**json.loads(line)) for line in results]
    print("\n== all", *rows, sep="\n")
    if failed:
        print(f"error: could not be measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed or not all(row.kept for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
