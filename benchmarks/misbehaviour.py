"""What becomes of a conversation whose server misbehaves: the matrix of hermes_fs.testing.misbehaviour as a table.

`python benchmarks/misbehaviour.py [--wire chat]` needs no network; about a minute for all three wires.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from hermes_fs.runtime import Runtime
from hermes_fs.store.init import init
from hermes_fs.testing.misbehaviour import CASES, Case, Outcome, meet, options
from hermes_fs.testing.openai_server import OpenAIServer

WIRES = ("chat", "responses", "anthropic")


def outcome(wire: str, case: Case, folder: Path) -> Outcome:
    with OpenAIServer() as server, Runtime.open(options(server, folder / "mind", folder, wire)) as runtime:
        return meet(runtime, server, case)


def row(case: Case, found: list[Outcome]) -> str:
    first = found[0]
    kept = all(one.answered and one.replays for one in found)
    came = "recovered" if first.reason == "done" else first.detail
    if any(one.reason != first.reason for one in found):
        came = " / ".join(one.reason for one in found)
    seconds = " / ".join(f"{one.seconds:.2f}" for one in found)
    calls = " / ".join(str(one.calls) for one in found)
    return f"| {case.name} | {came} | {calls} | {seconds} | {'yes' if kept else 'NO'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wire", choices=WIRES)
    wanted = parser.parse_args().wire
    wires = (wanted,) if wanted else WIRES
    print(
        f"| case | what happened | requests ({' / '.join(wires)}) | seconds | transcript replays, next turn answered |"
    )
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        init(Path(name) / "mind")[0].close()
        for case in CASES:
            print(row(case, [outcome(wire, case, Path(name)) for wire in wires]), flush=True)


if __name__ == "__main__":
    main()
