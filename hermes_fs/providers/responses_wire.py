"""Maps our messages to the items of OpenAI's Responses API; the same messages give the same items. No connection.

Nothing is kept at the server: each request brings the whole conversation, with the model's reasoning in the form that
only its makers can read. Source: https://developers.openai.com/api/docs/guides/conversation-state and …/reasoning.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hermes_fs.core.types import (
    Audio,
    Document,
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
from hermes_fs.providers.presets import Preset
from hermes_fs.providers.signing import block_of
from hermes_fs.providers.textcalls import is_object

Item = dict[str, Any]

_LONGEST_ID = 64


def instructions_of(messages: Sequence[Message]) -> str:
    """The system prompt: what stands before the conversation."""
    return "\n\n".join(_text(message) for message in _leading(messages))


def messages_to_wire(messages: Sequence[Message], preset: Preset) -> list[Item]:
    """The items of the conversation, in order."""
    items: list[Item] = []
    for message in messages[len(_leading(messages)) :]:
        if message.role == "tool":
            items += [_result(part) for part in message.parts if isinstance(part, ToolResult)]
        elif message.role == "assistant":
            items += _assistant(message, preset)
        elif content := [piece for part in message.parts if (piece := _piece(part))]:
            role = "developer" if message.role == "system" else "user"
            items.append({"type": "message", "role": role, "content": content})
    return items


def tools_to_wire(tools: Sequence[ToolSpec]) -> list[Item]:
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": dict(tool.schema),
            "strict": False,
        }
        for tool in tools
    ]


def usage_of(raw: Mapping[str, Any]) -> tuple[Usage, int]:
    """Tokens, and how many of them were newly written to the cache."""
    details = raw.get("input_tokens_details")
    cache = details if isinstance(details, Mapping) else {}
    usage = Usage(_count(raw.get("input_tokens")), _count(raw.get("output_tokens")), _count(cache.get("cached_tokens")))
    return usage, _count(cache.get("cache_write_tokens"))


def _leading(messages: Sequence[Message]) -> Sequence[Message]:
    after = next((i for i, message in enumerate(messages) if message.role != "system"), len(messages))
    return messages[:after]


def _text(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, Text))


def _assistant(message: Message, preset: Preset) -> Iterator[Item]:
    """Reasoning stands directly before what came of it; what nothing came of is refused, and left out."""
    reasoning: list[Item] = []
    phase: Item = {}
    for part in message.parts:
        if isinstance(part, Thinking):
            block = block_of(part.signature, preset) or {}
            if block.get("type") == "reasoning":
                summary = [{"type": "summary_text", "text": part.text}] if part.text else []
                reasoning.append({**block, "summary": summary})
            elif "phase" in block:
                phase = {"phase": block["phase"]}
            continue
        item = (
            _said(part.text, phase) if isinstance(part, Text) else _call(part) if isinstance(part, ToolCall) else None
        )
        if item:
            yield from reasoning
            yield item
            reasoning = []


def _said(text: str, phase: Item) -> Item | None:
    if not text.strip():
        return None
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "role": "assistant", "content": content, **phase}


def _call(call: ToolCall) -> Item:
    arguments = call.arguments if is_object(call.arguments) else "{}"
    return {"type": "function_call", "call_id": _id(call.id), "name": call.name, "arguments": arguments}


def _result(part: ToolResult) -> Item:
    output: str | list[Item] = part.text
    if part.media:
        output = [{"type": "input_text", "text": part.text or "(see below)"}]
        output += [piece for medium in part.media if (piece := _piece(medium))]
    return {"type": "function_call_output", "call_id": _id(part.call_id), "output": output}


def _piece(part: Part) -> Item | None:
    match part:
        case Text(text):
            return {"type": "input_text", "text": text} if text else None
        case Image(media_type, data):
            return {"type": "input_image", "image_url": _url(media_type, data), "detail": "auto"}
        case Document(media_type, data, name):
            return {"type": "input_file", "filename": name or "document", "file_data": _url(media_type, data)}
        case Audio(media_type):
            return {"type": "input_text", "text": f"[a sound ({media_type}), which cannot be sent]"}
        case Thinking() | ToolCall() | ToolResult():
            return None


def _url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _id(call_id: str) -> str:
    """Ids longer than this are refused; both sides of a call change alike."""
    if call_id and len(call_id) <= _LONGEST_ID:
        return call_id
    return f"call_{hashlib.sha256(call_id.encode()).hexdigest()[:24]}"


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0
