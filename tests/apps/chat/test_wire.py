import json
import typing
from datetime import UTC, datetime

from hermes_fs.apps.chat.wire import as_json
from hermes_fs.core import events
from hermes_fs.core.types import (
    Answer,
    Commit,
    Image,
    Message,
    Question,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
    assistant,
    user,
)

CALL = ToolCall("c1", "terminal", '{"command": "ls"}')
RESULT = ToolResult("c1", "a.txt", failed=False)
USAGE = Usage(10, 2, 4, 0.5)
COMMIT = Commit("abc", "01J", "memory: add 1 entry", datetime(2026, 1, 31, 8, 15, tzinfo=UTC))
OBJECT = {"call": "c1", "name": "terminal", "arguments": '{"command": "ls"}'}
SPENT = {"input": 10, "output": 2, "cached": 4, "cost": 0.5}

EXPECTED = [
    (events.TextDelta("hi"), {"type": "text", "text": "hi"}),
    (events.ThinkingDelta("hm"), {"type": "thinking", "text": "hm"}),
    (
        events.Appended(Message("assistant", (Thinking("hm", "sig"), Text("hi"), CALL)), "agent", USAGE),
        {
            "type": "message",
            "role": "assistant",
            "origin": "agent",
            "text": "hi",
            "thinking": "hm",
            "calls": [OBJECT],
            "usage": SPENT,
        },
    ),
    (
        events.Appended(Message("tool", (RESULT,)), "tool"),
        {
            "type": "message",
            "role": "tool",
            "origin": "tool",
            "text": "",
            "results": [{"call": "c1", "text": "a.txt", "failed": False, "origin": "agent"}],
            "usage": None,
        },
    ),
    (
        events.Appended(Message("user", (Image("image/png", b"\x89"),)), "owner"),
        {"type": "message", "role": "user", "origin": "owner", "text": "", "media": ["image/png"], "usage": None},
    ),
    (events.ToolStarted(CALL), {"type": "tool_started", **OBJECT}),
    (events.ToolOutput("c1", "a.t"), {"type": "tool_output", "call": "c1", "text": "a.t"}),
    (
        events.ToolFinished(CALL, RESULT, 0.12345),
        {
            "type": "tool_finished",
            "call": "c1",
            "name": "terminal",
            "text": "a.txt",
            "failed": False,
            "origin": "agent",
            "seconds": 0.123,
        },
    ),
    (
        events.Asked(Question("approve", "Run?", "ls", ("once", "no")), Answer("once", "owner")),
        {
            "type": "asked",
            "kind": "approve",
            "prompt": "Run?",
            "subject": "ls",
            "options": ["once", "no"],
            "answer": "once",
            "by": "owner",
        },
    ),
    (events.Compacted(user("short"), 7), {"type": "compacted", "summary": "short", "replaced": 7}),
    (events.SkillUsed("logs", "tree"), {"type": "skill_used", "name": "logs", "tree": "tree"}),
    (events.Notice("retry", "again"), {"type": "notice", "kind": "retry", "text": "again"}),
    (
        events.Learned(COMMIT),
        {
            "type": "learned",
            "commit": "abc",
            "change": "01J",
            "subject": "memory: add 1 entry",
            "when": "2026-01-31T08:15:00.000Z",
        },
    ),
    (
        events.Proposed("3k9fzz", "memory: add 1 entry", "from a tainted session"),
        {
            "type": "proposed",
            "proposal": "3k9fzz",
            "subject": "memory: add 1 entry",
            "why": "from a tainted session",
        },
    ),
    (
        events.TurnEnded("error", USAGE, "no key"),
        {"type": "ended", "reason": "error", "detail": "no key", "usage": SPENT},
    ),
]


def test_each_event_has_its_documented_fields():
    for event, value in EXPECTED:
        assert as_json(event) == value
        json.dumps(value)


def test_no_kind_of_event_is_forgotten():
    assert {type(event) for event, _ in EXPECTED} == set(typing.get_args(events.Event))


def test_an_unknown_price_is_null():
    assert as_json(events.Appended(assistant("x"), "agent", Usage(1, 1)))["usage"]["cost"] is None
