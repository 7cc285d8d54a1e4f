"""Whether memory stays flat over a long conversation: python benchmarks/long_chat.py [--turns 500].

Drives a conversation as the chat does, in this process. Each turn has a long reply; every fifth reads a file, every
seventh writes one (so the work directory is kept as it was before), every eleventh runs a command. The model's window
is small, so that the conversation is summarised again and again.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
from contestants import Loopback, loopback, ours
from measure import Row, hermes, run, show

from hermes_fs.core.types import Answer
from hermes_fs.runtime import Options, Runtime

WARM = 100
REPLY = "[[fake text=2000]]"
WORK = {
    5: '[[fake tools=1 name=read_file args={"path":"notes.txt"}]]',
    7: '[[fake tools=1 name=write_file args={"path":"made.txt","content":"{i}"}]]',
    11: '[[fake tools=1 name=terminal args={"command":"date >> notes.txt; tail -3 notes.txt"}]]',
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--objects", action="store_true", help="show which objects became more")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, loopback(Path(name)) as server:
        resident, seconds = talk(Path(name), server, wanted.turns, wanted.objects)
    show(Row("long_chat", f"resident after {WARM} turns", resident[WARM], "MiB"))
    show(Row("long_chat", f"resident after {wanted.turns} turns", resident[-1], "MiB", 120))
    slope = statistics.linear_regression(range(len(resident) - WARM), resident[WARM:]).slope
    show(Row("long_chat", f"growth a turn, from turn {WARM} on", slope * 1024, "KiB", 10))
    quarter = max(1, wanted.turns // 4)
    show(Row("long_chat", "a turn, median of the first quarter", statistics.median(seconds[:quarter]) * 1000, "ms"))
    show(Row("long_chat", "a turn, median of the last quarter", statistics.median(seconds[-quarter:]) * 1000, "ms"))


def talk(folder: Path, server: Loopback, turns: int, objects: bool) -> tuple[list[float], list[float]]:
    """MiB after each turn, and how long it took."""
    who = ours(folder, server)
    run([*hermes(), "config", "set", "model.context_window", "32000"], who.env, folder)
    work = who.cwd
    (work / "notes.txt").write_text("some notes\n" * 20)
    environ = dict(os.environ) | dict(who.env)
    resident, seconds = [], []
    itself, before = psutil.Process(), Counter[str]()
    with Runtime.open(Options(folder / "mind", work, environ, yes=True)) as runtime:
        conversation = runtime.conversation()
        for number in range(turns):
            begun = time.perf_counter()
            for _ in conversation.send(
                f"Turn {number}: tell me more. {_marker(number)}", lambda question: Answer(None)
            ):
                pass
            seconds.append(time.perf_counter() - begun)
            resident.append(itself.memory_info().rss / 2**20)
            if objects and number in (WARM, turns - 1):
                before = _compared(before)
        conversation.close()
    return resident, seconds


def _marker(number: int) -> str:
    return next((marker for every, marker in WORK.items() if number % every == every - 1), REPLY)


def _compared(before: Counter[str]) -> Counter[str]:
    gc.collect()
    now = Counter(type(thing).__qualname__ for thing in gc.get_objects())
    for kind, more in (now - before).most_common(25) if before else ():
        print(f"    {more:>8} more {kind}")
    return now


if __name__ == "__main__":
    main()
