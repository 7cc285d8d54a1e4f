"""The values that everything else hangs on: messages, requests, changes. Frozen; no behaviour beyond derivation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Origin = Literal["owner", "member", "guest", "agent", "tool", "file", "web", "mcp", "channel"]
Trigger = Literal["user", "nudge", "reflection", "audit", "cron", "sync"]
Kind = Literal["memory", "user", "skill", "cron", "note", "audit", "config", "merge", "revert", "purge"]
Role = Literal["system", "user", "assistant", "tool"]
Effects = Literal["none", "ask", "mind", "work"]
"""What a tool may change: nothing; nothing but it waits for a person; the mind; the work directory or the world."""


# -- messages ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """`aside`: added by the agent itself to a person's message (recalled hits, a reminder). The model reads it; it is
    neither shown nor indexed, and it is kept in the transcript so that a replayed prompt is the same byte for byte.
    `origin` is an aside's: whose words it carries."""

    text: str
    aside: bool = False
    origin: Origin = "agent"


@dataclass(frozen=True, slots=True)
class Image:
    """`data` is the encoded file; `media_type` such as image/png."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Audio:
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A file that a model reads as such, a PDF above all. `name` is its file name, `data` the file."""

    media_type: str
    data: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class Thinking:
    """A model's reasoning. `signature` is the provider's opaque proof and goes back to it unchanged."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`arguments` is the JSON text exactly as the model wrote it (it may be malformed): replaying it byte for byte
    keeps the provider's prompt cache warm."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """`origin` is where the text comes from: `agent` for what our own tools say, else whose words it carries. `media`
    is what the model is to look at, too."""

    call_id: str
    text: str
    failed: bool = False
    origin: Origin = "agent"
    media: tuple[Image | Audio | Document, ...] = ()


Part = Text | Image | Audio | Document | Thinking | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool returns whose text is not its own: a file's content, a program's output, a page, what it recalled;
    `media` is what the model is to look at, too."""

    text: str
    origin: Origin
    media: tuple[Image | Audio | Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Role `tool` holds ToolResult parts only; ToolCall and Thinking stand in `assistant` only."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """What was said: the text without asides, parts joined by nothing."""
        return "".join(part.text for part in self.parts if isinstance(part, Text) and not part.aside)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def user(text: str) -> Message:
    return Message("user", (Text(text),))


def system(text: str) -> Message:
    return Message("system", (Text(text),))


def assistant(text: str, *calls: ToolCall) -> Message:
    return Message("assistant", ((Text(text), *calls) if text else calls))


# -- asking a model ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a model is told of a tool; `schema` is the JSON Schema of its arguments (an object)."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or several model calls, and their price in US dollars (None: price unknown).

    `input` counts the whole prompt, `cached` the part of it that the provider read from its cache.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [price for price in (self.cost, other.cost) if price is not None]
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            sum(known) if known else None,
        )

    @property
    def total(self) -> int:
        return self.input + self.output


@dataclass(frozen=True, slots=True)
class Request:
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int | None = None


Finish = Literal["stop", "tools", "length", "filtered"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer of one model call: the last thing of a provider's stream."""

    message: Message
    usage: Usage
    finish: Finish
    model: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one turn; 0 means none. `money` in US dollars, `seconds` of wall time, `tokens` in and out together."""

    steps: int = 50
    tokens: int = 0
    money: float = 0.0
    seconds: float = 0.0


# -- asking a person --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """What a person must decide. `subject` is exactly what is decided on (the command, the path, the diff)."""

    kind: Literal["approve", "choose", "text"]
    prompt: str
    subject: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is one of the options or free text; None: nobody is there to answer, so it is refused."""

    value: str | None
    by: str = ""


# -- changing the mind ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Doc:
    """A file of the mind as read from the disk; `blob` is its git blob id, empty where the file does not exist."""

    text: str
    blob: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a change comes from. `evidence` is `<transcript path>#<first event id>..<last event id>`."""

    origin: Origin
    trigger: Trigger
    person: str = ""
    session: str = ""
    evidence: str = ""
    model: str = ""
    reverts: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found for exactly one new skill tree. `reasons` say, one sentence each, what to mend; `scores` is
    `before -> after (n=…)`, empty without evals; `tested` is how many of its own tests passed."""

    tree: str
    passed: bool
    reasons: tuple[str, ...] = ()
    scores: str = ""
    tested: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A durable write that is asked for.

    `files` maps a workspace-relative POSIX path to its new bytes, None deletes. `expect` maps paths to the blob id that
    the change was made against ("" = must not exist); a path that is not named there is not compared. `modes` are git's
    (100644, 100755) of files that come back as they were; else a file keeps its own.
    """

    files: Mapping[str, bytes | None]
    kind: Kind
    why: str
    provenance: Provenance
    expect: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict | None = None
    modes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commit:
    """A lesson as it stands in history. `change` is the id that survives a rebase (trailer Hermes-Change)."""

    id: str
    change: str
    subject: str
    when: datetime
