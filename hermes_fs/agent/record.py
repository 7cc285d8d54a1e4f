"""Writes what a turn shows into the transcript and passes it on: one stream, many faces.

Every whole message is flushed and fsynced before it is passed on, and a decision before it is acted on. Only a reply
that is still streaming can be lost in a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never

from hermes_fs.agent.self_hint import may_speak
from hermes_fs.core.clock import Clock, iso
from hermes_fs.core.events import (
    Appended,
    Asked,
    Compacted,
    EndReason,
    Event,
    Learned,
    Notice,
    Proposed,
    SkillUsed,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
)
from hermes_fs.core.ids import Ulids
from hermes_fs.core.loading import load
from hermes_fs.core.origins import least_trusted
from hermes_fs.core.types import Origin, Text, ToolResult
from hermes_fs.store.replay import message_records, origins, result_record
from hermes_fs.store.transcript import OWN_CHANNELS, Record, Transcript

_TELLING = frozenset(("tool_result", "skill_used", "outcome"))
"""Records without which a turn says nothing that could be learned from."""

if TYPE_CHECKING:  # loaded by the first task: an answer without a call is none
    from hermes_fs.agent.outcome import Outcome, Result


@dataclass(slots=True)
class Pen:
    """Writes one session's events; `asked` and `latest` are the ids of the message that the last turn began with and of
    the last event, `used` the trees of the skills that this turn has used. `origins` are those of all text that the
    model has read: what it writes inherits the least trusted one. `turn` holds the records of the turn that runs,
    `ended` those of the last one."""

    transcript: Transcript
    ulids: Ulids
    clock: Clock
    person: str
    channel: str
    model: str
    asked: str = ""
    latest: str = ""
    used: dict[str, None] = field(default_factory=dict)
    origins: set[Origin] = field(default_factory=set)
    turn: list[Record] = field(default_factory=list)
    ended: list[Record] = field(default_factory=list)

    def write(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass the events on, each after it is written."""
        if self.turn:  # the stream before was let go of in its middle
            self.ended, self.turn = self.turn, []
        for event in events:
            for record in self._records(event):
                self.transcript.append(record)
                self.latest = record.id
                if record.is_asked and not self.turn:
                    self.asked = record.id
                    self.used.clear()
                if self.turn or record.is_asked:
                    self.turn.append(record)
            if isinstance(event, TurnEnded):
                self.ended, self.turn = self.turn, []
            if isinstance(event, Appended | Asked | TurnEnded):
                self.transcript.sync()
            if isinstance(event, Appended):
                self.origins |= _origins(event)
            yield event

    def prompted(self, commit: str) -> None:
        """The prompt was built anew, from this commit of main: what is said from now on was asked by it."""
        transcript = self.transcript
        if transcript.is_draft:
            transcript.header = replace(transcript.header, commit=commit)
        else:
            transcript.append(self._record("prompted", "agent", {"commit": commit}))

    def go_on(self, records: Sequence[Record]) -> None:
        """The session has these records already. What the person says of the last task before their first message is of
        the last one in there."""
        last, last_task = (load(f"hermes_fs.store.turns:{name}") for name in ("last", "last_task"))
        self.origins |= origins(records)
        self.ended = last(records)
        task: list[Record] = last_task(records)
        self.asked = task[0].id if task else ""
        self.used = {one.text("tree") or one.text("name"): None for one in task if one.type == "skill_used"}

    def evidence(self) -> str:
        """Where the conversation stands: the events of the turn so far, without the file's path."""
        return f"{self.asked}..{self.latest}" if self.asked and self.latest else ""

    def taught(self, many: int) -> tuple[str, ...]:
        """Why the last turn is worth looking back on; `many` calls make it complex."""
        if not any(record.type in _TELLING for record in self.ended):
            return ()
        found: tuple[str, ...] = load("hermes_fs.agent.outcome:reasons_of")(self.ended, many)
        return found

    def spoke(self) -> bool:
        """Whether the person may have said something about themself in the last turn."""
        return any(may_speak(record.text("text")) for record in self.ended if record.is_asked)

    def rate(self, result: Result, note: str = "") -> bool:
        """What a person says of the last task; False where nothing was asked yet."""
        if not self.asked:
            return False
        self.judge(load("hermes_fs.agent.outcome:Outcome")(self.asked, result, "feedback", note, tuple(self.used)))
        return True

    def judge(self, outcome: Outcome) -> None:
        """Write how a task went; on the disk when this returns."""
        origin: Origin = "owner" if outcome.why == "feedback" else "agent"
        self.transcript.append(self._record("outcome", origin, outcome.data()))
        self.transcript.sync()

    def end(self, reason: str) -> None:
        """The session is over. Nothing is written where nothing was said, or where it ended before."""
        if not self.transcript.is_draft:
            self.transcript.append(self._record("end", "agent", {"reason": reason}))
            self.transcript.sync()

    def _records(self, event: Event) -> Iterator[Record]:
        match event:
            case Appended(message, origin, usage, model):
                begins = message.role == "user" and not self.turn
                if message.role != "tool":  # results were written one by one, as they came
                    source = least_trusted({*self.origins, origin}) if message.role == "assistant" else origin
                    for kind, data in message_records(message):
                        yield self._record(kind, source, data)
                if begins:
                    yield from self._corrected(message.text)
                if usage:
                    yield self._record("usage", "agent", {**asdict(usage), "model": model or self.model})
            case ToolFinished(call, result, seconds):
                yield self._record("tool_result", result.origin, result_record(call, result, seconds))
            case Asked(question, answer):
                asked = {"kind": question.kind, "prompt": question.prompt, "subject": question.subject}
                yield self._record("decision", "owner", {**asked, "answer": answer.value, "by": answer.by})
            case TextDelta() | ThinkingDelta() | ToolStarted() | ToolOutput() | Notice():
                return  # shown only: what they lead to is appended whole
            case Compacted() | SkillUsed() | Learned() | Proposed() | TurnEnded():
                yield from self._marks(event)
            case _:
                assert_never(event)

    def _marks(self, event: Compacted | SkillUsed | Learned | Proposed | TurnEnded) -> Iterator[Record]:
        match event:
            case Compacted(summary, replaced):
                source = least_trusted({*self.origins, "agent"})
                yield self._record("compaction", source, {"summary": summary.text, "replaced": replaced})
            case SkillUsed(name, tree):
                self.used.setdefault(tree or name)
                yield self._record("skill_used", "agent", {"name": name, "tree": tree})
            case Learned(commit):
                data = {"commit": commit.id, "change": commit.change, "subject": commit.subject}
                yield self._record("learned", "agent", data)
            case Proposed(id, subject, why):
                yield self._record("proposed", "agent", {"proposal": id, "subject": subject, "why": why})
            case TurnEnded(reason, _, detail):
                if reason != "done":
                    yield self._record("turn_ended", "agent", {"reason": reason, "detail": detail})
                yield from self._outcomes(reason)

    def _outcomes(self, reason: EndReason) -> Iterator[Record]:
        """How the task that just ended went, by its own signs."""
        if self.channel in OWN_CHANNELS or not any(record.type == "tool_result" for record in self.turn):
            return
        for outcome in load("hermes_fs.agent.outcome:ended")(self.turn, self.asked, tuple(self.used), reason):
            yield self._record("outcome", "agent", outcome.data())

    def _corrected(self, text: str) -> Iterator[Record]:
        """Where a person's message puts right what was answered before: how that went."""
        if self.ended and (found := load("hermes_fs.agent.outcome:corrected")(self.ended, text)):
            yield self._record("outcome", "owner", found.data())

    def _record(self, kind: str, origin: Origin, data: Mapping[str, Any]) -> Record:
        record = Record(self.ulids(), kind, iso(self.clock.now()), self.person, self.channel, origin, data)
        turn = self.turn[0].id if self.turn else record.id
        return replace(record, data={**data, "turn": turn}) if record.is_asked else record


def _origins(event: Appended) -> set[Origin]:
    """Whose words a message brings into the conversation."""
    found = {part.origin for part in event.message.parts if isinstance(part, ToolResult)}
    found |= {part.origin for part in event.message.parts if isinstance(part, Text) and part.aside}
    return found if event.message.role == "tool" else found | {event.origin}
