"""Puts a reply together from the events of OpenAI's Responses API, or from a whole response. Knows no connection.

Source: https://developers.openai.com/api/reference/resources/responses/streaming-events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import TextDelta, ThinkingDelta
from hermes_fs.core.types import Message, Reply, ToolCall, Usage
from hermes_fs.providers.presets import Preset
from hermes_fs.providers.responses_wire import usage_of
from hermes_fs.providers.signing import signed
from hermes_fs.providers.speech import Speech
from hermes_fs.providers.wire import finish_of

Delta = TextDelta | ThinkingDelta

_INCOMPLETE = {"max_output_tokens": "length", "max_tokens": "length", "content_filter": "content_filter"}
_SENT_BACK = ("type", "id", "encrypted_content")  # the summary is the thought's text, which is redacted like any other


class ResponseAssembler:
    """Feed it each event, then take the reply. The deltas' text adds up to the reply's text. Items count as they are
    when they are done; their deltas are for whoever watches."""

    def __init__(self, preset: Preset, speech: Speech, mint: Callable[[], str]) -> None:
        self._preset = preset
        self._speech = speech
        self._mint = mint
        self._streamed: set[Any] = set()
        self._done: set[Any] = set()
        self._calls: list[ToolCall] = []
        self._arguments: dict[Any, list[str]] = {}
        self._response: Mapping[str, Any] = {}
        self._refused = False
        self.written = 0

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[Delta]:
        """`chunk`: one event, or a whole response from a server that does not stream."""
        place = chunk.get("output_index")
        match chunk.get("type"):
            case "response.output_text.delta" | "response.refusal.delta":
                self._streamed.add(place)
                yield from self._speech.say(_text(chunk, "delta"))
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._streamed.add(place)
                yield from self._speech.reason(_text(chunk, "delta"))
            case "response.reasoning_summary_part.added" if place in self._streamed:
                yield from self._speech.reason("\n\n")
            case "response.function_call_arguments.delta":
                self._arguments.setdefault(place, []).append(_text(chunk, "delta"))
            case "response.output_item.done":
                yield from self._item(place, _mapping(chunk, "item"))
            case "response.completed" | "response.incomplete":
                yield from self._whole(_mapping(chunk, "response"))
            case None if chunk.get("object") == "response":
                yield from self._whole(chunk)

    def end(self) -> Iterator[Delta]:
        """The deltas that were held back to the end."""
        yield from self._speech.end()

    def reply(self, model: str) -> Reply:
        """The whole reply, after `end`; `model` is what was asked for. A usage of 0 tokens means that the server told
        none. Raises ProviderError("network") where the stream was cut short."""
        if not self._response:
            raise ProviderError("network", "the model's answer was cut short", "try again")
        raw = self._response.get("usage")
        usage, self.written = usage_of(raw) if isinstance(raw, Mapping) else (Usage(), 0)
        calls = (*self._calls, *(ToolCall(self._mint(), *call) for call in self._speech.calls))
        message = Message("assistant", (*self._speech.parts(), *calls))
        return Reply(message, usage, finish_of(self._reason, bool(calls)), _text(self._response, "model") or model)

    @property
    def _reason(self) -> str:
        if self._response.get("status") == "incomplete":
            why = _text(_mapping(self._response, "incomplete_details"), "reason")
            return _INCOMPLETE.get(why, "length")
        return "content_filter" if self._refused and not self._calls else "stop"

    def _whole(self, response: Mapping[str, Any]) -> Iterator[Delta]:
        """The end. Some servers tell of items here alone."""
        self._response = response or {"status": "completed"}
        for place, item in enumerate(response.get("output") or ()):
            if isinstance(item, Mapping):
                yield from self._item(place, item)

    def _item(self, place: Any, item: Mapping[str, Any]) -> Iterator[Delta]:
        key = item.get("id") or item.get("call_id") or place
        if key in self._done:
            return
        self._done.add(key)
        match item.get("type"):
            case "message":
                yield from self._message(place, item)
            case "reasoning":
                yield from self._reasoning(place, item)
            case "function_call":
                self._call(place, item)

    def _message(self, place: Any, item: Mapping[str, Any]) -> Iterator[Delta]:
        if item.get("phase"):  # a mark of the newer models' own, which they want to see again
            self._mark({"type": "message", "phase": item["phase"]})
        for piece in item.get("content") or ():
            if isinstance(piece, Mapping):
                self._refused |= piece.get("type") == "refusal"
                if place not in self._streamed:
                    yield from self._speech.say(_text(piece, "text") or _text(piece, "refusal"))

    def _reasoning(self, place: Any, item: Mapping[str, Any]) -> Iterator[Delta]:
        if place not in self._streamed:
            pieces = [*(item.get("summary") or ()), *(item.get("content") or ())]
            yield from self._speech.reason("\n\n".join(_text(piece, "text") for piece in pieces))
        if item.get("encrypted_content"):  # without it nobody could make sense of the item's name
            block = {name: item[name] for name in _SENT_BACK if name in item}
            self._speech.sign(signed(self._preset, block))

    def _mark(self, block: Mapping[str, Any]) -> None:
        self._speech.sign_before_text(signed(self._preset, block))

    def _call(self, place: Any, item: Mapping[str, Any]) -> None:
        arguments = _text(item, "arguments") or "".join(self._arguments.get(place, ())) or "{}"
        call_id = _text(item, "call_id")
        if not call_id or call_id in {call.id for call in self._calls}:
            call_id = self._mint()
        if name := _text(item, "name"):
            self._calls.append(ToolCall(call_id, name, arguments))


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _mapping(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}
