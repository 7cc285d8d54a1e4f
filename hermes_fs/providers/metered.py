"""Counts what a provider's calls cost and stops where the person's budget is spent. Keeps no figures itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from hermes_fs.core.config import BudgetConfig, LearningConfig
from hermes_fs.core.errors import BudgetSpent
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Reply, Request, Usage
from hermes_fs.providers.presets import PRESETS
from hermes_fs.providers.relayed import Relayed
from hermes_fs.store.spending import Spending, Spent

WARNED_AT = 0.8
"""Share of a budget from which on the person is told, once for each."""


@dataclass(slots=True)
class Meter:
    """The budget of one session: shared by all providers that it uses. `learning` bounds what is learned beside the
    conversations, which is counted apart and within the day's budget; then `session` is not looked at."""

    spending: Spending
    budget: BudgetConfig
    session: str
    learning: LearningConfig | None = None
    warned: int = 0

    def check(self) -> str:
        """A line to say where a budget is nearly spent, "" else. Raises BudgetSpent."""
        due = ""
        for place, (spent, limit, what, key) in enumerate(self._spans(), 1):
            if limit and spent >= limit:
                kind: Literal["money", "tokens"] = "tokens" if key.endswith("tokens") else "money"
                hint = f"raise it with `hermes config set {key} …`, or go on later"
                raise BudgetSpent(kind, f"the budget of {what} is spent", hint)
            if limit and spent >= WARNED_AT * limit and not self.warned & (1 << place):
                self.warned |= 1 << place
                due = f"{spent / limit:.0%} of the budget of {what} is spent"
        return due

    def unpriced(self, provider: str, model: str) -> str:
        """A line to say, once, where money is bounded and a hosted model's price is not known."""
        known = PRESETS.get(provider)
        bounded = self.budget.day_money or self.budget.session_money
        if not bounded or (known and known.local) or self.warned & 1:
            return ""
        self.warned |= 1
        return f"no price of {model} is known, so its calls count in budget.day_tokens only: set prices.{model}.input"

    def count(self, usage: Usage) -> None:
        """Add what a call has cost."""
        self.spending.add(self.spending.learning if self.learning else self.session, usage)

    def _spans(self) -> Iterator[tuple[float, float, str, str]]:
        wanted, learning = self.budget, self.learning
        if wanted.day_money or wanted.day_tokens:
            yield from _both(self.spending.today(), wanted.day_money, wanted.day_tokens, "today", "budget.day")
        if learning and (learning.day_money or learning.day_tokens):
            spent = self.spending.of(self.spending.learning)
            yield from _both(spent, learning.day_money, learning.day_tokens, "learning today", "learning.day")
        elif not learning and (wanted.session_money or wanted.session_tokens):
            spent = self.spending.of(self.session)
            yield from _both(spent, wanted.session_money, wanted.session_tokens, "this session", "budget.session")


def _both(spent: Spent, money: float, tokens: int, what: str, span: str) -> Iterator[tuple[float, float, str, str]]:
    yield spent.money, money, f"${money:g} for {what}", f"{span}_money"
    yield float(spent.tokens), float(tokens), f"{tokens:,} tokens for {what}", f"{span}_tokens"


class Metered(Relayed):
    """A provider whose calls are counted by `meter`, and refused once its budget is spent. `meter` may be set later
    than the provider is made: it belongs to a session."""

    def __init__(self, provider: Provider, meter: Callable[[], Meter]) -> None:
        self._provider = provider
        self._meter = meter

    @property
    def inner(self) -> Provider:
        return self._provider

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        """Raises BudgetSpent before a call that nobody wants to pay."""
        meter = self._meter()
        if due := meter.check():
            yield Notice("warning", due)
        for item in self._provider.stream(request, cancel):
            if isinstance(item, Reply):
                meter.count(item.usage)
                if item.usage.cost is None and (line := meter.unpriced(self.name, self.model)):
                    yield Notice("warning", line)
            yield item
