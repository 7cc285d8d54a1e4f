"""What is believed of a person, as values: claims, what was said, what came of it, an answer. Pure; knows no file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from hermes_fs.core.types import Origin, Usage

ClaimKind = Literal["need", "preference", "goal", "constraint", "style"]
Status = Literal["active", "superseded", "contradicted"]
KINDS: tuple[str, ...] = get_args(ClaimKind)
STATUSES: tuple[Status, ...] = get_args(Status)
OWNER = "owner"
"""The person whose model lies at the top of the workspace; every other one has a folder below people/."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One belief about a person. `id` is made of its first text and never changes. `kind` is one of KINDS, "" where
    nobody said. `priority` from 1 to 5, `confidence` from 0 to 1. `evidence` are places in transcripts, as
    `<path>#<first event>..<last event>`, oldest first. `since` and `seen` are days (2026-01-31), "" for unknown: when
    it was first believed and last borne out. `contradicts` and `supersedes` are ids of other claims. `hot`: its text
    stands in USER.md, so that every conversation knows it."""

    id: str
    kind: str
    text: str
    status: Status = "active"
    priority: int = 3
    confidence: float = 0.5
    evidence: tuple[str, ...] = ()
    since: str = ""
    seen: str = ""
    contradicts: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the person themself. `span` is where they stand in a transcript, `session` the conversation's id,
    `origin` the least trusted of the text that the conversation had read by then."""

    text: str
    span: str = ""
    session: str = ""
    origin: Origin = "owner"


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of what was said: one line for each change of the model; the commit or the proposal that holds them, ""
    for none; why nothing could be done; what it cost."""

    changes: tuple[str, ...] = ()
    lesson: str = ""
    proposal: str = ""
    problem: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Opinion:
    """An answer about a person: the claims that it rests on, how sure it is (0 to 1), and where nothing fits, an empty
    `text` with the claims that come nearest. `problem` says why there is no answer in words."""

    text: str
    claims: tuple[Claim, ...] = ()
    confidence: float = 0.0
    nearest: tuple[Claim, ...] = ()
    problem: str = ""
    origin: Origin = "agent"
    usage: Usage = field(default_factory=Usage)
