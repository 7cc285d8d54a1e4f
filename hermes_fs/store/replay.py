"""Messages to transcript records and back. Pure. What comes back equals what went in, up to redaction."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hermes_fs.core.types import Audio, Image, Message, Part, Text, Thinking, ToolCall, ToolResult, user
from hermes_fs.store.transcript import Record

INTERRUPTED = "interrupted: no result was recorded"

Blob = Callable[[str], bytes]
"""Reads a blob that lies beside the transcript, by name; b"" where it is gone."""


def message_records(message: Message) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records, as (type, data), that keep a message of a person or a model. Results have records of their own."""
    data: dict[str, Any] = {"role": message.role, "text": message.text}
    asides = [part.text for part in message.parts if isinstance(part, Text) and part.aside]
    thinking = [part for part in message.parts if isinstance(part, Thinking)]
    media = [part for part in message.parts if isinstance(part, Image | Audio)]
    if asides:
        data["aside"] = "".join(asides)
    if thinking:
        data["thinking"] = [{"text": part.text, "signature": part.signature} for part in thinking]
    if media:
        data["media"] = [{"media_type": part.media_type, "data": part.data} for part in media]
    yield "message", data
    for call in message.calls:
        yield "tool_call", {"call": call.id, "name": call.name, "arguments": call.arguments}


def result_record(call: ToolCall, result: ToolResult, seconds: float) -> dict[str, Any]:
    """Data of the record that keeps one result."""
    data = {"call": call.id, "name": call.name, "text": result.text, "failed": result.failed}
    return {**data, "seconds": round(seconds, 4)}


def replay(records: Sequence[Record], whole: bool = False, blob: Blob = lambda name: b"") -> list[Message]:
    """The conversation without its system prompt. Every call has a result; one that was never recorded says so.

    `whole` gives every message ever; otherwise a compaction stands for what it replaced, as the model saw it.
    """
    messages: list[Message] = []
    calls: list[ToolCall] = []
    results: list[ToolResult] = []

    def settle() -> None:
        if not calls:
            return
        messages[-1] = Message("assistant", (*messages[-1].parts, *calls))
        messages.append(Message("tool", tuple(_in_order(calls, results))))
        calls.clear()
        results.clear()

    for record in records:
        match record.type:
            case "message":
                settle()
                messages.append(_message(record.data, blob))
            case "tool_call" if messages and messages[-1].role == "assistant":
                calls.append(ToolCall(record.data["call"], record.data["name"], record.data["arguments"]))
            case "tool_result":
                failed = bool(record.data.get("failed"))
                results.append(ToolResult(record.data["call"], record.data["text"], failed))
            case "compaction" if not whole:
                settle()
                messages[: record.data["replaced"]] = [user(record.data["summary"])]
    settle()
    return messages


def _in_order(calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> Iterator[ToolResult]:
    """One result a call, in the calls' order; ids may repeat, and results come as tools finish."""
    left = list(results)
    for call in calls:
        found = next((result for result in left if result.call_id == call.id), None)
        if found is None:
            yield ToolResult(call.id, INTERRUPTED, failed=True)
        else:
            left.remove(found)
            yield found


def _message(data: Mapping[str, Any], blob: Blob) -> Message:
    parts: list[Part] = [Thinking(part["text"], part.get("signature", "")) for part in data.get("thinking", ())]
    if data["text"]:
        parts.append(Text(data["text"]))
    if data.get("aside"):
        parts.append(Text(data["aside"], aside=True))
    for item in data.get("media", ()):
        media_type, stored = item["media_type"], item["data"]
        content = base64.b64decode(stored["base64"]) if "base64" in stored else blob(stored["blob"])
        parts.append((Image if media_type.startswith("image/") else Audio)(media_type, content))
    return Message(data["role"], tuple(parts))
