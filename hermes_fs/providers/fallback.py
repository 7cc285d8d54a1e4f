"""A chain of models: where one fails for good, the next answers. Knows none by name, sends no key anywhere itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hermes_fs.core.clock import Clock, SystemClock
from hermes_fs.core.errors import HermesError, ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Reply, Request

REST_SECONDS = 300.0
"""How long a model that failed is left alone before it is tried again."""

_STAYS = ("context", "filtered", "invalid")
"""Faults that lie in the request: another model would not be asked the same."""


class Fallback:
    """`first` answers as long as it can; `others` are makers of what stands in for it, in order, called when needed.
    Between two models a Notice("fallback") is yielded, which makes the deltas before it void."""

    def __init__(self, first: Provider, others: Sequence[Callable[[], Provider]], clock: Clock | None = None) -> None:
        self._makers: tuple[Callable[[], Provider], ...] = (lambda: first, *others)
        self._made: dict[int, Provider] = {0: first}
        self._rests: dict[int, float] = {}
        self._clock = clock or SystemClock()
        self._at = 0

    @property
    def name(self) -> str:
        return self._made[self._at].name

    @property
    def model(self) -> str:
        return self._made[self._at].model

    @property
    def context_window(self) -> int:
        return self._made[self._at].context_window

    def warm(self) -> None:
        self._made[self._at].warm()

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        """Raises what the first model of the chain raised, where none can answer."""
        failed: ProviderError | None = None
        for place in self._order():
            provider = self._provider(place)
            if provider is None:
                continue
            if place != self._at:
                why = f"{failed.message}; " if failed else ""
                self._at = place
                yield Notice("fallback", f"{why}{provider.model or provider.name} answers")
            try:
                yield from provider.stream(request, cancel)
                return
            except ProviderError as error:
                if error.fault in _STAYS:
                    raise
                failed = failed or error
                self._rests[place] = self._clock.monotonic() + REST_SECONDS
            cancel.check()
        self._at = 0
        raise failed or ProviderError("network", "no model of the chain can be used", "see `hermes model list`")

    def close(self) -> None:
        for provider in self._made.values():
            provider.close()

    def _order(self) -> list[int]:
        """Models that do not rest; where all do, all of them."""
        now = self._clock.monotonic()
        ready = [place for place in range(len(self._makers)) if self._rests.get(place, 0.0) <= now]
        return ready or list(range(len(self._makers)))

    def _provider(self, place: int) -> Provider | None:
        """None for one that cannot even be made: its key is missing."""
        if place not in self._made:
            try:
                self._made[place] = self._makers[place]()
            except HermesError:
                self._rests[place] = self._clock.monotonic() + REST_SECONDS
                return None
        return self._made[place]
