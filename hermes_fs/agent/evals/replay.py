"""The gate's evals: a new version of a skill against the one that main has and against none. Implements
`agent.gate.Evaluator`; decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hermes_fs.agent.evals.arms import Arm, Plan, compare
from hermes_fs.agent.evals.attempt import Means
from hermes_fs.agent.evals.case import cases_of
from hermes_fs.agent.gate import Scores
from hermes_fs.store.candidate import Files, files_of
from hermes_fs.store.git import Git

MOST_CASES = 8
"""Cases that the gate tries, the first by name: a lesson must not wait for an hour."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`means` gives model and place when they are needed; `repeat` and `jobs` as in `Plan`."""

    git: Git
    means: Callable[[], Means]
    repeat: int = 1
    jobs: int = 2

    def __call__(self, name: str, incumbent: str, files: Files) -> Scores | None:
        """None where the new version has no case. Raises what an attempt raises."""
        cases = cases_of({path: file.data for path, file in files.items()})[:MOST_CASES]
        if not cases:
            return None
        versions: dict[Arm, Files | None] = {"no skill": None}
        if incumbent:
            versions["incumbent"] = files_of(self.git, incumbent, f"skills/{name}")
        found = compare(Plan(name, cases, {**versions, "candidate": files}, self.repeat, self.jobs), self.means())
        candidate, before = found["candidate"], found.get("incumbent")
        return Scores(
            found["no skill"].rate, before.rate if before else None, candidate.rate, candidate.n, candidate.activated
        )
