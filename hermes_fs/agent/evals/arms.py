"""Compares versions of a skill on its cases: without it, as it is, as it would be. Several attempts side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal

from hermes_fs.agent.evals.attempt import Attempt, Means, attempt
from hermes_fs.agent.evals.case import Case
from hermes_fs.core.statistics import wilson
from hermes_fs.core.types import Usage
from hermes_fs.store.candidate import Files

Arm = Literal["no skill", "incumbent", "candidate"]
Progress = Callable[[int, int], None]
"""Called with attempts done and attempts in all."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The attempts of one arm. `low` and `high` are the 95 % interval of the share that went well."""

    attempts: tuple[Attempt, ...]

    @property
    def n(self) -> int:
        return len(self.attempts)

    @property
    def passed(self) -> int:
        return sum(one.passed for one in self.attempts)

    @property
    def rate(self) -> float:
        return self.passed / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.passed, self.n)

    @property
    def activated(self) -> int:
        return sum(one.activated for one in self.attempts)

    @property
    def usage(self) -> Usage:
        return sum((one.usage for one in self.attempts), Usage())

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.attempts) / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`versions` maps arms to the skill's files, None for none; each case is tried `repeat` times in each arm, `jobs`
    of them at a time."""

    name: str
    cases: Sequence[Case]
    versions: Mapping[Arm, Files | None]
    repeat: int = 1
    jobs: int = 2


def compare(plan: Plan, means: Means, progress: Progress | None = None) -> dict[Arm, Tally]:
    """Runs all of it; blocks. Raises Cancelled, and what `attempt` raises; then nothing goes on running."""
    wanted = [(arm, case) for _ in range(plan.repeat) for case in plan.cases for arm in plan.versions]
    found: dict[Arm, list[Attempt]] = {arm: [] for arm in plan.versions}
    with ThreadPoolExecutor(max_workers=max(1, plan.jobs), thread_name_prefix="eval") as pool:
        running = {pool.submit(attempt, case, _skills(plan, arm), means): arm for arm, case in wanted}
        try:
            for done in _as_they_end(running):
                found[running[done]].append(done.result())
                if progress:
                    progress(sum(map(len, found.values())), len(wanted))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            means.cancel.set()
            raise
    return {arm: Tally(tuple(sorted(attempts, key=lambda one: one.case))) for arm, attempts in found.items()}


def _skills(plan: Plan, arm: Arm) -> dict[str, Files]:
    files = plan.versions[arm]
    return {plan.name: files} if files else {}


def _as_they_end(running: Mapping[Future[Attempt], Arm]) -> Iterator[Future[Attempt]]:
    """Waits in short steps, so that an interrupt is heard."""
    left = set(running)
    while left:
        done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
        yield from done
