"""What a turn is in a transcript: a person's message and all that follows it, up to the one that begins the next. Pure.

What a person says while a turn runs is part of it. Its record says so: `turn` is the id of the message that the turn
began with, its own where it begins one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hermes_fs.store.transcript import Record

Turn = list[Record]
"""The first record is the person's message, whose id names the turn. What was noted later of how it went is part of it,
and so is the `end` of the session."""


def turns(records: Iterable[Record]) -> list[Turn]:
    """Every turn, oldest first. What stands before the first is part of none."""
    found: list[Turn] = []
    for record in records:
        if record.is_asked and not (found and _goes_on(found[-1], record)):
            found.append([record])
        elif found:
            found[-1].append(record)
    return found


def last(records: Sequence[Record]) -> Turn:
    """The last turn; empty where nobody said anything."""
    found = turns(records)
    return found[-1] if found else []


def last_task(records: Sequence[Record]) -> Turn:
    """The last turn in which a tool was called; where there is none, the last."""
    found = turns(records)
    tasks = (turn for turn in reversed(found) if any(record.type == "tool_result" for record in turn))
    return next(tasks, found[-1] if found else [])


def holding(found: Iterable[Turn], asked: str) -> Turn:
    """The turn in which a person said the message with this id; empty where there is none."""
    return next((turn for turn in found if asked in ids(turn)), [])


def ids(turn: Sequence[Record]) -> list[str]:
    """Of what the person said in it, the turn's own first: by each of them it may have been named."""
    return [record.id for record in turn if record.is_asked]


def asked_in(turn: Sequence[Record]) -> str:
    """What the person said in it, all of it."""
    return "\n\n".join(said for record in turn if record.is_asked and (said := record.text("text")))


def answer_of(turn: Sequence[Record]) -> str:
    """What the model said last in it, "" where it said nothing."""
    return next((record.text("text") for record in reversed(turn) if record.is_answer), "")


def is_answered(turn: Sequence[Record]) -> bool:
    """Whether it came to an answer; a turn of a process that was killed did not."""
    done = (record for record in reversed(turn) if record.type in ("message", "tool_call", "tool_result"))
    latest = next(done, None)
    return latest is not None and latest.is_answer


def _goes_on(turn: Sequence[Record], said: Record) -> bool:
    """Whether a message was said while the turn ran."""
    if named := said.text("turn"):
        return named == (turn[0].text("turn") or turn[0].id)
    return _runs(turn)


def _runs(turn: Sequence[Record]) -> bool:
    """Whether a turn still ran after these records, as transcripts tell that do not name turns: it had neither answered
    nor ended, and no call waited for its result. Calls that do are those of a process that was killed."""
    calls, results = 0, 0
    for record in reversed(turn):
        if record.type in ("turn_ended", "end"):
            return False
        calls += record.type == "tool_call"
        results += record.type == "tool_result"
        if record.type == "message":
            return record.is_asked or 0 < calls <= results
    return False
