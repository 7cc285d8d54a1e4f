"""The lines that tell a person what background work kept, or wants to: one wording, whoever did it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hermes_fs.core.events import Learned, Proposed
from hermes_fs.core.people import Observed
from hermes_fs.core.types import Commit
from hermes_fs.store.proposal import Proposal


def lines(kept: Iterable[Commit | Learned | Proposal | Proposed | Observed]) -> Iterator[str]:
    """One for each lesson, and one for all that waits."""
    waiting = 0
    for one in kept:
        match one:
            case Commit(id, _, subject) | Learned(Commit(id, _, subject)):
                yield f"learned: {subject} · hermes show {id[:8]}"
            case Observed(changes, lesson) if lesson:
                yield f"learned about you: {'; '.join(changes)} · hermes show {lesson[:8]}"
            case Observed():
                waiting += bool(one.proposal)
            case _:
                waiting += 1
    if waiting:
        yield f"{waiting} lesson{'s await' if waiting > 1 else ' awaits'} you: /review"
