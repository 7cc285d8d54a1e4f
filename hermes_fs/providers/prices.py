"""What model calls cost: a small built-in table that config goes before. Guesses no price: unknown stays None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hermes_fs.core.types import Usage
from hermes_fs.providers.presets import Preset

AS_OF = "2026-11"
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. `cached` None: tokens read from the provider's cache cost like others."""

    input: float
    output: float
    cached: float | None = None


_TABLE: dict[str, dict[str, Price]] = {
    # https://developers.openai.com/api/docs/pricing, short prompts, standard tier
    "openai": {
        "gpt-4o": Price(2.5, 10, 1.25),
        "gpt-4o-mini": Price(0.15, 0.6, 0.075),
        "gpt-4.1": Price(2, 8, 0.5),
        "gpt-5": Price(1.25, 10, 0.125),
        "gpt-5-mini": Price(0.25, 2, 0.025),
        "gpt-5.2": Price(1.75, 14, 0.175),
        "gpt-5.4": Price(2.5, 15, 0.25),
        "gpt-5.4-mini": Price(0.75, 4.5, 0.075),
        "gpt-5.4-nano": Price(0.2, 1.25, 0.02),
        "gpt-5.5": Price(5, 30, 0.5),
        "gpt-6-astra": Price(10, 50, 1),
        "gpt-6-sol": Price(2, 10, 0.2),
        "gpt-6-luna": Price(0.1, 0.5, 0.01),
    },
    # https://platform.minimax.io/docs/guides/pricing-paygo
    "minimax": {"MiniMax-M2.7": Price(0.3, 1.2, 0.06), "MiniMax-M2.7-highspeed": Price(0.6, 2.4, 0.06)},
}


def cost_of(usage: Usage, preset: Preset, model: str, prices: Mapping[str, Price]) -> float | None:
    """US dollars for one call, None where no price is known. A dated name (gpt-5-2026-04-01) costs like its base."""
    table = _TABLE.get(preset.name, {})
    base = re.sub(r"-\d{4}-\d{2}-\d{2}$", "", model)
    price = prices.get(model) or prices.get(base) or table.get(model) or table.get(base)
    if price is None:
        return None
    cached = min(usage.cached, usage.input)
    cached_price = price.input if price.cached is None else price.cached
    return ((usage.input - cached) * price.input + cached * cached_price + usage.output * price.output) / _MILLION
