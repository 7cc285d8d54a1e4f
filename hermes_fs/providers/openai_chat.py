"""The provider for every server that speaks OpenAI's chat completions; retries and choice of model are others' concern.

It adapts to what a server refuses (a field it does not know) once, and remembers that.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel
from hermes_fs.core.tokens import estimate_messages, estimate_tools
from hermes_fs.core.types import Reply, Request, Usage
from hermes_fs.providers.connection import Connection
from hermes_fs.providers.presets import Preset
from hermes_fs.providers.prices import Price, cost_of
from hermes_fs.providers.replies import Assembler, new_call_id
from hermes_fs.providers.windows import Model, first_of, models_of, window_of
from hermes_fs.providers.wire import messages_to_wire, tools_to_wire


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set for a model. Empty `model`: the server's first. `context_window` 0: ask the server.
    `prices` maps models to their price and goes before the built-in table."""

    model: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    context_window: int = 0
    prices: Mapping[str, Price] = field(default_factory=dict)


class OpenAIChat:
    """One model behind one endpoint, over one kept-alive connection. `model` and `context_window` may ask the server
    the first time they are read: they block then, and `model` may raise ProviderError."""

    def __init__(
        self,
        preset: Preset,
        settings: Settings | None = None,
        api_key: str = "",
        *,
        connection: Connection | None = None,
        mint: Callable[[], str] = new_call_id,
    ) -> None:
        self._preset = preset
        self._settings = settings or Settings()
        self._connection = connection or Connection(preset, api_key)
        self._mint = mint
        self._model = self._settings.model
        self._window = self._settings.context_window or None
        self._refused: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self._preset.name

    @property
    def model(self) -> str:
        if not self._model:
            self._model = self._first_model()
        return self._model

    @property
    def context_window(self) -> int:
        if self._window is None:
            self._window = window_of(self._connection, self.model)
        return self._window

    def warm(self) -> None:
        """Start loading the SDK in the background."""
        self._connection.warm()

    def models(self) -> list[Model]:
        """What the server offers, in its order. Raises ProviderError."""
        return models_of(self._connection)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        while True:
            try:
                yield from self._stream(request, cancel)
            except ProviderError as error:
                if not self._adapt(error):
                    raise self._explained(error) from error
            else:
                self._window = self._window or None  # some servers tell it only once the model is loaded
                return

    def close(self) -> None:
        self._connection.close()

    def _stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Reply]:
        assembler = Assembler(request.tools, self._mint)
        for chunk in self._connection.stream("/chat/completions", self._body(request), cancel):
            yield from assembler.feed(chunk)
        yield from assembler.end()
        reply = self._priced(request, assembler.reply(self.model))
        if not reply.message.parts and self._window and reply.usage.input >= self._window:
            # LM Studio answers a prompt that is too long with nothing at all.
            raise ProviderError("context", "the conversation is longer than the model's window", "use /compact")
        yield reply

    def _body(self, request: Request) -> dict[str, Any]:
        """The order of the fields is fixed, as that of the messages is: the bytes of a longer conversation begin with
        those of the shorter one."""
        body: dict[str, Any] = {"model": self.model}
        if request.tools:
            body["tools"] = tools_to_wire(request.tools)
        body["messages"] = messages_to_wire(request.messages, self._preset.thinking_back)
        body["stream"] = True
        if "stream_options" not in self._refused:
            body["stream_options"] = {"include_usage": True}
        limit = request.max_tokens or self._settings.max_tokens
        if limit:
            body[self._limit_field] = limit
        if self._settings.temperature is not None and "temperature" not in self._refused:
            body["temperature"] = self._settings.temperature
        return body

    @property
    def _limit_field(self) -> str:
        fields = [self._preset.limit_field, "max_completion_tokens", "max_tokens"]
        return next((name for name in fields if name not in self._refused), "max_tokens")

    def _adapt(self, error: ProviderError) -> bool:
        """Whether the server refused an optional field by name, so that the request may go without it."""
        if error.fault != "invalid":
            return False
        for name, said in (
            ("stream_options", "stream_options"),
            ("stream_options", "include_usage"),
            (self._limit_field, self._limit_field),
            ("temperature", "temperature"),
        ):
            if said in error.message and name not in self._refused:
                self._refused |= {name}
                return True
        return False

    def _explained(self, error: ProviderError) -> ProviderError:
        """An unknown model is answered with the nearest that there is."""
        if error.fault != "not_found":
            return error
        names: list[str] = []
        with contextlib.suppress(ProviderError):  # the first error is the one to tell
            names = [model.name for model in self.models()]
        near = difflib.get_close_matches(self._model, names, 1, 0.4) or names[:1]
        if self._model in names or not near:
            return error
        message = f"{self._preset.title} has no model {self._model!r}"
        return ProviderError("not_found", message, f"choose with `hermes model`; the nearest is {near[0]}")

    def _first_model(self) -> str:
        found = first_of(self.models(), self._preset)
        if found is None:
            raise ProviderError("not_found", f"{self._preset.title} offers no model", "load one there first")
        if self._window is None and found.window:
            self._window = found.window
        return found.name

    def _priced(self, request: Request, reply: Reply) -> Reply:
        usage = reply.usage
        if not usage.total:  # told none: an estimate keeps the limits of a turn working
            spent = estimate_messages(request.messages) + estimate_tools(request.tools)
            usage = Usage(spent, estimate_messages([reply.message]))
        if usage.cost is None:
            price = cost_of(usage, self._preset, self.model, self._settings.prices)
            usage = replace(usage, cost=price)
        return replace(reply, usage=usage)
