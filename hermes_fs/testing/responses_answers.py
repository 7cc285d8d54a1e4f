"""How the loopback server speaks OpenAI's Responses API: its events and whole responses, and what it refuses.

Source: https://developers.openai.com/api/reference/resources/responses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hermes_fs.testing.openai_answers import Answer, failure

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_TYPES = ("message", "reasoning", "function_call", "function_call_output")
_PIECES = {
    "user": ("input_text", "input_image", "input_file"),
    "developer": ("input_text",),
    "assistant": ("output_text", "refusal"),
}


def encrypted(thinking: str) -> str:
    """What the server gives for a thought, and wants to see again."""
    return "enc" + hashlib.sha256(thinking.encode()).hexdigest()


class ResponsesDialect:
    def plain(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        messages: list[dict[str, Any]] = []
        for item in _items(body):
            if item.get("type") == "function_call_output":
                messages.append({"role": "tool", "content": ""})
            elif item.get("type") == "message":
                texts = [{"type": "text", "text": piece.get("text", "")} for piece in item.get("content") or ()]
                messages.append({"role": item.get("role"), "content": texts})
        tools = [{"function": {"name": tool.get("name")}} for tool in body.get("tools") or ()]
        return {**body, "messages": messages, "tools": tools}

    def refusal(self, request: Mapping[str, Any]) -> Answer | None:
        said = next(_complaints(request["body"] or {}), "")
        return failure(400, said) if said else None

    def whole(self, body: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
        return _response(body, answer, _output(body, answer))

    def events(self, body: Mapping[str, Any], answer: Answer) -> list[bytes]:
        return [
            b"event: %s\ndata: %s\n\n"
            % (str(event.get("type")).encode(), json.dumps(event, ensure_ascii=False).encode())
            for event in answer.chunks or _events(body, answer)
        ]

    def error(self, answer: Answer) -> Any:
        return {"error": answer.error}


def _items(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    given = body.get("input")
    return [item for item in given if isinstance(item, Mapping)] if isinstance(given, list) else []


# -- what it refuses --------------------------------------------------------------------------------------------------


def _complaints(body: Mapping[str, Any]) -> Iterator[str]:
    items = _items(body)
    calls = [item.get("call_id") for item in items if item.get("type") == "function_call"]
    outputs = [item.get("call_id") for item in items if item.get("type") == "function_call_output"]
    if sorted(map(str, calls)) != sorted(map(str, outputs)):
        yield "No tool output found for function call."
    for place, item in enumerate(items):
        after = items[place + 1].get("type") if place + 1 < len(items) else ""
        for wrong in _of_item(item, str(after)):
            yield f"Invalid 'input[{place}]': {wrong}"
    for tool in body.get("tools") or ():
        if "name" not in tool or "function" in tool:
            yield "Missing required parameter: 'tools[0].name'."


def _of_item(item: Mapping[str, Any], after: str) -> Iterator[str]:
    kind = item.get("type")
    if kind not in _TYPES:
        yield f"invalid type {kind!r}"
    if kind == "message":
        allowed = _PIECES.get(str(item.get("role")), ())
        wrong = [piece.get("type") for piece in item.get("content") or () if piece.get("type") not in allowed]
        if wrong or not item.get("content"):
            yield f"content of {item.get('role')} may not hold {wrong}"
    if kind in ("function_call", "function_call_output") and not 0 < len(str(item.get("call_id"))) <= 64:
        yield "call_id must have 1 to 64 characters"
    if kind == "reasoning":
        if not str(item.get("encrypted_content")).startswith("enc"):
            yield "the encrypted content could not be verified"
        if after not in ("message", "function_call", "reasoning"):
            yield "a 'reasoning' item was provided without its required following item"


# -- what it says -----------------------------------------------------------------------------------------------------


def _output(body: Mapping[str, Any], answer: Answer) -> list[dict[str, Any]]:
    number = len(_items(body))
    items: list[dict[str, Any]] = []
    if answer.thinking:
        summary = [{"type": "summary_text", "text": answer.thinking}]
        sealed = {"encrypted_content": encrypted(answer.thinking)}
        items.append({"type": "reasoning", "id": f"rs_{number}", "summary": summary, **sealed})
    if answer.text:
        content = [{"type": "output_text", "text": answer.text, "annotations": []}]
        items.append({"type": "message", "id": f"msg_{number}", "role": "assistant", "content": content})
    for i, (name, arguments) in enumerate(answer.calls):
        ids = {"id": f"fc_{number}_{i}", "call_id": f"call_{number}_{i}"}
        items.append({"type": "function_call", **ids, "name": name, "arguments": arguments})
    return items


def _response(body: Mapping[str, Any], answer: Answer, output: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    prompt, said = len(json.dumps(body.get("input"))) // 4, max(1, len(answer.text or str(answer.calls)) // 4)
    why = _INCOMPLETE.get(answer.finish)
    return {
        "id": "resp_fake",
        "object": "response",
        "model": body.get("model"),
        "status": "incomplete" if why else "completed",
        "incomplete_details": {"reason": why} if why else None,
        "error": None,
        "output": list(output),
        "usage": answer.usage or {"input_tokens": prompt, "output_tokens": said, "total_tokens": prompt + said},
    }


def _events(body: Mapping[str, Any], answer: Answer) -> Iterator[dict[str, Any]]:
    output = _output(body, answer)
    final = _response(body, answer, output)
    begun = {**final, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    for place, item in enumerate(output):
        at = {"output_index": place, "item_id": item["id"]}
        yield {"type": "response.output_item.added", "output_index": place, "item": {**item, "status": "in_progress"}}
        for kind, text in _deltas(item):
            yield {"type": f"response.{kind}.delta", **at, "delta": text}
        yield {"type": "response.output_item.done", "output_index": place, "item": {**item, "status": "completed"}}
    yield {"type": f"response.{final['status']}", "response": final}


def _deltas(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    match item["type"]:
        case "message":
            kind, text = "output_text", item["content"][0]["text"]
        case "reasoning":
            kind, text = "reasoning_summary_text", item["summary"][0]["text"]
        case _:
            kind, text = "function_call_arguments", item["arguments"]
    size = max(1, -(-len(text) // 4))
    return ((kind, text[start : start + size]) for start in range(0, len(text), size))
