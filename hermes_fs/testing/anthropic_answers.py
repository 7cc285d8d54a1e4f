"""How the loopback server speaks Anthropic's messages: its events, whole messages and errors.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming and …/api/errors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from hermes_fs.testing.anthropic_rules import complaint
from hermes_fs.testing.openai_answers import Answer, failure

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_REASONS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "content_filter": "refusal"}


def signature_of(thinking: str) -> str:
    """What the server signs a thought with, and wants to see again."""
    return "sig" + hashlib.sha256(thinking.encode()).hexdigest()


class AnthropicDialect:
    def plain(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        messages = [said for turn in body.get("messages") or () for said in _said(turn)]
        tools = [{"function": {"name": tool.get("name")}} for tool in body.get("tools") or ()]
        return {**body, "messages": messages, "tools": tools}

    def refusal(self, request: Mapping[str, Any]) -> Answer | None:
        said = complaint(request["body"] or {}, request["headers"], signature_of)
        return failure(400, said) if said else None

    def whole(self, body: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
        return {**_stub(body, answer), "content": _content(body, answer), "stop_reason": _reason(answer)}

    def events(self, body: Mapping[str, Any], answer: Answer) -> list[bytes]:
        return [_event(event) for event in answer.chunks or _events(body, answer)]

    def error(self, answer: Answer) -> Any:
        error = answer.error if isinstance(answer.error, Mapping) else {"message": str(answer.error)}
        message = error.get("message")
        if error.get("code") == "context_length_exceeded":
            message = "prompt is too long: 9000 tokens > 8192 maximum"
        kind = _TYPES.get(answer.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_fake"}


def _said(turn: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    content = turn.get("content")
    if isinstance(content, str):
        yield {"role": turn.get("role"), "content": content}
        return
    texts = [block for block in content or () if block.get("type") == "text"]
    for block in content or ():
        if block.get("type") == "tool_result":
            yield {"role": "tool", "content": ""}
    if texts:
        yield {"role": turn.get("role"), "content": texts}


def _event(event: Mapping[str, Any]) -> bytes:
    data = json.dumps(event, ensure_ascii=False).encode()
    return b"event: %s\ndata: %s\n\n" % (str(event.get("type")).encode(), data)


def _stub(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    prompt, output = len(json.dumps(body.get("messages"))) // 4, max(1, len(answer.text or str(answer.calls)) // 4)
    usage = {"input_tokens": prompt, "output_tokens": output, **(answer.usage or {})}
    stub: dict[str, Any] = {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [],
    }
    return {**stub, "stop_reason": None, "stop_sequence": None, "usage": usage}


def _reason(answer: Answer) -> str:
    reason = answer.finish or ("tool_calls" if answer.calls else "stop")
    return _REASONS.get(reason, reason)


def _content(body: Mapping[str, Any], answer: Answer) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.thinking:
        signature = signature_of(answer.thinking)
        blocks.append({"type": "thinking", "thinking": answer.thinking, "signature": signature})
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    number = len(body.get("messages") or ())
    for i, (name, arguments) in enumerate(answer.calls):
        call = {"type": "tool_use", "id": f"toolu_{number}_{i}", "name": name, "input": arguments}
        blocks.append(call)
    return blocks


def _events(body: Mapping[str, Any], answer: Answer) -> Iterator[Mapping[str, Any]]:
    stub = _stub(body, answer)
    first = {**stub["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": {**stub, "usage": first}}
    yield {"type": "ping"}
    for index, block in enumerate(_content(body, answer)):
        yield {"type": "content_block_start", "index": index, "content_block": _opening(block)}
        for delta in _deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    usage = {"output_tokens": stub["usage"]["output_tokens"]}
    yield {"type": "message_delta", "delta": {"stop_reason": _reason(answer), "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def _opening(block: Mapping[str, Any]) -> dict[str, Any]:
    empty = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {name: empty.get(name, value) for name, value in block.items()}


def _deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "text":
            for piece in _quarters(block["text"]):
                yield {"type": "text_delta", "text": piece}
        case "thinking":
            for piece in _quarters(block["thinking"]):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case _:
            for piece in ("", *_quarters(block["input"])):
                yield {"type": "input_json_delta", "partial_json": piece}


def _quarters(text: str) -> Iterator[str]:
    size = max(1, -(-len(text) // 4))
    return (text[start : start + size] for start in range(0, len(text), size))
