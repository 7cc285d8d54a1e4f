"""Asks again what a person asked in a session: of another version of the mind, or of another model, and tells both
ways apart, message by message. Learns nothing; where things are done is for who makes the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hermes_fs.agent.conversation import Conversation
from hermes_fs.agent.recorded import Recording
from hermes_fs.core.types import Answer, Audio, Document, Image, Part, Question, Text, Usage
from hermes_fs.store import turns
from hermes_fs.store.replay import Blob, replay
from hermes_fs.store.transcript import Record

_FILE = re.compile(r"\n\n<foreign (\w+) file>\nFile .*?\n</foreign \1>", re.DOTALL)
"""A text file as it goes along with a message."""


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One way that a message was answered. `ended` is the turn's ending, such as done, steps or error; `detail` one
    line on it."""

    answer: str
    calls: tuple[Call, ...]
    usage: Usage
    ended: str = "done"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """A message, how it was answered `then` and how `now`; of the calls of now, `served` were answered from the record
    and `refused` were none of the session's."""

    asked: str
    then: Way
    now: Way
    served: int = 0
    refused: int = 0

    @property
    def same(self) -> bool:
        """Whether it came to the same words."""
        return self.then.answer.strip() == self.now.answer.strip() and self.then.ended == self.now.ended


def rerun(
    conversation: Conversation, asked: Sequence[turns.Turn], recording: Recording, blob: Blob = lambda name: b""
) -> Iterator[Compared]:
    """Sends the session's messages one by one; a model that fails is a turn that ended in an error, and the next
    follows. What a person said while a turn ran is said at once."""
    for turn in asked:
        served, refused = recording.served, recording.refused
        said = turns.asked_in(turn)
        for _ in conversation.send(said, _nobody, list(_attached(turn, blob))):
            pass
        now = way_of(conversation.pen.ended)
        yield Compared(said, way_of(turn), now, recording.served - served, recording.refused - refused)


def way_of(turn: Sequence[Record]) -> Way:
    """Out of the records of one turn."""
    failed = {record.text("call") for record in turn if record.type == "tool_result" and record.data.get("failed")}
    calls = [record for record in turn if record.type == "tool_call"]
    over = next((record for record in reversed(turn) if record.type == "turn_ended"), None)
    return Way(
        turns.answer_of(turn),
        tuple(Call(one.text("name"), one.text("arguments"), one.text("call") in failed) for one in calls),
        sum((_usage(record) for record in turn if record.type == "usage"), Usage()),
        over.text("reason") if over else "done",
        over.text("detail") if over else "",
    )


def total(ways: Sequence[Way]) -> Way:
    """All of one side put together, without its words."""
    calls = tuple(call for way in ways for call in way.calls)
    return Way("", calls, sum((way.usage for way in ways), Usage()))


def _usage(record: Record) -> Usage:
    cost = record.data.get("cost")
    price = float(cost) if isinstance(cost, int | float) else None
    return Usage(record.whole("input"), record.whole("output"), record.whole("cached"), price)


def _attached(turn: Sequence[Record], blob: Blob) -> Iterator[Part]:
    """Files, pictures, sounds and documents that went along. What recall added then is not sent: it is found anew."""
    said = [record for record in turn if record.is_asked]
    for record in said:
        yield from (Text(found[0], aside=True, origin="file") for found in _FILE.finditer(record.text("aside")))
    for message in replay(said, blob=blob):
        yield from (part for part in message.parts if isinstance(part, Image | Audio | Document))


def _nobody(question: Question) -> Answer:
    return Answer(None)
