"""Several keys for one provider: where one is rate limited, spent or refused, the next is tried. Shows no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hermes_fs.core.clock import Clock, SystemClock
from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Reply, Request
from hermes_fs.providers.relayed import Relayed

LIMITED_SECONDS = 60.0
"""How long a key rests that is rate limited, where the server does not say."""
REFUSED_SECONDS = 3600.0
"""How long one rests that is refused or has no credit left."""

_TURNS_ON = ("rate_limit", "auth")


class Rotating(Relayed):
    """`keys` are the names of the variables, `make` makes the provider of one, when it is needed. The first key that
    does not rest is used, so a prompt cache stays with it. Between two keys a Notice("retry") makes deltas void."""

    def __init__(self, keys: Sequence[str], make: Callable[[str], Provider], clock: Clock | None = None) -> None:
        self._keys = tuple(keys)
        self._make = make
        self._clock = clock or SystemClock()
        self._made: dict[str, Provider] = {}
        self._rests: dict[str, float] = {}
        self._limited: set[str] = set()

    @property
    def inner(self) -> Provider:
        return self._provider(next(iter(self._order())))

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        for key in self._order():
            try:
                yield from self._provider(key).stream(request, cancel)
                return
            except ProviderError as error:
                if error.fault not in _TURNS_ON:
                    raise
                self._rest(key, error)
                following = next((other for other in self._keys if self._is_ready(other)), "")
                if not following:
                    raise self._soonest(error) from error
                notice = Notice("retry", f"{error.message}; the key in {following} is tried instead of {key}")
            yield notice
            cancel.check()

    def close(self) -> None:
        for provider in self._made.values():
            provider.close()

    def _order(self) -> list[str]:
        """Keys that are ready; where all rest, the one whose rest ends first."""
        ready = [key for key in self._keys if self._is_ready(key)]
        return ready or [min(self._keys, key=lambda key: self._rests[key])]

    def _soonest(self, error: ProviderError) -> ProviderError:
        """The error of the last key, with the wait until the first one is ready again that was only rate limited."""
        waits = [self._rests[key] - self._clock.monotonic() for key in self._limited]
        if not waits:
            return error
        return ProviderError("rate_limit", error.message, error.hint, max(0.0, min(waits)))

    def _is_ready(self, key: str) -> bool:
        return self._rests.get(key, 0.0) <= self._clock.monotonic()

    def _rest(self, key: str, error: ProviderError) -> None:
        usual = LIMITED_SECONDS if error.fault == "rate_limit" else REFUSED_SECONDS
        (self._limited.add if error.fault == "rate_limit" else self._limited.discard)(key)
        seconds = usual if error.retry_after is None else error.retry_after
        self._rests[key] = self._clock.monotonic() + seconds

    def _provider(self, key: str) -> Provider:
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]
