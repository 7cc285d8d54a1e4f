"""Tries a new version of a skill against its own tests and against those of the version before it. Decides by what
ran, not by what anybody says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hermes_fs.agent.trial import Line, Trial, Trials, is_test
from hermes_fs.core.ports import Cancel
from hermes_fs.core.terminal import one_line
from hermes_fs.store.candidate import Candidate, Files

_SHOWN = 5
_DETAIL = 160


@dataclass(frozen=True, slots=True)
class Tried:
    """What running a version showed: reasons against it, and how many of its own tests passed. `final`: the same
    version would show the same again."""

    reasons: tuple[str, ...] = ()
    passed: int = 0
    final: bool = True


def try_out(trials: Trials, candidate: Candidate, cancel: Cancel, is_earlier: Callable[[], bool]) -> Tried:
    """Blocks while tests run. Raises as `Trials.run`. A version that `is_earlier` than the one that it follows is not
    held to later tests."""
    own = trials.run(candidate.name, candidate.after, cancel)
    if not own.passed:
        return Tried(_said(own, "the test"), 0, final=own.ran and not own.why)
    old = _with_old_tests(candidate)
    if old and not is_earlier():
        against = _against(trials, candidate, old, cancel)
        if against.reasons:
            return against
    return Tried((), sum(is_test(line.name.partition("::")[0]) for line in own.lines))


def _with_old_tests(candidate: Candidate) -> Files:
    """The new version with the tests of the one before; empty where they are among its own, or there are none."""
    old = {path: file for path, file in candidate.before.items() if path.startswith("tests/")}
    if not any(map(is_test, old)) or all(candidate.after.get(path) == file for path, file in old.items()):
        return {}
    return {path: file for path, file in candidate.after.items() if not path.startswith("tests/")} | old


def _against(trials: Trials, candidate: Candidate, files: Files, cancel: Cancel) -> Tried:
    """What the old tests have against the new version. One that failed before is not held against it."""
    trial = trials.run(candidate.name, files, cancel)
    if trial.passed:
        return Tried()
    before = trials.run(candidate.name, candidate.before, cancel)
    known = {line.name for line in before.failures}
    fresh = [line for line in trial.failures if line.name not in known]
    if not trial.why and not fresh:
        return Tried()
    shown = Trial(trial.ran, False, tuple(fresh), trial.seconds, trial.why)
    return Tried(_said(shown, "a test of the version before it"), 0, final=trial.ran and not trial.why)


def _said(trial: Trial, what: str) -> tuple[str, ...]:
    failed = _lines(trial.failures, what)
    return (*failed, trial.why) if trial.why else failed


def _lines(failures: Sequence[Line], what: str) -> tuple[str, ...]:
    told = [f"{what} {line.name} fails{f': {_end(line.detail)}' if line.detail else ''}" for line in failures[:_SHOWN]]
    return (*told, f"{len(failures) - _SHOWN} more tests fail") if len(failures) > _SHOWN else tuple(told)


def _end(detail: str) -> str:
    """The last line that says anything: where an assertion, or an error, names itself."""
    rows = [one_line(row).strip() for row in detail.splitlines()]
    told = [row for row in rows if row.startswith("E ")] or [row for row in rows if row]
    return told[0 if told and told[0].startswith("E ") else -1].removeprefix("E").strip()[:_DETAIL] if told else ""
