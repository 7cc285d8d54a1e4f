"""Merges of random versions of every kind of file: how many conflict, how alike three machines end, how long one takes.

`python benchmarks/merges.py [worlds] [seed]` needs no network; half a minute for 100 worlds of each kind.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from measure import Row, show

from hermes_fs.store.formats.registry import format_of
from hermes_fs.testing import edits

BENCHMARK = "merges"


@dataclass
class Tally:
    seconds: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def world(path: str, seed: str, tally: Tally) -> None:
    """Three machines change one file; each two of them meet first, and then the third."""
    base, *sides = edits.versions(path, random.Random(seed), 3)
    merge = format_of(path).merge
    ends = set()
    clean = True
    for last in range(3):
        one, other = (side for place, side in enumerate(sides) if place != last)
        begun = time.perf_counter()
        first = merge(base, one, other)
        tally.seconds.append(time.perf_counter() - begun)
        tally.counts["conflicts"] += bool(first.conflicts)
        whole = merge(base, first.content, sides[last])
        clean = clean and not first.conflicts and not whole.conflicts
        ends.add(whole.content)
    tally.counts["clean"] += clean
    tally.counts["alike"] += clean and len(ends) == 1


def main() -> None:
    told = [int(word) for word in sys.argv[1:3] if word.isdigit()]
    worlds, seed = [*told, *(100, 1)[len(told) :]]
    whole = Tally()
    print(f"{'file':<40}{'merges':>8}{'conflicts':>11}{'µs, median':>12}{'same in any order':>32}")
    for path in edits.PATHS:
        tally = Tally()
        for number in range(worlds):
            world(path, f"{seed} {path} {number}", tally)
        whole.seconds += tally.seconds
        whole.counts += tally.counts
        print(row(path, tally))
    print(row("all", whole))
    show(Row(BENCHMARK, "a three-way merge, median", 1000 * statistics.median(whole.seconds), "ms", 20))


def row(name: str, tally: Tally) -> str:
    median = 1e6 * statistics.median(tally.seconds)
    alike = f"{tally.counts['alike']} of {tally.counts['clean']} without conflicts"
    return f"{name:<40}{len(tally.seconds):>8}{tally.counts['conflicts']:>11}{median:>12.0f}{alike:>32}"


if __name__ == "__main__":
    main()
