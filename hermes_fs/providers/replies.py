"""Puts a reply together from the chunks of a stream: text, reasoning, tool calls, usage. Knows no connection."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import TextDelta, ThinkingDelta
from hermes_fs.core.types import Message, Part, Reply, Text, Thinking, ToolCall, ToolSpec, Usage
from hermes_fs.providers.textcalls import TextCalls, is_object
from hermes_fs.providers.thinktags import ThinkTags
from hermes_fs.providers.wire import finish_of, usage_of

Delta = TextDelta | ThinkingDelta


def new_call_id() -> str:
    return f"call_{secrets.token_hex(8)}"


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return bool(self.name) and is_object("".join(self.arguments))


class Assembler:
    """Feed it each chunk, then take the reply. The deltas' text adds up to the reply's text."""

    written = 0

    def __init__(self, tools: Sequence[ToolSpec], mint: Callable[[], str] = new_call_id) -> None:
        self._mint = mint
        self._tags = ThinkTags()
        self._text_calls = TextCalls([tool.name for tool in tools])
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._details: list[dict[str, Any]] = []
        self._calls: list[_Call] = []
        self._by_index: dict[Any, _Call] = {}
        self._usage: Usage | None = None
        self._finish: str | None = None
        self._model = ""

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[Delta]:
        """`chunk`: one object of the stream, or a whole completion from a server that does not stream."""
        self._model = str(chunk.get("model") or self._model)
        choices = chunk.get("choices")
        choice: Any = choices[0] if isinstance(choices, list) and choices else {}
        raw_usage = chunk.get("usage") or choice.get("usage")  # Moonshot puts it into the choice
        if isinstance(raw_usage, Mapping):
            self._usage = usage_of(raw_usage)
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta") or choice.get("message") or {}
        yield from self._reason(delta)
        yield from self._say(_text_of(delta.get("content")) or _text_of(delta.get("refusal")))
        for fragment in delta.get("tool_calls") or ():
            self._collect(fragment)

    def end(self) -> Iterator[Delta]:
        """The deltas that were held back to the end."""
        yield from self._show(*self._tags.end())
        if rest := self._text_calls.end():
            self._text.append(rest)
            yield TextDelta(rest)

    def reply(self, model: str) -> Reply:
        """The whole reply, after `end`. `model` is what was asked for, used where the server names none. A usage of 0
        tokens means that the server told none. Raises ProviderError("network") where the stream was cut short."""
        if self._finish is None and self._usage is None:
            raise ProviderError("network", "the model's answer was cut short", "try again")
        calls = tuple(self._whole_calls())
        message = Message("assistant", (*self._said(), *calls))
        return Reply(message, self._usage or Usage(), finish_of(self._finish, bool(calls)), self._model or model)

    def _said(self) -> Iterator[Part]:
        thinking = "".join(self._thinking)
        if thinking or self._details:
            yield Thinking(thinking, json.dumps(self._details, ensure_ascii=False) if self._details else "")
        text = "".join(self._text)
        if text.strip():
            yield Text(text)

    # -- text ---------------------------------------------------------------------------------------------------------

    def _reason(self, delta: Mapping[str, Any]) -> Iterator[Delta]:
        text = next((t for name in ("reasoning_content", "reasoning") if (t := _text_of(delta.get(name)))), "")
        if text:
            self._thinking.append(text)
            yield ThinkingDelta(text)
        for detail in delta.get("reasoning_details") or ():
            if isinstance(detail, dict):
                self._add_detail(detail)

    def _add_detail(self, detail: dict[str, Any]) -> None:
        """OpenRouter's reasoning blocks come in pieces that share type and index; they must go back whole."""
        last = self._details[-1] if self._details else {}
        if (last.get("type"), last.get("index")) != (detail.get("type"), detail.get("index")) or not last:
            self._details.append(dict(detail))
            return
        for key, value in detail.items():
            if key in ("text", "summary", "data") and isinstance(value, str):
                last[key] = (last.get(key) or "") + value
            elif value is not None:
                last[key] = value

    def _say(self, text: str) -> Iterator[Delta]:
        if text:
            yield from self._show(*self._tags.feed(text))

    def _show(self, thinking: str, text: str) -> Iterator[Delta]:
        if thinking:
            self._thinking.append(thinking)
            yield ThinkingDelta(thinking)
        if text and (visible := self._text_calls.feed(text)):
            self._text.append(visible)
            yield TextDelta(visible)

    # -- tool calls ---------------------------------------------------------------------------------------------------

    def _collect(self, fragment: Any) -> None:
        if not isinstance(fragment, Mapping):
            return
        function = fragment.get("function") or {}
        name, arguments = str(function.get("name") or "").strip(), function.get("arguments")
        call = self._slot(fragment.get("index"), str(fragment.get("id") or ""), name)
        call.name = call.name or name
        if arguments is not None:
            call.arguments.append(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _slot(self, index: Any, call_id: str, name: str) -> _Call:
        """The call that a fragment belongs to. Servers number their calls, or not, or give all the number 0."""
        call = self._by_index.get(index)
        if index is None and call is None and not call_id and not name and self._calls:
            call = self._calls[-1]
        other_id = call is not None and bool(call_id and call.id) and call_id != call.id
        second = call is not None and not call_id and bool(name) and call.whole
        if call is None or other_id or second:
            call = _Call(call_id)
            self._calls.append(call)
        self._by_index[index] = call
        call.id = call.id or call_id
        return call

    def _whole_calls(self) -> Iterator[ToolCall]:
        seen: set[str] = set()
        for call in self._calls:
            if call.name:
                call_id = call.id if call.id and call.id not in seen else self._mint()
                seen.add(call_id)
                yield ToolCall(call_id, call.name, "".join(call.arguments) or "{}")
        for name, arguments in self._text_calls.calls:
            yield ToolCall(self._mint(), name, arguments)


def _text_of(content: Any) -> str:
    """Some servers give content as a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""
