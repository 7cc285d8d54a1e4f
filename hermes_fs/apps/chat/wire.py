"""Events as JSON objects: the stable field names of `hermes chat --json` (docs/chat.md lists them)."""

from __future__ import annotations

from typing import Any, assert_never

from hermes_fs.core.clock import iso
from hermes_fs.core.events import (
    Appended,
    Asked,
    Compacted,
    Event,
    Learned,
    Notice,
    Proposed,
    SkillUsed,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
)
from hermes_fs.core.foreign import unwrap
from hermes_fs.core.types import Message, Text, Thinking, ToolCall, ToolResult, Usage


def as_json(event: Event) -> dict[str, Any]:
    """One event as an object whose `type` says what it is. Only adds fields over time, never renames one."""
    match event:
        case TextDelta(text):
            return {"type": "text", "text": text}
        case ThinkingDelta(text):
            return {"type": "thinking", "text": text}
        case Appended(message, origin, usage):
            return {"type": "message", "origin": origin, **_message(message), "usage": _usage(usage)}
        case Notice(kind, text):
            return {"type": "notice", "kind": kind, "text": text}
        case SkillUsed(name, tree):
            return {"type": "skill_used", "name": name, "tree": tree}
        case TurnEnded(reason, usage, detail):
            return {"type": "ended", "reason": reason, "detail": detail, "usage": _usage(usage)}
        case _:
            return _rarer(event)


def _rarer(
    event: ToolStarted | ToolOutput | ToolFinished | Asked | Compacted | Learned | Proposed,
) -> dict[str, Any]:
    match event:
        case ToolStarted(call):
            return {"type": "tool_started", **_call(call)}
        case ToolOutput(call_id, text):
            return {"type": "tool_output", "call": call_id, "text": text}
        case ToolFinished(call, result, seconds):
            return {"type": "tool_finished", "name": call.name, **_result(result), "seconds": round(seconds, 3)}
        case Asked(question, answer):
            return {
                "type": "asked",
                "kind": question.kind,
                "prompt": question.prompt,
                "subject": question.subject,
                "options": list(question.options),
                "answer": answer.value,
                "by": answer.by,
            }
        case Compacted(summary, replaced):
            return {"type": "compacted", "summary": summary.text, "replaced": replaced}
        case Learned(commit):
            return {
                "type": "learned",
                "commit": commit.id,
                "change": commit.change,
                "subject": commit.subject,
                "when": iso(commit.when),
            }
        case Proposed(id, subject, why):
            return {"type": "proposed", "proposal": id, "subject": subject, "why": why}
        case _:
            assert_never(event)


def _message(message: Message) -> dict[str, Any]:
    """`text` always; `thinking`, `calls`, `results`, `media` (types of images and sounds) where there are any."""
    thinking = "".join(part.text for part in message.parts if isinstance(part, Thinking))
    results = [_result(part) for part in message.parts if isinstance(part, ToolResult)]
    known = (Text, Thinking, ToolCall, ToolResult)
    media = [part.media_type for part in message.parts if not isinstance(part, known)]
    optional = {"thinking": thinking, "calls": [_call(call) for call in message.calls], "results": results}
    filled = {name: value for name, value in {**optional, "media": media}.items() if value}
    return {"role": message.role, "text": message.text, **filled}


def _call(call: ToolCall) -> dict[str, Any]:
    return {"call": call.id, "name": call.name, "arguments": call.arguments}


def _result(result: ToolResult) -> dict[str, Any]:
    return {"call": result.call_id, "text": unwrap(result.text), "failed": result.failed, "origin": result.origin}


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {"input": usage.input, "output": usage.output, "cached": usage.cached, "cost": usage.cost}
