"""Maps our messages to the JSON of Anthropic's messages; the same messages always give the same blocks. No connection.

What the API refuses is not sent: empty texts, two turns of one side in a row, what another server has signed.
Source: https://platform.claude.com/docs/en/api/messages and …/build-with-claude/prompt-caching.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
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

Block = dict[str, Any]

_MARK = {"type": "ephemeral"}
_LAST_TURNS = 2
"""Of the person's side, that end a part of the prompt to be cached: the newest, and the one that the request before
ended with, where this one's part is found again. With the tools and the system prompt: four, the most there may be."""
_NOT_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")


def system_to_wire(messages: Sequence[Message]) -> list[Block]:
    """The system prompt: what stands before the conversation."""
    texts = ["".join(_texts(message)) for message in _leading(messages)]
    return [{"type": "text", "text": text} for text in texts if text.strip()]


def messages_to_wire(messages: Sequence[Message], preset: Preset) -> list[Block]:
    """Turns of both sides in alternation, the person's first and last."""
    turns: list[Block] = []
    for message in messages[len(_leading(messages)) :]:
        role = "assistant" if message.role == "assistant" else "user"
        content = [block for part in message.parts for block in _blocks(part, preset)]
        if role == "assistant" and all(block["type"] in ("thinking", "redacted_thinking") for block in content):
            continue  # a reply that never got beyond its thoughts
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": role, "content": content})
    if not turns or turns[0]["role"] != "user":
        turns.insert(0, _said("(The conversation goes on.)"))
    if turns[-1]["role"] != "user":
        turns.append(_said("Go on."))
    return turns


def tools_to_wire(tools: Sequence[ToolSpec]) -> list[Block]:
    return [{"name": tool.name, "description": tool.description, "input_schema": dict(tool.schema)} for tool in tools]


def mark_for_cache(tools: list[Block], system: list[Block], turns: list[Block]) -> None:
    """Put the marks behind which the provider keeps the prompt: what is stable longest stands first."""
    own = [turn["content"] for turn in turns if turn["role"] == "user"]
    for blocks in (tools, system, *own[-_LAST_TURNS:]):
        if blocks:
            blocks[-1]["cache_control"] = _MARK


def usage_of(raw: dict[str, Any]) -> tuple[Usage, int]:
    """Tokens, and how many of them were newly written to the cache. The API counts the cached ones apart, we do not."""
    cached, written = _count(raw.get("cache_read_input_tokens")), _count(raw.get("cache_creation_input_tokens"))
    whole = _count(raw.get("input_tokens")) + cached + written
    return Usage(whole, _count(raw.get("output_tokens")), cached), written


def _leading(messages: Sequence[Message]) -> Sequence[Message]:
    after = next((i for i, message in enumerate(messages) if message.role != "system"), len(messages))
    return messages[:after]


def _texts(message: Message) -> Iterator[str]:
    return (part.text for part in message.parts if isinstance(part, Text))


def _said(text: str) -> Block:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def _blocks(part: Part, preset: Preset) -> Iterable[Block]:
    """No block or one."""
    match part:
        case Text(text):
            return [{"type": "text", "text": text}] if text.strip() else []
        case Thinking(text, signature):
            block = block_of(signature, preset)
            return [] if block is None else [{**block, "thinking": text} if block.get("type") == "thinking" else block]
        case ToolCall():
            return [_call(part)]
        case ToolResult():
            return [_result(part)]
        case Image() | Audio() | Document():
            return [_medium(part)]


def _call(call: ToolCall) -> Block:
    # Malformed arguments make the server refuse the whole request, for ever after.
    given = json.loads(call.arguments) if is_object(call.arguments) else {}
    return {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": given}


def _result(part: ToolResult) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": _id(part.call_id)}
    text = [{"type": "text", "text": part.text}] if part.text.strip() else []
    content = [*text, *(_medium(medium) for medium in part.media)]
    if part.failed and not content:
        content = [{"type": "text", "text": "failed"}]
    if content:
        block["content"] = part.text if content == text else content
    if part.failed:
        block["is_error"] = True
    return block


def _medium(part: Image | Audio | Document) -> Block:
    match part:
        case Image(media_type, data):
            return {"type": "image", "source": _encoded(media_type, data)}
        case Document("application/pdf", data, name):
            return _titled({"type": "document", "source": _encoded("application/pdf", data)}, name)
        case Document(_, data, name):
            text = data.decode("utf-8", "replace").replace("\0", "") or "(empty)"
            source = {"type": "text", "media_type": "text/plain", "data": text}
            return _titled({"type": "document", "source": source}, name)
        case Audio(media_type):
            return {"type": "text", "text": f"[a sound ({media_type}), which cannot be sent]"}


def _encoded(media_type: str, data: bytes) -> Block:
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}


def _titled(block: Block, name: str) -> Block:
    return {**block, "title": name[:255]} if name.strip() else block


def _id(call_id: str) -> str:
    """Ids of other providers' models hold characters that this API refuses; both sides of a call change alike."""
    if call_id and not _NOT_IN_ID.search(call_id):
        return call_id
    return f"call_{hashlib.sha256(call_id.encode()).hexdigest()[:24]}"


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0
