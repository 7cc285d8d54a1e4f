"""What other agents keep, in words of our own: entries, notes, jobs, conversations. Values only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from hermes_fs.core.types import Origin

Kind = Literal["hermes-agent", "openclaw", "folder"]
Speaker = Literal["user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What does not come over, and why, in a few words."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as it was made; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation. `key` is what its source calls it, which never changes; `call` is the id of the
    call that a tool's text answers, `tool` that tool's name."""

    key: str
    speaker: Speaker
    text: str
    at: datetime | None
    calls: tuple[Call, ...] = ()
    call: str = ""
    tool: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation. `key` is what its source calls it, `channel` where it was held, `origin` whose words the person's
    messages are; `parent` is the key of the one that it goes on with; `lines` reads it, anew with each call."""

    key: str
    channel: str
    origin: Origin
    started: datetime
    title: str
    model: str
    lines: Callable[[], Iterator[Line]]
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """What a folder of another agent holds. `memory` and `user` are entries in their order; `notes` maps a topic to its
    text; `jobs` are as cron.yaml has them, by id; `skills` are folders of skills, of which `bundled` names those
    that came with the other agent; `talks` gives its conversations, anew with each call."""

    kind: Kind
    root: Path
    memory: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    jobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    soul: str = ""
    skills: tuple[Path, ...] = ()
    bundled: frozenset[str] = frozenset()
    talks: Callable[[], Iterator[Talk | LeftOut]] = lambda: iter(())
    left_out: tuple[LeftOut, ...] = ()
