"""A model behind an endpoint, whichever wire it speaks: what the providers have in common. Knows no wire itself.

A wire gives its path, the body of a request and what puts its answers together; it adapts once to what a server
refuses (a field it does not know, an image it does not take), and remembers that.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel
from hermes_fs.core.tokens import estimate_messages, estimate_tools
from hermes_fs.core.types import Message, Reply, Request, Usage
from hermes_fs.providers.connection import Connection
from hermes_fs.providers.media import LeftOut
from hermes_fs.providers.presets import Preset
from hermes_fs.providers.prices import cost_of
from hermes_fs.providers.replies import new_call_id
from hermes_fs.providers.settings import Settings
from hermes_fs.providers.signing import signatures_in, without
from hermes_fs.providers.windows import Model, first_of, models_of, window_of

_SURELY = 1.25
"""How much longer than the window a prompt is estimated where it is surely too long."""


class Assembling(Protocol):
    """Puts one reply together. `written` counts the tokens that the provider newly wrote to its cache."""

    written: int

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[TextDelta | ThinkingDelta]: ...

    def end(self) -> Iterator[TextDelta | ThinkingDelta]: ...

    def reply(self, model: str) -> Reply: ...


class Hosted:
    """One model behind one endpoint, over one kept-alive connection. `model` and `context_window` may ask the server
    the first time they are read: they block then, and `model` may raise ProviderError."""

    path: ClassVar[str]
    takes_no: ClassVar[frozenset[str]] = frozenset()
    """Kinds of media that the wire has no place for: `image`, `sound`, `document`."""
    about_thoughts: ClassVar[re.Pattern[str] | None] = None
    """Words of a refusal that mean signed thoughts in the conversation."""

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
        self._connection = connection or Connection(preset, api_key, silence=self._settings.silence)
        self._mint = mint
        self._model = self._settings.model
        self._window = self._settings.context_window or None
        self._refused: frozenset[str] = frozenset()
        self._left_out = LeftOut(preset.title, self.takes_no)
        self._thoughts: frozenset[str] = frozenset()
        self._void: frozenset[str] = frozenset()
        self._asked_again = False
        self._warned = False

    # -- what a wire says ---------------------------------------------------------------------------------------------

    def _body(self, request: Request) -> dict[str, Any]:
        """The order of the fields is fixed, as that of the messages is: the bytes of a longer conversation begin with
        those of the shorter one. Fields in `_refused` stay out."""
        raise NotImplementedError

    def _assembler(self, request: Request) -> Assembling:
        raise NotImplementedError

    def _optional(self) -> tuple[tuple[str, str], ...]:
        """(field, words of a refusal that mean it), for what a request may go without."""
        raise NotImplementedError

    # -- the port -----------------------------------------------------------------------------------------------------

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
        if line := self._left_out.news(request):
            yield Notice("warning", line)
        while True:
            shown = False
            try:
                for item in self._stream(self._left_out.spared(request), cancel):
                    shown = True
                    if isinstance(item, Reply) and (line := self._cut_off(request, item)):
                        yield Notice("warning", line)
                    yield item
            except ProviderError as error:
                if not shown and self._adapt(error):
                    continue
                line = "" if shown else self._left_out.learn(error, request)
                if not line:
                    raise self._explained(error) from error
                yield Notice("warning", line)
            else:
                return

    def close(self) -> None:
        self._connection.close()

    def _stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Reply]:
        assembler = self._assembler(request)
        for chunk in self._connection.stream(self.path, self._body(request), cancel):
            yield from assembler.feed(chunk)
        yield from assembler.end()
        reply = self._priced(request, assembler.reply(self.model), assembler.written)
        if not reply.message.parts and self._window and reply.usage.input >= self._window:
            # LM Studio answers a prompt that is too long with nothing at all.
            raise ProviderError("context", "the conversation is longer than the model's window", "use /compact")
        yield reply

    def _readable(self, messages: Sequence[Message]) -> list[Message]:
        """The messages without the thoughts that the server has refused. It refuses those before which something has
        changed since (a compaction), or which another account has; newer ones are as good as ever."""
        self._thoughts = signatures_in(messages) - self._void
        return without(messages, self._void)

    def _cut_off(self, request: Request, reply: Reply) -> str:
        """A line where a local server has left out a part of the prompt, which Ollama does without a word
        (https://docs.ollama.com/context-length). Some tell their window only once the model is loaded."""
        known = self._window
        if not self._preset.local or self._warned or known is None:
            return ""
        if known == 0 and not self._asked_again:
            self._window, self._asked_again = None, True
        size, window = estimate_messages(request.messages) + estimate_tools(request.tools), self.context_window
        if not window or size < _SURELY * window or reply.usage.input > window:
            return ""
        self._warned = True
        return (
            f"{self._preset.title} keeps {window:,} tokens of a prompt of about {size:,}, the rest is cut off: "
            "start it with OLLAMA_CONTEXT_LENGTH=32768, or load the model with a longer context"
        )

    # -- when things go wrong -----------------------------------------------------------------------------------------

    def _adapt(self, error: ProviderError) -> bool:
        """Whether the server refused an optional field by name, so that the request may go without it."""
        if error.fault != "invalid":
            return False
        if self._thoughts and self.about_thoughts and self.about_thoughts.search(error.message):
            self._void |= self._thoughts
            return True
        for name, said in self._optional():
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
            raise ProviderError(
                "not_found", f"{self._preset.title} offers no model that can chat", "load one there first"
            )
        if self._window is None and found.window:
            self._window = found.window
        return found.name

    def _priced(self, request: Request, reply: Reply, written: int) -> Reply:
        usage = reply.usage
        if not usage.total:  # told none: an estimate keeps the limits of a turn working
            spent = estimate_messages(request.messages) + estimate_tools(request.tools)
            usage = Usage(spent, estimate_messages([reply.message]))
        if usage.cost is None:
            price = cost_of(usage, self._preset, self.model, self._settings.prices, written)
            usage = replace(usage, cost=price)
        return replace(reply, usage=usage)
