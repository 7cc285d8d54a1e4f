"""The closed union of what a turn can show. Consumers match on it and end with `assert_never`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hermes_fs.core.types import Answer, Commit, Message, Origin, Question, ToolCall, ToolResult, Usage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the visible reply."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Appended:
    """A whole message joined the conversation; this, not the deltas, is what the transcript keeps.

    `usage` is that of the model call which made it, by `model` (assistant messages only).
    """

    message: Message
    origin: Origin
    usage: Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class ToolStarted:
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """A piece of a running tool's output, for showing only."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """`seconds` of wall time. Every ToolStarted is followed by exactly one of these, refused or cancelled ones too."""

    call: ToolCall
    result: ToolResult
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A person was asked and this is the answer (the question itself goes through `Turn.ask`)."""

    question: Question
    answer: Answer


@dataclass(frozen=True, slots=True)
class Compacted:
    """The first `replaced` messages after the system prompt now stand as `summary` in the model's view; the transcript
    keeps them all."""

    summary: Message
    replaced: int


@dataclass(frozen=True, slots=True)
class SkillUsed:
    """A skill was loaded; `tree` is the git tree id of its folder at that moment."""

    name: str
    tree: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a line. After `retry` and `fallback` the deltas shown since the last Appended are void."""

    kind: Literal["retry", "fallback", "compaction", "lesson", "warning"]
    text: str


@dataclass(frozen=True, slots=True)
class Learned:
    """A lesson is acknowledged: it is on `main` and survives a crash."""

    commit: Commit


@dataclass(frozen=True, slots=True)
class Proposed:
    """A lesson waits for a person. `id` is what they type to see it; `why` says in a few words why it waits."""

    id: str
    subject: str
    why: str


EndReason = Literal[
    "done", "cancelled", "steps", "tokens", "money", "seconds", "length", "filtered", "repeating", "error"
]


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """Always the last event of a turn. `detail` is one line for a person, empty for `done`."""

    reason: EndReason
    usage: Usage
    detail: str = ""


Event = (
    TextDelta
    | ThinkingDelta
    | Appended
    | ToolStarted
    | ToolOutput
    | ToolFinished
    | Asked
    | Compacted
    | SkillUsed
    | Notice
    | Learned
    | Proposed
    | TurnEnded
)
