"""Which of many skills are offered with a message: those that fit it, as a short aside, none of them on every message.

Where all skills stand in the prompt nothing is offered. Finds and trusts nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hermes_fs.core.tokens import CHARS_PER_TOKEN
from hermes_fs.core.types import Told
from hermes_fs.store.fitting import Fit

HEADING = "\n\n[Skills of yours that may fit; read one before you use it:\n"
MOST = 3
CANDIDATES = 12
"""Skills that are looked at, some of which may wait for trust or have been offered."""
AGAIN = 20
"""Messages after which a skill is offered again: the one before may have been summarised away."""
_DESCRIPTION = 160


@dataclass(slots=True)
class Offers:
    """What one conversation was offered: `wanted` unless the prompt lists every skill, `messages` counts those that
    were looked at, `last` says with which of them a skill was offered."""

    wanted: bool = False
    messages: int = 0
    last: dict[str, int] = field(default_factory=dict)

    def aside(self, fits: Iterable[Fit], tokens: int) -> Told | None:
        """The best of `fits` that were not offered lately, within `tokens`, None for none. Counts as a message. One
        that was offered lately keeps its place: what fits less is no better for it."""
        self.messages += 1
        room = tokens * CHARS_PER_TOKEN - len(HEADING)
        lines: list[str] = []
        for fit in list(fits)[:MOST]:
            line = f"- {fit.name}: {_short(fit.description)}"
            room -= len(line) + 1
            if room < 0:
                break
            if self.messages - self.last.get(fit.name, -AGAIN) >= AGAIN:
                self.last[fit.name] = self.messages
                lines.append(line)
        return Told(HEADING + "\n".join(lines) + "]", "agent") if lines else None


def _short(description: str) -> str:
    flat = " ".join(description.split())
    return flat if len(flat) <= _DESCRIPTION else f"{flat[: _DESCRIPTION - 1]}…"
