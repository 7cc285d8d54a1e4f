"""What `hermes bisect` asks of the mind as it was at a lesson: a command, a skill's tests, its evals."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

from hermes_fs.agent.evals import case as cases
from hermes_fs.agent.evals.arms import Plan, compare
from hermes_fs.agent.trial import Trials
from hermes_fs.core.errors import Failed, Refused
from hermes_fs.core.ports import Cancel
from hermes_fs.runtime import Runtime
from hermes_fs.store import past
from hermes_fs.store.bisecting import Answer
from hermes_fs.store.candidate import Files, files_of
from hermes_fs.store.git import Git
from hermes_fs.store.past import Past
from hermes_fs.store.workspace import Workspace

_SKIP = 125
_MOST = 127  # above it a command was stopped by a signal, as `git bisect run` has it
_SIGNALS = 64
_TAIL = 4096


class Command:
    """Runs a person's command in a copy of the mind, as they would in their own shell: they typed it, so it is theirs
    and no sandbox's. HERMES_WORKSPACE names the copy, so that `hermes` in it means that one."""

    def __init__(self, workspace: Workspace, copy: Past, command: str, environ: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._copy = copy
        self._command = command
        self._environ = environ
        self.said = ""

    def __call__(self, commit: str) -> Answer:
        """Raises Failed where a signal ended it."""
        past.move(self._workspace, self._copy, commit)
        code = self._run()
        if code < 0 or code > _MOST:
            raise Failed(f"the command {_ended(code)}", "that is neither good nor bad: try the command by hand")
        return Answer("good" if code == 0 else "skip" if code == _SKIP else "bad", f"exit {code}")

    def _run(self) -> int:
        own = {"HERMES_WORKSPACE": str(self._copy.root), "PWD": str(self._copy.root)}
        with tempfile.TemporaryFile() as out:
            running = subprocess.Popen(
                ["/bin/sh", "-c", self._command],
                cwd=self._copy.root,
                env={**self._environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                return running.wait()
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended, and all of its with it
                    os.killpg(running.pid, signal.SIGKILL)
                running.wait()
                out.seek(max(0, out.seek(0, os.SEEK_END) - _TAIL))
                self.said = out.read().decode("utf-8", "replace")


class Tests:
    """Runs a skill's tests as it has them at a lesson, as `hermes skills test` does: in a sandbox without network."""

    def __init__(self, git: Git, name: str, trials: Trials) -> None:
        self._git = git
        self._name = name
        self._trials = trials
        self.said = ""

    def __call__(self, commit: str) -> Answer:
        files = files_at(self._git, self._name, commit)
        if not files:
            return Answer("skip", "no such skill then")
        trial = self._trials.run(self._name, files)
        self.said = "\n".join(f"{line.name}: {line.detail}" for line in trial.failures)
        if not trial.ran or (trial.why and not trial.failures):
            return Answer("skip", trial.why)
        if not trial.lines:
            return Answer("skip", "no tests then")
        count = f"{len(trial.lines) - len(trial.failures)} of {len(trial.lines)} tests passed"
        return Answer("good" if trial.passed else "bad", count)


class Evals:
    """Has a model do the cases that a skill has at the bad end, with the skill as it was at a lesson. Good is what does
    more like the good end than like the bad one."""

    def __init__(self, runtime: Runtime, name: str, bad: str, model: str, repeat: int) -> None:
        self._runtime = runtime
        self._name = name
        self._model = model
        self._repeat = repeat
        files = files_at(runtime.workspace.git, name, bad)
        self._cases = cases.cases_of({path: file.data for path, file in files.items()})
        if not self._cases:
            raise Refused(f"{name} has no evals", f"make one: hermes eval new --from-session last --skill {name}")
        self._enough = 0.0
        self.said = ""

    def measure(self, goods: Sequence[str], bad: str) -> None:
        """How both ends do. Raises Failed where the good one does no better."""
        high, low = (self._rate(commit) for commit in (goods[0], bad))
        if high[0] <= low[0]:
            what = f"{goods[0][:8]} does no better than {bad[:8]}: {high[1]} and {low[1]}"
            raise Failed(what, "name other ends with --good and --bad, or try more often with --repeat")
        self._enough = (high[0] + low[0]) / 2

    def __call__(self, commit: str) -> Answer:
        rate, figure = self._rate(commit)
        if not figure:
            return Answer("skip", "no such skill then")
        return Answer("good" if rate > self._enough else "bad", figure)

    def _rate(self, commit: str) -> tuple[float, str]:
        files = files_at(self._runtime.workspace.git, self._name, commit)
        if not files:
            return 0.0, ""
        plan = Plan(self._name, self._cases, {"candidate": files}, self._repeat)
        tally = compare(plan, self._runtime.means(self._model, Cancel()))["candidate"]
        return tally.rate, f"{tally.passed} of {tally.n} attempts passed"


def _ended(code: int) -> str:
    """How a command ended of which nothing can be told: a shell says 128 and the signal's number, and there are 64."""
    number = -code if code < 0 else code - _MOST - 1
    return f"was ended by signal {number}" if 0 < number <= _SIGNALS else f"ended with {code}"


def files_at(git: Git, name: str, commit: str) -> Files:
    """A skill at a commit, none where there was none."""
    folder = f"skills/{name}"
    tree = git.tree_at(commit, folder)
    return files_of(git, tree, folder) if tree and git.blob_at(commit, f"{folder}/SKILL.md") else {}
