"""What Anthropic's API refuses with status 400, so that a request that it would not take fails here, too.

Source: https://platform.claude.com/docs/en/api/messages and …/api/errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_MARKS = 4

Sign = Callable[[str], str]


def complaint(body: Mapping[str, Any], headers: Mapping[str, str], sign: Sign) -> str:
    """The first thing that is wrong, in the API's manner; else "". `sign` gives the signature of a thought."""
    return next(_complaints(body, headers, sign), "")


def _complaints(body: Mapping[str, Any], headers: Mapping[str, str], sign: Sign) -> Iterator[str]:
    version = headers.get("anthropic-version", "")
    if not version:
        yield "anthropic-version: header is required"
    if not isinstance(body.get("max_tokens"), int):
        yield "max_tokens: Field required"
    if "temperature" in body and version > "2023-06-01":
        yield "temperature: Extra inputs are not permitted"
    budget = (body.get("thinking") or {}).get("budget_tokens")
    if budget is not None and not 1024 <= budget < body.get("max_tokens", 0):
        yield "thinking.budget_tokens: must be at least 1024 and below max_tokens"
    if str(body).count("'cache_control'") > _MARKS:
        yield f"A maximum of {_MARKS} blocks with cache_control may be provided"
    turns = body.get("messages") or ()
    yield from _of_turns(turns)
    for place, turn in enumerate(turns):
        for number, block in enumerate(_blocks(turn)):
            for wrong in _of_block(block, sign):
                yield f"messages.{place}.content.{number}{wrong}"


def _of_turns(turns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not turns or turns[0].get("role") != "user":
        yield "messages: first message must use the user role"
    if turns and turns[-1].get("role") == "assistant":
        yield "This model does not support assistant message prefill. The conversation must end with a user message."
    for place, turn in enumerate(turns):
        if not turn.get("content"):
            yield f"messages.{place}: all messages must have non-empty content"
        after = turns[place + 1] if place + 1 < len(turns) else {}
        wanted = [block.get("id") for block in _blocks(turn) if block.get("type") == "tool_use"]
        given = [block.get("tool_use_id") for block in _blocks(after) if block.get("type") == "tool_result"]
        if wanted and sorted(map(str, wanted)) != sorted(map(str, given)):
            yield f"messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after"
        if len(set(wanted)) < len(wanted):
            yield f"messages.{place}: `tool_use` ids must be unique"


def _of_block(block: Mapping[str, Any], sign: Sign) -> Iterator[str]:
    match block.get("type"):
        case "text":
            if not str(block.get("text") or "").strip():
                yield ".text: text content blocks must contain non-whitespace text"
        case "tool_use":
            yield from _of_call(block)
        case "tool_result":
            yield from _of_result(block, sign)
        case "thinking":
            if block.get("signature") != sign(str(block.get("thinking"))):
                yield ": Invalid `signature` in `thinking` block"
        case "image" | "document" | "redacted_thinking":
            return
        case kind:
            yield f": Input tag {kind!r} found using 'type' does not match any of the expected tags"


def _of_call(block: Mapping[str, Any]) -> Iterator[str]:
    if not _ID.fullmatch(str(block.get("id"))):
        yield ".id: String should match pattern '^[a-zA-Z0-9_-]+$'"
    if not isinstance(block.get("input"), dict):
        yield ".input: Input should be an object"


def _of_result(block: Mapping[str, Any], sign: Sign) -> Iterator[str]:
    content = block.get("content")
    if block.get("is_error") and not content:
        yield ".content: content cannot be empty if `is_error` is true"
    for inner in content if isinstance(content, list) else ():
        yield from _of_block(inner, sign)


def _blocks(turn: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    content = turn.get("content")
    return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []
