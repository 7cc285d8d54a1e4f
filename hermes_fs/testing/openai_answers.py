"""What the loopback server says: answers given as values, or asked for by a marker in the message.

When a server's list of answers is used up, a marker in the last user message that has one decides:

    [[fake tools=50 name=terminal args={"command":"true"}]]   50 calls one after the other, then the final text
    [[fake tools=50 par=5 name=... args={...}]]               ... 5 calls in each reply; `{i}` in args is the number
    [[fake text=4000]]  [[fake sleep=0.2]]                    a text of that length; seconds before every answer
    [[fake status=429 retry_after=1 times=2]]                 the first two requests fail so (without times: each)
    [[fake cut=1]] hang=1 stall=1 linger=1 empty=1 malformed=1 overflow=1 filter=1    other faults, likewise with times

The same answers are given over every wire that a server speaks, see dialects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hermes_fs.agent.recollect import HEADING

_MARK = re.compile(r"\[\[fake ([^\n]*?)\]\](?!\])")
_ARGS = re.compile(r"args=(\{.*\})\s*$")
_LOREM = "The quick brown fox jumps over the lazy dog while the index rebuilds itself. "
_MANNERS: tuple[Manner, ...] = ("cut", "hang", "stall", "linger")
_FAULTS = ("status", "empty", "malformed", "overflow", "filter", *_MANNERS)
_OVERFLOW = {
    "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "type": "invalid_request_error",
    "code": "context_length_exceeded",
}


Manner = Literal["", "cut", "hang", "stall", "linger"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says to one request. `calls` are (name, arguments) pairs. `chunks`, where given, are sent as the
    stream's raw objects instead; `raw` is the whole body instead: text as a web page, else JSON. `error` is the body of
    an answer whose `status` is not 200; `delay` is in seconds before the first byte. `manner`: `cut` drops the
    connection half way, `hang` says nothing until the client leaves, `stall` says half and then nothing, `linger` says
    all but never ends."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    thinking: str = ""
    status: int = 200
    error: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    manner: Manner = ""
    chunks: tuple[Mapping[str, Any], ...] = ()
    finish: str = ""
    usage: Mapping[str, Any] | None = None
    raw: Any = None


def failure(status: int, message: str = "no", *, code: str | None = None, retry_after: str = "") -> Answer:
    """An answer that is an error in OpenAI's form."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Answer(status=status, error={"message": message, "type": "error", "code": code}, headers=headers)


def marked_text(body: Mapping[str, Any]) -> str:
    """The newest user message that holds a marker, else nothing."""
    for message in reversed(body.get("messages") or ()):
        text = _text(message.get("content"))
        if message.get("role") == "user" and "[[fake " in text:
            return text
    return ""


def _text(content: Any) -> str:
    """What was said; a marker that recall quotes from an earlier conversation asks for nothing."""
    if not isinstance(content, str):
        content = "\n".join(part.get("text", "") for part in content or () if isinstance(part, dict))
    return str(content).partition(HEADING)[0]


def options_of(text: str) -> dict[str, str]:
    """What the last marker in a text asks for; empty without one."""
    markers = _MARK.findall(text)
    if not markers:
        return {}
    marker = markers[-1]
    found = _ARGS.search(marker)
    options = dict(re.findall(r"(\w+)=(\S+)", marker[: found.start()] if found else marker))
    return {**options, "args": found.group(1)} if found else options


def misbehaviour(options: Mapping[str, str]) -> Answer | None:
    """The fault that a marker asks for, None if it asks for none."""
    if not any(name in options for name in _FAULTS):
        return None
    if "status" in options:
        return failure(int(options["status"]), "scripted failure", retry_after=options.get("retry_after", ""))
    if "overflow" in options:
        return Answer(status=400, error=_OVERFLOW)
    if "malformed" in options:
        return Answer(calls=((options.get("name", "terminal"), '{"command": "tr'),))
    if "filter" in options:
        return Answer(finish="content_filter")
    text = "" if "empty" in options else _LOREM
    return Answer(text, manner=next((manner for manner in _MANNERS if manner in options), ""))


def scripted(options: Mapping[str, str], body: Mapping[str, Any], reply: str) -> Answer:
    """The good answer that a marker asks for: the next calls, then the final text."""
    messages, delay = body.get("messages") or [], float(options.get("sleep", 0))
    last = max((i for i, message in enumerate(messages) if "[[fake " in _text(message.get("content"))), default=0)
    done = sum(message.get("role") == "tool" for message in messages[last:])
    wanted, name = int(options.get("tools", 0)), options.get("name", "terminal")
    offered = {tool.get("function", {}).get("name") for tool in body.get("tools") or ()}
    if done < wanted and name in offered:
        arguments = options.get("args", '{"command": "true"}')
        numbers = range(done, min(done + int(options.get("par", 1)), wanted))
        return Answer(calls=tuple((name, arguments.replace("{i}", str(number))) for number in numbers), delay=delay)
    length = int(options.get("text", 0))
    text = (_LOREM * (length // len(_LOREM) + 1))[:length] if length else reply
    return Answer(text, delay=delay)


def _usage(body: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
    if answer.usage is not None:
        return answer.usage
    prompt = len(json.dumps(body.get("messages"))) // 4
    output = max(1, len(answer.text or json.dumps(answer.calls)) // 4)
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}


def _calls(body: Mapping[str, Any], answer: Answer) -> list[dict[str, Any]]:
    number = len(body.get("messages") or ())
    return [
        {"id": f"call_{number}_{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for i, (name, arguments) in enumerate(answer.calls)
    ]


def _finish(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.calls else "stop")


def whole(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """The completion as one object."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.calls:
        message["tool_calls"] = _calls(body, answer)
    if answer.thinking:
        message["reasoning_content"] = answer.thinking
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
    return {**_stub(body, "chat.completion"), "choices": [choice], "usage": _usage(body, answer)}


def chunks(body: Mapping[str, Any], answer: Answer) -> Iterator[Mapping[str, Any]]:
    """The completion as the objects of a stream."""
    if answer.chunks:
        yield from answer.chunks
        return
    stub = _stub(body, "chat.completion.chunk")
    for delta in _deltas(body, answer):
        yield {**stub, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**stub, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**stub, "choices": [], "usage": _usage(body, answer)}


def _deltas(body: Mapping[str, Any], answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if answer.calls else ""}
    for piece in _quarters(answer.thinking):
        yield {"reasoning_content": piece}
    for piece in _quarters(answer.text):
        yield {"content": piece}
    for index, call in enumerate(_calls(body, answer)):
        arguments = call["function"]["arguments"]
        half = len(arguments) // 2
        opening = {**call, "function": {"name": call["function"]["name"], "arguments": arguments[:half]}}
        yield {"tool_calls": [{"index": index, **opening}]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": arguments[half:]}}]}


def _quarters(text: str) -> Iterator[str]:
    size = max(1, -(-len(text) // 4))
    return (text[start : start + size] for start in range(0, len(text), size))


def _stub(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": 0, "model": body.get("model") or "fake-model"}
