"""What one turn is given: the seam between the loop and those who compose it."""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hermes_fs.core.clock import Clock
from hermes_fs.core.events import Compacted
from hermes_fs.core.ports import Ask, Cancel, Context, Provider, Tool
from hermes_fs.core.types import Limits, Message, Usage


class Compactor(Protocol):
    """A message transform that makes a conversation fit its model's window."""

    def __call__(self, messages: Sequence[Message], force: bool, cancel: Cancel) -> tuple[Compacted, Usage] | None:
        """What to replace; None where all fits or nothing can go. `force`: the model has said that it does not fit.
        Blocks on a model call."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything that one turn needs. `messages` starts with the system prompt and ends with the person's message;
    what arrives in `inbox` meanwhile joins the conversation before the next model call."""

    provider: Provider
    tools: Mapping[str, Tool[Any]]
    messages: Sequence[Message]
    context: Context
    ask: Ask
    inbox: queue.SimpleQueue[Message]
    cancel: Cancel
    limits: Limits
    clock: Clock
    compactor: Compactor | None = None
