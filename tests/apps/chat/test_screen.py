from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.console import Console

from hermes_fs.apps.chat.face import play
from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.markdown import THEME
from hermes_fs.apps.chat.screen import Screen
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.events import (
    Appended,
    Asked,
    Compacted,
    Event,
    Learned,
    Notice,
    SkillUsed,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
)
from hermes_fs.core.types import Answer, Commit, Question, ToolCall, ToolResult, Usage, assistant, user
from tests.apps.chat.glass import Glass

DONE = TurnEnded("done", Usage())


def screen(glass: Glass, environ: dict[str, str] | None = None) -> Screen:
    environ = {"TERM": "xterm", **(environ or {})}
    size = {"width": glass.pane.columns, "height": glass.pane.lines}
    console = Console(file=glass, force_terminal=True, color_system="standard", theme=THEME, _environ=environ, **size)
    return Screen(console, Ink(glass, environ), SystemClock())


def show(events: Iterable[Event], glass: Glass | None = None) -> Glass:
    glass = glass or Glass()
    play(iter(events), screen(glass))
    return glass


def said(text: str, size: int = 3) -> Iterator[Event]:
    for place in range(0, len(text), size):
        yield TextDelta(text[place : place + size])
    yield Appended(assistant(text), "agent", Usage(1, 1))


def test_a_reply_that_came_in_pieces_stands_there_once():
    assert show([*said("Hello **you**.\n\nSecond paragraph."), DONE]).text() == "\nHello you.\n\nSecond paragraph."


def test_a_reply_that_came_whole_is_shown_too():
    assert show([Appended(assistant("All at once."), "agent"), DONE]).text() == "\nAll at once."


def test_a_reply_longer_than_the_window_is_whole_in_the_scrollback():
    code = "```\n" + "".join(f"line {number}\n" for number in range(200)) + "```"
    glass = show([*said(f"Start.\n\n{code}\n\nEnd.", 40), DONE], Glass(60, 10))
    expected = ["", "Start.", "", *(f"    line {number}" for number in range(200)), "", "End."]
    assert glass.everything() == expected


def test_only_what_changes_is_written_again():
    text = "word " * 400
    glass = show([*said(text), DONE], Glass(80, 24))
    assert "\x1b[2J" not in "".join(glass.written)
    assert glass.text().split() == text.split()


def test_tools_show_while_they_run_and_are_one_line_afterwards():
    glass = Glass()
    run = ToolCall("1", "terminal", '{"command": "make  test", "timeout": 9}')
    read = ToolCall("2", "read_file", '{"path": "a.txt"}')
    seen: list[list[str]] = []

    def events() -> Iterator[Event]:
        yield Appended(assistant("Looking.", run, read), "agent")
        yield ToolStarted(run)
        yield ToolStarted(read)
        yield ToolOutput("1", "first\nsecond\rthird\n")
        seen.append(glass.screen())
        yield ToolFinished(read, ToolResult("2", "no such file: a.txt", failed=True), 0.02)
        yield ToolFinished(run, ToolResult("1", "done"), 12.3)
        yield DONE

    show(events(), glass)
    assert seen == [
        ["", "Looking.", "", "  ○ terminal  make test · 0 s", "    first", "    third", "  ○ read_file  a.txt · 0 s"]
    ]
    assert glass.everything()[3:] == [
        "  ✗ read_file  a.txt · 0.0 s",
        "    no such file: a.txt",
        "  ✓ terminal  make test · 12 s",
        "    first",
        "    third",
    ]


def test_two_calls_with_the_same_id_are_two_lines():
    calls = [ToolCall("x", "recall", f'{{"query": "{word}"}}') for word in ("one", "two")]
    started = [ToolStarted(call) for call in calls]
    finished = [ToolFinished(call, ToolResult("x", ""), 0.1) for call in reversed(calls)]
    assert show([*started, *finished, DONE]).everything()[1:] == ["  ✓ recall  two · 0.1 s", "  ✓ recall  one · 0.1 s"]


def test_lessons_notices_and_endings_are_a_line_each():
    commit = Commit("k3v9qa1ffffff", "01J", "memory: add 1 entry", datetime.now(UTC))
    rows = show(
        [
            SkillUsed("parse-logs", "t"),
            Learned(commit),
            Notice("retry", "trying again in 2 s"),
            Compacted(user("summary"), 12),
            TurnEnded("steps", Usage(), "stopped after 50 model calls; say 'continue' to go on"),
        ]
    ).everything()
    assert rows[1:] == [
        "  · skill parse-logs",
        "  ✦ learned  memory: add 1 entry · k3v9qa1f · undo with /undo",
        "  · trying again in 2 s",
        "  · 12 earlier messages are now a summary; the transcript keeps them",
        "  stopped after 50 model calls; say 'continue' to go on",
    ]


def test_a_retry_voids_what_was_shown_of_the_reply():
    cut = [TextDelta("Half a rep")]
    again = [Notice("retry", "trying again"), *said("A whole reply.")]
    assert "Half" not in show([*cut, *again, DONE]).text()
    printed = show([TextDelta("A paragraph.\n\nHalf a rep"), *again, DONE]).text()
    assert "the reply above was cut off and starts again" in printed


def test_waiting_and_thinking_are_said_and_leave_no_trace():
    glass = Glass()
    seen: list[list[str]] = []

    def events() -> Iterator[Event]:
        yield Notice("warning", "x")
        seen.append(glass.screen()[-1:])
        yield ThinkingDelta("hm")
        seen.append(glass.screen()[-1:])
        yield from said("Done.")
        yield DONE

    show(events(), glass)
    assert seen == [["  waiting for the model · 0 s · Ctrl-C stops"], ["  thinking · 0 s · Ctrl-C stops"]]
    assert "thinking" not in glass.text() and "waiting" not in glass.text()


def test_the_cursor_is_hidden_during_a_turn_and_back_after_a_crash():
    glass = Glass()

    def events() -> Iterator[Event]:
        yield TextDelta("x")
        raise KeyboardInterrupt

    try:
        show(events(), glass)
    except KeyboardInterrupt:
        assert "".join(glass.written).endswith("\x1b[?25h")


def test_escapes_from_the_model_or_a_tool_never_reach_the_terminal():
    evil = "\x1b]0;owned\x07\x1b[2Jhidden\x1b[8m\u202e"
    call = ToolCall("1", f"terminal{evil}", '{"command": "ls \\u001b[2J"}')
    glass = show(
        [
            *said(f"text {evil}"),
            ToolStarted(call),
            ToolOutput("1", f"out {evil}\n"),
            ToolFinished(call, ToolResult("1", evil, failed=True), 0.1),
            Notice("warning", evil),
            TurnEnded("error", Usage(), evil),
        ]
    )
    written = "".join(glass.written)
    for poison in ("\x1b]", "\x1b[2J", "\x1b[8m", "\x07", "\u202e"):
        assert poison not in written


def test_without_colour_there_is_none():
    glass = Glass()
    face = screen(glass, {"NO_COLOR": "1"})
    call = ToolCall("1", "terminal", "{}")
    events = [*said("`code` and **bold**"), ToolFinished(call, ToolResult("1", ""), 1.0), Notice("warning", "w"), DONE]
    play(iter(events), face)
    assert not any(f"\x1b[{code}m" in "".join(glass.written) for code in (*range(30, 38), *range(90, 98)))


def test_a_question_finds_a_quiet_terminal():
    glass = Glass()
    face = screen(glass)
    question = Question("approve", "Run it?")

    def events() -> Iterator[Event]:
        yield TextDelta("About to ask")
        with face.paused():
            assert glass.screen() == []
            assert "".join(glass.written).endswith("\x1b[?25h")
            glass.write("  ? Run it? y\n")
        yield Asked(question, Answer("once"))
        yield DONE

    play(events(), face)
    assert "Run it?" in glass.text()


def test_long_lines_are_cut_to_the_window():
    call = ToolCall("1", "terminal", '{"command": "' + "x" * 300 + '"}')
    rows = show([ToolFinished(call, ToolResult("1", ""), 1.0), DONE], Glass(40, 10)).everything()
    assert len(rows) == 2 and rows[1].endswith("… · 1.0 s")
