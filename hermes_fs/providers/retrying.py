"""Tries a provider again after a fault that may pass, or an empty reply; wraps any provider and knows none by name."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Reply, Request, Usage
from hermes_fs.providers.relayed import Relayed

FIRST_WAIT = 0.5


class Retrying(Relayed):
    """Exponential backoff with jitter. Between tries a Notice("retry") is yielded, which makes the deltas before it
    void. A server's own wish (Retry-After) goes before the backoff; one over `max_wait` seconds ends the tries. A reply
    that says nothing is asked for once more; what it cost is counted with the next."""

    def __init__(
        self,
        provider: Provider,
        *,
        attempts: int = 4,
        max_wait: float = 60.0,
        first_wait: float = FIRST_WAIT,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._provider = provider
        self._attempts = max(1, attempts)
        self._max_wait = max_wait
        self._first_wait = first_wait
        self._chance = chance

    @property
    def inner(self) -> Provider:
        return self._provider

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        wasted: Usage | None = None
        for attempt in range(1, self._attempts + 1):
            try:
                reply = yield from self._streamed(request, cancel)
                if attempt < self._attempts and wasted is None and _says_nothing(reply):
                    wasted = reply.usage
                    yield Notice("retry", f"{self.model} answered nothing; asked once more")
                    continue
                yield replace(reply, usage=wasted + reply.usage) if wasted else reply
                return
            except ProviderError as error:
                wait = self._wait(attempt, error)
                if wait is None:
                    raise
                again = f"try {attempt + 1} of {self._attempts} in {wait:.0f} s"
                notice = Notice("retry", f"{error.message}; {again}")
            yield notice
            cancel.wait(wait)
            cancel.check()

    def _streamed(self, request: Request, cancel: Cancel) -> Generator[TextDelta | ThinkingDelta | Notice, None, Reply]:
        for item in self._provider.stream(request, cancel):
            if isinstance(item, Reply):
                return item
            yield item
        raise ProviderError("network", "the model's answer ended without an end", "try again")

    def _wait(self, attempt: int, error: ProviderError) -> float | None:
        """Seconds before the next try; None where there is to be none."""
        if not error.transient or attempt == self._attempts:
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self._max_wait else None
        backoff: float = self._first_wait * 2 ** (attempt - 1)
        return min(self._max_wait, backoff * (0.5 + self._chance() / 2))


def _says_nothing(reply: Reply) -> bool:
    return reply.finish == "stop" and not reply.message.calls and not reply.message.text.strip()
