"""Maps our messages to the JSON of chat completions and back; the same messages always give the same bytes.

Byte stability is what keeps a provider's prompt cache warm. Knows no connection.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from hermes_fs.core.types import (
    Audio,
    Document,
    Finish,
    Image,
    Message,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from hermes_fs.providers.presets import ThinkingBack
from hermes_fs.providers.signing import is_bound
from hermes_fs.providers.textcalls import is_object

_FINISHES: dict[str, Finish] = {
    "tool_calls": "tools",
    "function_call": "tools",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "filtered",
    "safety": "filtered",
    "sensitive": "filtered",  # z.ai
}


def messages_to_wire(messages: Sequence[Message], thinking_back: ThinkingBack = "drop") -> list[dict[str, Any]]:
    """One JSON object per message, one per result where a message holds several tool results."""
    wire: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            results = [part for part in message.parts if isinstance(part, ToolResult)]
            wire += [_result(part) for part in results]
            if shown := [medium for part in results for medium in part.media]:
                # A result may hold text alone here.
                wire.append({"role": "user", "content": _content((Text("(What the tools show:)"), *shown))})
        elif message.role == "assistant":
            wire.append(_assistant(message, thinking_back))
        else:
            wire.append({"role": message.role, "content": _content(message.parts)})
    return wire


def tools_to_wire(tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)},
        }
        for tool in tools
    ]


def _assistant(message: Message, thinking_back: ThinkingBack) -> dict[str, Any]:
    text = "".join(part.text for part in message.parts if isinstance(part, Text))
    thoughts = [part for part in message.parts if isinstance(part, Thinking) and not is_bound(part.signature)]
    wire: dict[str, Any] = {"role": "assistant", "content": text or None}
    if thoughts:
        _add_thinking(wire, thoughts, thinking_back)
    if message.calls:
        wire["tool_calls"] = [_call(call) for call in message.calls]
    elif wire["content"] is None:
        wire["content"] = ""  # neither text nor calls: servers refuse null then
    return wire


def _add_thinking(wire: dict[str, Any], thoughts: Sequence[Thinking], thinking_back: ThinkingBack) -> None:
    reasoning = "".join(thought.text for thought in thoughts)
    if thinking_back == "reasoning_content" and reasoning:
        wire["reasoning_content"] = reasoning
    elif thinking_back == "tags" and reasoning:
        wire["content"] = f"<think>\n{reasoning}\n</think>\n\n{wire['content'] or ''}"
    elif thinking_back == "reasoning_details":
        details = [detail for thought in thoughts for detail in _details(thought.signature)]
        if details:
            wire["reasoning_details"] = details


def _details(signature: str) -> list[Any]:
    """Only what this wire has signed itself goes back; another provider's signature is not JSON of this form."""
    try:
        details = json.loads(signature or "null")
    except ValueError:
        return []
    return details if isinstance(details, list) else []


def _call(call: ToolCall) -> dict[str, Any]:
    # Malformed arguments make many servers refuse the whole request, for ever after.
    arguments = call.arguments if is_object(call.arguments) else "{}"
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _result(part: ToolResult) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": part.call_id, "content": part.text}


def _content(parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return [piece for part in parts if (piece := _piece(part))]


def _piece(part: Part) -> dict[str, Any] | None:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(media_type, data):
            url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
            return {"type": "image_url", "image_url": {"url": url}}
        case Audio(media_type, data):
            kind = media_type.partition("/")[2].removeprefix("x-").replace("mpeg", "mp3")
            return {
                "type": "input_audio",
                "input_audio": {"data": base64.b64encode(data).decode(), "format": kind},
            }
        case Document(media_type, data, name):
            url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
            return {"type": "file", "file": {"filename": name or "document", "file_data": url}}
        case Thinking() | ToolCall() | ToolResult():
            return None


def finish_of(reason: str | None, has_calls: bool) -> Finish:
    """Our word for a server's reason to stop; unknown ones count as a normal end."""
    finish = _FINISHES.get((reason or "").lower(), "stop")
    if has_calls:
        return "tools" if finish in ("stop", "tools") else finish
    return "stop" if finish == "tools" else finish


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """Tokens, and the price where the server itself states one in US dollars (OpenRouter)."""
    details = raw.get("prompt_tokens_details")
    cached = _count((details if isinstance(details, Mapping) else {}).get("cached_tokens"))
    cached = cached or _count(raw.get("cached_tokens")) or _count(raw.get("prompt_cache_hit_tokens"))
    cost = raw.get("cost")
    return Usage(
        input=_count(raw.get("prompt_tokens")),
        output=_count(raw.get("completion_tokens")),
        cached=cached,
        cost=float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) else None,
    )


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0
