"""python -m benchmarks.learning [--seeds N]: three arms on forty held-out tasks, with confidence intervals."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter

from benchmarks.learning import arms
from benchmarks.learning.families import FAMILIES
from benchmarks.learning.noisy import KNOWS, RATES, SLIPS, teach, worker
from benchmarks.learning.real import KIND, means_of, teacher
from hermes_fs.agent.evals.attempt import Means
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ports import Cancel
from hermes_fs.core.statistics import mean_interval
from hermes_fs.testing.scripted import ScriptedProvider

NAMES = ("no learning", "ungated", "gated")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="independent learners (default 5)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--jobs", type=int, default=2, help="attempts at a time (default 2)")
    parser.add_argument("--families", type=int, default=len(FAMILIES), help="only the first so many")
    parser.add_argument("--model", help="a real model instead of the scripted ones, with the keys of the environment")
    parser.add_argument("--base-url", default="", help="its server")
    parser.add_argument("--small", action="store_true", help="the short prompt, for a small model")
    given = parser.parse_args()
    families = FAMILIES[: given.families]
    found: dict[str, list[arms.Arm]] = {name: [] for name in NAMES}
    for seed in range(given.first, given.first + given.seeds):
        for name in NAMES:
            begun = time.monotonic()
            means = means_of(given.model, given.base_url, given.small) if given.model else _means(seed)
            taught = teacher(means) if given.model else teach
            found[name].append(arms.run(name, seed, arms.Course(means, given.jobs, families, taught)))
            rate, took = found[name][-1].rate, time.monotonic() - begun
            print(f"seed {seed}  {name:<12} {rate:4.0%}  {took:.0f} s", file=sys.stderr, flush=True)
    _show(found, len(families), given.seeds, given.model or "")
    return 0


def _means(seed: int) -> Means:
    answer = worker(seed)
    return Means(lambda: ScriptedProvider([answer] * 40), SystemClock(), os.environ, "full", Cancel())


def _show(found: dict[str, list[arms.Arm]], families: int, seeds: int, model: str) -> None:
    tasks = families * arms.TESTED
    print(f"\n{tasks} held-out tasks in {families} families, {seeds} seeds, {arms.ROUNDS} lessons on each family")
    scripted = f"scripted worker, finds the rule itself {KNOWS:.0%}, slips {SLIPS:.0%}"
    print(f"{f'worker and teacher: {model}' if model else scripted}\n")
    print(f"{'arm':<14}{'success':>8}   95 % of the mean")
    for name in NAMES:
        rates = [arm.rate for arm in found[name]]
        low, high = mean_interval(rates)
        print(f"{name:<14}{sum(rates) / len(rates):>8.1%}   {low:.1%} to {high:.1%}")
    for other in NAMES[:2]:
        gains = [mine.rate - theirs.rate for mine, theirs in zip(found["gated"], found[other], strict=True)]
        low, high = mean_interval(gains)
        print(f"gated above {other}: {sum(gains) / len(gains):+.1%} ({low:+.1%} to {high:+.1%}, by seed)")
    kept, refused = Counter[str](), Counter[str]()
    for arm in found["gated"]:
        kept += arm.kept
        refused += arm.refused
    print(f"\n{'lessons':<24}{'share':>7}{'kept':>7}{'refused':>9}")
    for kind, rate in ({KIND: 1.0} if model else RATES).items():
        print(f"{kind:<24}{rate:>7.0%}{kept[kind]:>7}{refused[kind]:>9}")


if __name__ == "__main__":
    sys.exit(main())
