"""What model calls cost: a small built-in table that config goes before. Guesses no price: unknown stays None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hermes_fs.core.types import Usage
from hermes_fs.providers.presets import Preset

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. `cached` None: tokens read from the provider's cache cost like others; `written`
    likewise for those that it newly keeps there. `above` is (tokens, price): what a whole call costs where its prompt
    is longer than that."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    above: tuple[int, Price] | None = None


_TABLE: dict[str, dict[str, Price]] = {  # as of 2026-11
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
    # https://platform.claude.com/docs/en/about-claude/pricing, as of 2026-11; written: for five minutes
    "anthropic": {
        "claude-fable-5": Price(10, 50, 1, 12.5),
        "claude-fable-5-1": Price(10, 50, 0.25, 12.5),
        "claude-mythos-5": Price(10, 50, 1, 12.5),
        "claude-mythos-5-1": Price(10, 50, 0.25, 12.5),
        "claude-opus-5-5": Price(4, 20, 0.2, 5),
        "claude-opus-5": Price(5, 25, 0.5, 6.25),
        "claude-opus-4-8": Price(5, 25, 0.5, 6.25),
        "claude-opus-4-7": Price(5, 25, 0.5, 6.25),
        "claude-opus-4-6": Price(5, 25, 0.5, 6.25),
        "claude-opus-4-5": Price(5, 25, 0.5, 6.25),
        "claude-opus-4-1": Price(15, 75, 1.5, 18.75),
        "claude-sonnet-5-5": Price(2, 10, 0.1, 2.5),
        "claude-sonnet-5": Price(2, 10, 0.2, 2.5),
        "claude-sonnet-4-6": Price(3, 15, 0.3, 3.75),
        "claude-sonnet-4-5": Price(3, 15, 0.3, 3.75),
        "claude-haiku-5-5": Price(0.1, 0.5, 0.01, 0.125, (100_000, Price(0.5, 2.5, 0.05, 0.625))),
        "claude-haiku-4-5": Price(1, 5, 0.1, 1.25),
    },
    # https://docs.z.ai/guides/overview/pricing, as others quote it in 2026-08
    "zai": {
        "glm-5.3": Price(1.4, 4.4, 0.26),
        "glm-5.2": Price(1.4, 4.4),
        "glm-4.6": Price(0.6, 2.2),
    },
    # https://platform.kimi.ai/docs/pricing/chat, as others quote it in 2026
    "kimi": {"kimi-k3": Price(3, 15, 0.3)},
    # https://platform.minimax.io/docs/guides/pricing-paygo
    "minimax": {"MiniMax-M2.7": Price(0.3, 1.2, 0.06), "MiniMax-M2.7-highspeed": Price(0.6, 2.4, 0.06)},
}


def price_of(preset: Preset, model: str, prices: Mapping[str, Price]) -> Price | None:
    """The person's own price, else the table's. A dated name (gpt-5-2026-04-01) costs like its base."""
    table = _TABLE.get(preset.name, {})
    base = re.sub(r"-(?:\d{4}-\d{2}-\d{2}|20\d{6})$", "", model)
    return prices.get(model) or prices.get(base) or table.get(model) or table.get(base)


def cost_of(usage: Usage, preset: Preset, model: str, prices: Mapping[str, Price], written: int = 0) -> float | None:
    """US dollars for one call, None where no price is known. `written` counts the tokens of the prompt that the
    provider newly wrote to its cache."""
    price = price_of(preset, model, prices)
    if price is None:
        return None
    if price.above and usage.input > price.above[0]:
        price = price.above[1]
    cached = min(usage.cached, usage.input)
    written = min(written, usage.input - cached)
    cached_price = price.input if price.cached is None else price.cached
    written_price = price.input if price.written is None else price.written
    kept = cached * cached_price + written * written_price
    return ((usage.input - cached - written) * price.input + kept + usage.output * price.output) / _MILLION
