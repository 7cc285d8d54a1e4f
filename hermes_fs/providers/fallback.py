"""A chain of models: where one fails for good, the next answers. Knows none by name, sends no key anywhere itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hermes_fs.core.clock import Clock, SystemClock
from hermes_fs.core.errors import HermesError, ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Reply, Request
from hermes_fs.providers.relayed import Relayed

REST_SECONDS = 300.0
"""How long a model that failed is left alone before it is tried again."""

_STAYS = ("context", "filtered", "invalid")
"""Faults that lie in the request: another model would not be asked the same."""


class Fallback(Relayed):
    """`makers` make the models, in order, each when it is needed; the first that can be made stands for the chain, and
    so does the one that answered last. Between two models a Notice("fallback") is yielded, which makes the deltas
    before it void. Raises what the first maker raised where none can make one."""

    def __init__(self, makers: Sequence[Callable[[], Provider]], clock: Clock | None = None) -> None:
        self._makers = tuple(makers)
        self._made: dict[int, Provider] = {}
        self._rests: dict[int, float] = {}
        self._clock = clock or SystemClock()
        self._unmade: HermesError | None = None
        self._at = next((place for place in range(len(makers)) if self._provider(place)), -1)
        if self._at < 0:
            raise self._unmade or ProviderError("not_found", "the chain of models is empty", "set model.fallback")

    @property
    def inner(self) -> Provider:
        return self._made[self._at]

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        """Raises what the first model of the chain raised, where none can answer."""
        failed: ProviderError | None = None
        missing, self._unmade = self._unmade, None
        if missing:
            yield Notice("fallback", f"{missing.message}; {self.name} answers")
        for place in self._order():
            provider = self._provider(place)
            if provider is None:
                continue
            try:
                if place != self._at:
                    why = f"{failed.message}; " if failed else ""
                    notice = Notice("fallback", f"{why}{provider.model} answers")  # asks the server where none is named
                    self._at = place
                    yield notice
                yield from provider.stream(request, cancel)
                return
            except ProviderError as error:
                if error.fault in _STAYS:
                    raise
                failed = failed or error
                self._rests[place] = self._clock.monotonic() + REST_SECONDS
            cancel.check()
        self._at = min(self._made)
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
            except HermesError as error:
                self._unmade = self._unmade or error if not self._made else self._unmade
                self._rests[place] = self._clock.monotonic() + REST_SECONDS
                return None
        return self._made[place]
