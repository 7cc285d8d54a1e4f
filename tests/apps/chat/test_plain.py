import io
from datetime import UTC, datetime

from hermes_fs.apps.chat.face import play
from hermes_fs.apps.chat.plain import Plain
from hermes_fs.core.events import Appended, Asked, Learned, TextDelta, ToolFinished, ToolStarted, TurnEnded
from hermes_fs.core.types import Answer, Commit, Question, ToolCall, ToolResult, Usage, assistant

CALL = ToolCall("1", "terminal", '{"command": "ls"}')
EVENTS = [
    TextDelta("Let me look."),
    Appended(assistant("Let me look.", CALL), "agent"),
    ToolStarted(CALL),
    Asked(Question("approve", "Run?", "rm x"), Answer(None)),
    ToolFinished(CALL, ToolResult("1", "no such\nfile", failed=True), 0.2),
    Learned(Commit("abcdef0123", "01J", "memory: add 1 entry", datetime.now(UTC))),
    Appended(assistant("It is \x1b[31mempty\x1b[0m.\n"), "agent"),
    TurnEnded("done", Usage()),
]


def test_only_the_reply_goes_to_the_first_stream_and_remarks_to_the_second():
    replies, remarks = io.StringIO(), io.StringIO()
    play(iter(EVENTS), Plain(replies, remarks, io.StringIO()))
    assert replies.getvalue() == "It is empty.\n"
    assert remarks.getvalue().splitlines() == [
        "  not allowed, nobody is there to ask: rm x",
        "  terminal  ls · 0.2 s · failed: no such file",
        "  learned  memory: add 1 entry · abcdef01",
    ]


def test_without_a_second_stream_remarks_are_not_shown():
    replies = io.StringIO()
    play(iter(EVENTS), Plain(replies, None, io.StringIO()))
    assert replies.getvalue() == "It is empty.\n"


def test_in_a_conversation_what_comes_before_a_call_is_shown_too():
    replies = io.StringIO()
    play(iter(EVENTS), Plain(replies, None, io.StringIO(), interim=True))
    assert replies.getvalue() == "Let me look.\nIt is empty.\n"


def test_why_a_turn_did_not_end_well_is_always_said():
    errors = io.StringIO()
    play(iter([TurnEnded("error", Usage(), "no key")]), Plain(io.StringIO(), None, errors))
    assert errors.getvalue() == "error: no key\n"
