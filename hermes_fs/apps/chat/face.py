"""What shows a turn to a person or a program, and how a turn is played to it. Knows no terminal library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from hermes_fs.core.events import Event, TurnEnded


class Face(Protocol):
    """Consumes the events of a turn, all of them, in the thread that drives it."""

    def turn(self) -> AbstractContextManager[None]:
        """Around one turn."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Around a question to the person: nothing else is written meanwhile."""
        ...

    def show(self, event: Event) -> None: ...


def play(events: Iterator[Event], face: Face) -> TurnEnded | None:
    """Show events as they come; returns the ending, if there was one. Raises what `events` raises."""
    ended: TurnEnded | None = None
    with face.turn():
        for event in events:
            face.show(event)
            if isinstance(event, TurnEnded):
                ended = event
    return ended
