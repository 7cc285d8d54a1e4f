"""The gate's evals: a new version of a skill against the one that main has and against none. Implements
`agent.gate.Evaluator`; decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hermes_fs.agent.evals.arms import Arm, Plan, Progress, compare
from hermes_fs.agent.evals.attempt import Means
from hermes_fs.agent.evals.case import cases_of
from hermes_fs.agent.gate import Evaluator, Scores
from hermes_fs.core.config import EvalsConfig
from hermes_fs.core.errors import Cancelled, Failed, HermesError
from hermes_fs.core.terminal import one_line
from hermes_fs.store.candidate import Files, files_of
from hermes_fs.store.git import Git

MOST_CASES = 8
"""Cases that the gate tries, the first by name: a lesson must not wait for an hour."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`means` gives model and place when they are needed; `repeat` and `jobs` as in `Plan`; `progress` is told."""

    git: Git
    means: Callable[[], Means]
    repeat: int = 1
    jobs: int = 2
    progress: Progress | None = None

    def __call__(self, name: str, incumbent: str, files: Files) -> Scores | None:
        """None where the new version has no case. Raises what an attempt raises, and Failed where no attempt at all got
        an answer: that says nothing of the skill."""
        cases = cases_of({path: file.data for path, file in files.items()})[:MOST_CASES]
        if not cases:
            return None
        versions: dict[Arm, Files | None] = {"no skill": None}
        if incumbent:
            versions["incumbent"] = files_of(self.git, incumbent, f"skills/{name}")
        plan = Plan(name, cases, {**versions, "candidate": files}, self.repeat, self.jobs)
        found = compare(plan, self.means(), self.progress)
        attempts = [one for tally in found.values() for one in tally.attempts]
        if all(one.ended == "error" for one in attempts):
            raise Failed(f"the model does not answer: {attempts[0].failures[0]}", "see `hermes doctor`")
        candidate, before = found["candidate"], found.get("incumbent")
        return Scores(
            found["no skill"].rate, before.rate if before else None, candidate.rate, candidate.n, candidate.activated
        )


def replay(git: Git, means: Callable[[], Means], wanted: EvalsConfig, progress: Progress | None = None) -> Replay:
    """As the settings want it."""
    return Replay(git, means, wanted.repeat, wanted.jobs, progress)


def announced(wanted: Callable[[], Replay | None], tell: Callable[[str], None]) -> Evaluator:
    """The evals for a person who waits: says that a model is asked. Where none can be, it says that, and they decide
    without. `wanted` is None where the person wants no replay."""

    def evaluate(name: str, incumbent: str, files: Files) -> Scores | None:
        cases_of({path: file.data for path, file in files.items()})  # one that cannot be read is no model's fault
        try:
            made = wanted()
            if made is None:
                return None
            tell(f"{one_line(name)}: its evals are replayed; Ctrl-C stops")
            return made(name, incumbent, files)
        except Cancelled:
            raise
        except HermesError as error:
            tell(f"its evals were not replayed: {one_line(error.message)}")
            return None

    return evaluate
