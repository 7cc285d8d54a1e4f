"""What a person may set for a model, whichever wire it is spoken to over; reads no configuration itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hermes_fs.providers.prices import Price

Effort = Literal["low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True)
class Thinking:
    """How much a model is to think. `asked` False leaves it to the model; `effort` "" with no `tokens`: not at all."""

    asked: bool = False
    effort: Effort | Literal[""] = ""
    tokens: int = 0

    @property
    def off(self) -> bool:
        return self.asked and not self.effort and not self.tokens

    @property
    def as_effort(self) -> Effort:
        """For models that take no number of tokens; the steps are ours."""
        if self.effort:
            return self.effort
        return "low" if self.tokens < 4096 else "medium" if self.tokens < 16384 else "high"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set for a model. Empty `model`: the server's first. `context_window` 0: ask the server.
    `silence`: seconds that a server may say nothing for within an answer, 0: as long as it likes. `prices` maps models
    to their price and goes before the built-in table."""

    model: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    context_window: int = 0
    silence: float = 600.0
    prices: Mapping[str, Price] = field(default_factory=dict)
    thinking: Thinking = field(default_factory=Thinking)
