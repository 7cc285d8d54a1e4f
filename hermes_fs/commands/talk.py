"""What a slash command is given and what it answers with. No command, no printing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hermes_fs.agent.conversation import Conversation
from hermes_fs.core.errors import UsageError
from hermes_fs.core.events import Event
from hermes_fs.runtime import Runtime

TITLE = 48
"""Characters of a title in a list."""

Events = Iterator[Event]


@dataclass(slots=True)
class Talk:
    """One place where somebody talks with the agent. Its owner is the app; commands may replace `conversation`. `seen`
    maps proposals that were looked at here to what they were then: what is accepted is what was seen."""

    runtime: Runtime
    conversation: Conversation
    seen: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """Text to show as it is; `diff` when it is a patch."""

    text: str
    diff: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """Events to play like those of a turn; `otherwise` is what to say where there were none."""

    events: Events
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """The person wants to leave."""


Outcome = Said | Played | Left
Completes = Literal["", "session", "skill", "lesson", "proposal", "command", "turn"]


@dataclass(frozen=True, slots=True)
class Command:
    """`usage` is what follows the name. `run` may raise HermesError and may block on disk, never on a model."""

    name: str
    usage: str
    about: str
    run: Callable[[Talk, str], Outcome]
    completes: Completes = ""


def number(text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    if not text.isdecimal() or int(text) == 0:
        raise UsageError(f"{text!r} is not a number", "give how many to show")
    return int(text)


def local(moment: datetime) -> str:
    """A moment on this machine's clock."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
