"""How a task went, by its own signs and as transcripts keep it (store/outcomes.py reads it). Pure; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hermes_fs.agent import triggers
from hermes_fs.core.events import EndReason
from hermes_fs.store import turns
from hermes_fs.store.transcript import Record

Result = Literal["success", "failure", "partial"]
_STOPPED: frozenset[EndReason] = frozenset(("cancelled", "steps", "tokens", "money", "seconds", "length"))
"""Endings at which what was done so far may well be right."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task went: `task` is the event of the message that the turn began with, `why` who says so, `skills` the
    trees of those that it used, `session` the one that it belongs to, where another transcript tells of it. `each` says
    of single skills, by tree, what does not hold for the task."""

    task: str
    result: Result
    why: Literal["feedback", "check", "correction", "reflection", "ended"]
    note: str = ""
    skills: tuple[str, ...] = ()
    session: str = ""
    each: tuple[tuple[str, Result], ...] = ()

    def data(self) -> dict[str, Any]:
        """Of the record that keeps it."""
        said = {"task": self.task, "result": self.result, "why": self.why, "note": self.note}
        more = {"session": self.session} if self.session else {}
        each = {"each": dict(self.each)} if self.each else {}
        return {**said, "skills": list(self.skills), **more, **each}


def ended(turn: Sequence[Record], asked: str, skills: tuple[str, ...], reason: EndReason) -> Iterator[Outcome]:
    """Of a turn with calls that just ended: by its end, and by the check that failed last."""
    result: Result = "success" if reason == "done" else "partial" if reason in _STOPPED else "failure"
    yield Outcome(asked, result, "ended", "" if reason == "done" else reason, skills)
    if check := triggers.facts(turn).check:
        yield Outcome(asked, "failure", "check", f"{check} failed last", skills)


def corrected(turn: Sequence[Record], text: str) -> Outcome | None:
    """Of the turn before, where a person's message puts its answer right."""
    if not triggers.corrects(text, turns.answer_of(turn)):
        return None
    return Outcome(turn[0].id, "partial", "correction", "", tuple(triggers.facts(turn).skills))


def reasons_of(turn: Sequence[Record], many: int) -> tuple[str, ...]:
    """Why a turn is worth looking back on; `many` calls make it complex."""
    return triggers.reasons(triggers.facts(turn), many)
