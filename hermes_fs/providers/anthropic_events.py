"""Puts a reply together from the events of Anthropic's stream, or from a whole message. Knows no connection.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import TextDelta, ThinkingDelta
from hermes_fs.core.types import Message, Reply, ToolCall, Usage
from hermes_fs.providers.anthropic_wire import usage_of
from hermes_fs.providers.presets import Preset
from hermes_fs.providers.signing import signed
from hermes_fs.providers.speech import Speech
from hermes_fs.providers.wire import finish_of

Delta = TextDelta | ThinkingDelta

_REASONS = {
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "model_context_window_exceeded": "length",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",  # only with tools that run at the provider's, of which we offer none
}


@dataclass(slots=True)
class _Block:
    """A block on its way. `opaque`: kept as it is, for the server's eyes alone."""

    kind: str = ""
    id: str = ""
    name: str = ""
    json: list[str] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)
    opaque: Mapping[str, Any] = field(default_factory=dict)


class MessageAssembler:
    """Feed it each event, then take the reply. The deltas' text adds up to the reply's text."""

    def __init__(self, preset: Preset, speech: Speech, mint: Callable[[], str]) -> None:
        self._preset = preset
        self._speech = speech
        self._mint = mint
        self._open: dict[Any, _Block] = {}
        self._calls: list[ToolCall] = []
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._over = False
        self._model = ""
        self.written = 0

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[Delta]:
        """`chunk`: one event, or a whole message from a server that does not stream."""
        index = chunk.get("index")
        match chunk.get("type"):
            case "message_start":
                self._begin(_mapping(chunk, "message"))
            case "message":
                yield from self._whole(chunk)
            case "content_block_start":
                yield from self._start(index, _mapping(chunk, "content_block"))
            case "content_block_delta":
                yield from self._grow(index, _mapping(chunk, "delta"))
            case "content_block_stop":
                self._stop(index)
            case "message_delta":
                self._count(_mapping(chunk, "usage"))
                self._reason = str(_mapping(chunk, "delta").get("stop_reason") or self._reason)
            case "message_stop":
                self._over = True

    def end(self) -> Iterator[Delta]:
        """The deltas that were held back to the end."""
        for index in list(self._open):
            self._stop(index)
        yield from self._speech.end()

    def reply(self, model: str) -> Reply:
        """The whole reply, after `end`; `model` is what was asked for. A usage of 0 tokens means that the server told
        none. Raises ProviderError("network") where the stream was cut short."""
        if not self._reason and not self._over:
            raise ProviderError("network", "the model's answer was cut short", "try again")
        usage, self.written = usage_of(self._usage) if self._usage else (Usage(), 0)
        calls = (*self._calls, *(ToolCall(self._mint(), *call) for call in self._speech.calls))
        message = Message("assistant", (*self._speech.parts(), *calls))
        finish = finish_of(_REASONS.get(self._reason, self._reason), bool(calls))
        return Reply(message, usage, finish, self._model or model)

    def _begin(self, message: Mapping[str, Any]) -> None:
        self._model = str(message.get("model") or self._model)
        self._count(_mapping(message, "usage"))

    def _whole(self, message: Mapping[str, Any]) -> Iterator[Delta]:
        self._begin(message)
        for index, block in enumerate(message.get("content") or ()):
            if isinstance(block, Mapping):
                yield from self._start(index, block)
                self._stop(index)
        self._reason, self._over = str(message.get("stop_reason") or ""), True

    def _count(self, usage: Mapping[str, Any]) -> None:
        """Later figures are the sums so far, and may be missing."""
        self._usage.update({name: value for name, value in usage.items() if value is not None})

    def _start(self, index: Any, given: Mapping[str, Any]) -> Iterator[Delta]:
        block = _Block(str(given.get("type") or ""), str(given.get("id") or ""), str(given.get("name") or ""))
        self._open[index] = block
        match block.kind:
            case "text":
                yield from self._speech.say(str(given.get("text") or ""))
            case "thinking":
                yield from self._speech.reason(str(given.get("thinking") or ""))
                block.signature.append(str(given.get("signature") or ""))
            case "tool_use":
                if given.get("input"):
                    block.json.append(json.dumps(given["input"], ensure_ascii=False))
            case _:
                block.opaque = given

    def _grow(self, index: Any, delta: Mapping[str, Any]) -> Iterator[Delta]:
        block = self._open.setdefault(index, _Block())
        match delta.get("type"):
            case "text_delta":
                yield from self._speech.say(str(delta.get("text") or ""))
            case "thinking_delta":
                yield from self._speech.reason(str(delta.get("thinking") or ""))
            case "signature_delta":
                block.signature.append(str(delta.get("signature") or ""))
            case "input_json_delta":
                block.json.append(str(delta.get("partial_json") or ""))

    def _stop(self, index: Any) -> None:
        block = self._open.pop(index, _Block())
        match block.kind:
            case "thinking":
                if signature := "".join(block.signature):
                    self._speech.sign(signed(self._preset, {"type": "thinking", "signature": signature}))
            case "tool_use":
                call_id = block.id if block.id and block.id not in {call.id for call in self._calls} else self._mint()
                self._calls.append(ToolCall(call_id, block.name, "".join(block.json) or "{}"))
            case "redacted_thinking":
                self._speech.sign(signed(self._preset, block.opaque))


def _mapping(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}
