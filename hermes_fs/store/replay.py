"""Messages to transcript records and back. Pure. What comes back equals what went in, up to redaction."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hermes_fs.core.origins import known, least_trusted
from hermes_fs.core.types import (
    Audio,
    Document,
    Image,
    Message,
    Origin,
    Part,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    user,
)
from hermes_fs.store.transcript import Record, text_in

INTERRUPTED = "interrupted: no result was recorded"

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}

Blob = Callable[[str], bytes]
"""Reads a blob that lies beside the transcript, by name; b"" where it is gone."""


def message_records(message: Message) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records, as (type, data), that keep a message of a person or a model. Results have records of their own. A
    thought's `at` is how many characters of the text stand before it: its provider wants it back in its place."""
    data: dict[str, Any] = {"role": message.role, "text": message.text}
    asides = [part for part in message.parts if isinstance(part, Text) and part.aside]
    thinking = list(_thoughts(message.parts))
    if asides:
        data["aside"] = "".join(part.text for part in asides)
        data["aside_origin"] = least_trusted(part.origin for part in asides)
    if thinking:
        data["thinking"] = thinking
    if media := _media_data(message.parts):
        data["media"] = media
    yield "message", data
    for call in message.calls:
        yield "tool_call", {"call": call.id, "name": call.name, "arguments": call.arguments}


def result_record(call: ToolCall, result: ToolResult, seconds: float) -> dict[str, Any]:
    """Data of the record that keeps one result."""
    data = {"call": call.id, "name": call.name, "text": result.text, "failed": result.failed}
    media = _media_data(result.media)
    return {**data, "seconds": round(seconds, 4)} | ({"media": media} if media else {})


def replay(records: Sequence[Record], whole: bool = False, blob: Blob = lambda name: b"") -> list[Message]:
    """The conversation without its system prompt. Every call has a result; one that was never recorded says so.

    `whole` gives every message ever; otherwise a compaction stands for what it replaced, as the model saw it.
    """
    messages: list[Message] = []
    calls: list[ToolCall] = []
    results: list[ToolResult] = []

    def settle() -> None:
        if calls:
            messages[-1] = Message("assistant", (*messages[-1].parts, *calls))
            messages.append(Message("tool", tuple(_in_order(calls, results))))
        calls.clear()
        results.clear()

    for record in records:
        data = record.data
        match record.type:
            case "message":
                settle()
                messages.append(_message(data, blob))
            case "tool_call" if messages and messages[-1].role == "assistant":
                calls.append(ToolCall(record.text("call"), record.text("name"), record.text("arguments")))
            case "tool_result" if calls:
                failed = bool(data.get("failed"))
                media = tuple(_media(data, blob))
                results.append(
                    ToolResult(record.text("call"), record.text("text"), failed, known(record.origin), media)
                )
            case "compaction" if not whole and isinstance(data.get("replaced"), int):
                settle()
                messages[: max(data["replaced"], 0)] = [user(record.text("summary"))]
    settle()
    return messages


def origins(records: Iterable[Record]) -> set[Origin]:
    """Whose words a model that goes on with these records has read: what was recorded as made in a tainted context
    keeps its taint, compaction or not."""
    found: set[Origin] = set()
    for record in records:
        if record.type in ("message", "tool_result", "compaction"):
            found.add(known(record.origin))
            found.add(known(record.text("aside_origin")))
    return found


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
    parts: list[Part] = []
    text, done = text_in(data, "text"), 0
    for thought in _items(data, "thinking"):
        at = thought.get("at")
        if isinstance(at, int) and done < at <= len(text):
            parts.append(Text(text[done:at]))
            done = at
        parts.append(Thinking(text_in(thought, "text"), text_in(thought, "signature")))
    if text[done:]:
        parts.append(Text(text[done:]))
    if text_in(data, "aside"):
        parts.append(Text(text_in(data, "aside"), aside=True, origin=known(text_in(data, "aside_origin"))))
    parts += _media(data, blob)
    return Message(_ROLES.get(text_in(data, "role"), "user"), tuple(parts))


def _thoughts(parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    before = 0
    for part in parts:
        if isinstance(part, Text) and not part.aside:
            before += len(part.text)
        elif isinstance(part, Thinking):
            yield {"text": part.text, "signature": part.signature} | ({"at": before} if before else {})


def _media_data(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [
        {"media_type": part.media_type, "data": part.data} | ({"name": part.name} if isinstance(part, Document) else {})
        for part in parts
        if isinstance(part, Image | Audio | Document)
    ]


def _media(data: Mapping[str, Any], blob: Blob) -> Iterator[Image | Audio | Document]:
    for item in _items(data, "media"):
        kind, stored = text_in(item, "media_type"), item.get("data")
        content = _content(stored, blob) if isinstance(stored, Mapping) else b""
        yield _medium(kind, content, text_in(item, "name"))


def _medium(kind: str, data: bytes, name: str) -> Image | Audio | Document:
    if kind.startswith("image/"):
        return Image(kind, data)
    return Audio(kind, data) if kind.startswith("audio/") else Document(kind, data, name)


def _content(stored: Mapping[str, Any], blob: Blob) -> bytes:
    if "blob" in stored:
        return blob(text_in(stored, "blob"))
    try:
        return base64.b64decode(text_in(stored, "base64"))
    except ValueError:
        return b""


def _items(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = data.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []
