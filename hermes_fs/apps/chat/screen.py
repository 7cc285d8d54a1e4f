"""The face of a turn on a terminal: replies stream as Markdown, tools show while they run, one line each afterwards.

Imports rich, so load it on use. Redraws only the live region at the bottom; what is complete scrolls away for good.
"""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, assert_never

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from hermes_fs.apps.chat import describe
from hermes_fs.apps.chat.blocks import split_complete
from hermes_fs.apps.chat.ink import Ink, Style, diff_ink
from hermes_fs.apps.chat.markdown import rendered
from hermes_fs.apps.chat.painter import Painter
from hermes_fs.core.clock import Clock
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
from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.core.types import Message, ToolCall

_TICK_SECONDS = 0.1
_PATIENCE = 4.0  # a repaint may take at most a fifth of the time
_OUTPUT_KEPT = 4_000  # characters of a running tool's output, of which the last lines are shown

Kind = Literal["start", "text", "line"]


@dataclass(slots=True)
class _Running:
    call: ToolCall
    since: float
    output: str = ""


@dataclass(slots=True)
class _State:
    """What is on its way: not yet printed for good."""

    text: str = ""  # of the reply, beginning with the first block that is not complete
    fixed: int = 0  # how many lines of that block had to be printed already, because they fill the window
    streamed: bool = False  # whether the message on its way came in pieces
    running: list[_Running] = field(default_factory=list)
    waiting: float = 0.0  # since when
    thinking: bool = False
    last: Kind = "start"


class Screen:
    """One terminal. Events come from one thread; a second one only keeps the seconds counting."""

    def __init__(self, console: Console, ink: Ink, clock: Clock) -> None:
        self._console = console
        self._ink = ink
        self._clock = clock
        self._painter = Painter(console.file, self._size, cell_len)
        self._lock = threading.Lock()
        self._state = _State()
        self._pending: list[str] = []
        self._next_paint = 0.0
        self._active = False
        self._typed: Callable[[], str] = str

    @contextmanager
    def turn(self) -> Iterator[None]:
        self._state = _State(waiting=self._clock.monotonic())
        with self._live():
            yield

    @contextmanager
    def paused(self) -> Iterator[None]:
        with self._lock:
            self._active = False
            self._frame([])
            self._painter.hide_cursor(False)
        try:
            yield
        finally:
            with self._lock:
                self._active = True
                self._state.last = "line"
                self._state.waiting = self._clock.monotonic()
                self._painter.hide_cursor(True)

    def show(self, event: Event) -> None:
        with self._lock:
            self._show(event)

    def line(self, text: str, style: Style = "dim") -> None:
        """A remark of the chat's own, between turns or in one."""
        with self._lock:
            if self._active:
                self._line(text, style)
                self._paint()
            elif text:
                self._pending += ["", *self._wrapped(text, style), ""]
                self._frame([])

    def typed(self, text: Callable[[], str]) -> None:
        """From where to read the line that the person types while a turn runs."""
        self._typed = text

    def say(self, text: str, diff: bool = False) -> None:
        """What a command answers, line by line as it is."""
        rows = neutralise(text).expandtabs(4).split("\n")
        with self._lock:
            self._pending += ["", *(f"  {diff_ink(self._ink, row) if diff else row}" for row in rows), ""]
            self._frame([])

    # -- events -------------------------------------------------------------------------------------------------------

    def _show(self, event: Event) -> None:
        match event:
            case TextDelta(text):
                self._state.text += text
                self._state.streamed = True
                self._flow()
            case ThinkingDelta():
                self._state.thinking = True
            case Appended(message):
                self._appended(message)
            case ToolStarted() | ToolOutput() | ToolFinished():
                self._tool(event)
            case TurnEnded():
                self._flush()
                self._state.running.clear()
                self._line(describe.ending(event), "red" if event.reason == "error" else "yellow")
            case _:
                self._remark(event)
        self._paint()

    def _remark(self, event: Asked | Compacted | Learned | Notice | Proposed | SkillUsed) -> None:
        text = describe.remark(event)
        match event:
            case Asked():
                return  # the question stands on the screen already, with its answer
            case Learned():
                self._line(f"✦ {text} · undo with /undo", "magenta")
            case Notice(kind):
                if kind in ("retry", "fallback"):
                    self._void()
                self._line(f"· {text}", "yellow" if kind == "warning" else "dim")
            case Compacted() | Proposed() | SkillUsed():
                self._line(f"· {text}", "dim")
            case _:
                assert_never(event)

    def _tool(self, event: ToolStarted | ToolOutput | ToolFinished) -> None:
        running = self._state.running
        match event:
            case ToolStarted(call):
                self._flush()
                running.append(_Running(call, self._clock.monotonic()))
            case ToolOutput(call_id, text):
                tool = next((one for one in running if one.call.id == call_id), None)
                if tool:
                    tool.output = (tool.output + text)[-_OUTPUT_KEPT:]
            case ToolFinished(call, result, seconds):
                ended = next((one for one in running if one.call == call), _Running(call, 0.0))
                if ended in running:
                    running.remove(ended)
                self._finished(ended, unwrap(result.text) if result.failed else "", seconds)
                self._wait()
            case _:
                assert_never(event)

    def _finished(self, tool: _Running, failure: str, seconds: float) -> None:
        mark = self._ink("✗", "red") if failure else self._ink("✓", "green")
        lines = [self._tool_line(mark, tool.call, describe.seconds(seconds))]
        detail = describe.tail(tool.output) or (describe.tail(failure, 2) if failure else [])
        lines += [self._ink(self._fit(f"    {row}"), "dim") for row in detail]
        self._commit(lines, "line")

    def _appended(self, message: Message) -> None:
        if message.role != "assistant":
            return
        if not self._state.streamed:
            self._state.text = message.text
        self._flush()
        self._state.streamed = False
        self._wait()

    # -- text ---------------------------------------------------------------------------------------------------------

    def _flow(self) -> None:
        """Print what is complete for good."""
        complete, rest = split_complete(self._state.text)
        if complete:
            self._print_block(complete)
            self._state.text, self._state.fixed = rest, 0

    def _flush(self) -> None:
        """The text on its way is complete as it is."""
        if self._state.text.strip():
            self._print_block(self._state.text)
        self._state.text, self._state.fixed = "", 0

    def _void(self) -> None:
        """The deltas since the last message are void: what is live goes, what was printed is marked as such."""
        printed = self._state.streamed and (self._state.last == "text")
        self._state.text, self._state.fixed, self._state.streamed = "", 0, False
        self._wait()
        if printed:
            self._line("· the reply above was cut off and starts again", "dim")

    def _print_block(self, text: str) -> None:
        fixed = self._state.fixed
        self._commit(self._markdown(text)[fixed:], "text", begins=not fixed)

    def _markdown(self, text: str) -> list[str]:
        return rendered(self._console, neutralise(text), self._size()[0] - 1)

    # -- lines --------------------------------------------------------------------------------------------------------

    def _commit(self, lines: Sequence[str], kind: Kind, begins: bool = True) -> None:
        """Lines for good: written with the next frame."""
        if lines:
            self._pending += self._spaced(lines, kind, begins)
            self._state.last = kind

    def _spaced(self, lines: Sequence[str], kind: Kind, begins: bool = True) -> list[str]:
        """A blank line before each block of text and where the kind changes."""
        apart = begins and (kind == "text" or self._state.last != "line")
        return ["", *lines] if apart and lines else list(lines)

    def _line(self, text: str, style: Style) -> None:
        if text:
            self._commit(self._wrapped(text, style), "line")

    def _wrapped(self, text: str, style: Style) -> list[str]:
        width = max(self._size()[0] - 1, 20)
        rows = textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
        return [self._ink(row, style) for row in rows]

    def _tool_line(self, mark: str, call: ToolCall, time: str) -> str:
        room = self._size()[0] - 1 - cell_len(call.name) - cell_len(time) - 9
        about = self._fit(describe.argument(call), max(room, 8))
        words = [f"  {mark} {self._ink(one_line(call.name), 'bold')}", *([about] if about else [])]
        return f"{'  '.join(words)} {self._ink(f'· {time}', 'dim')}"

    def _fit(self, text: str, width: int = 0) -> str:
        width = width or self._size()[0] - 1
        return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 1)).rstrip() + "…"

    # -- painting -----------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        self._state.waiting = self._clock.monotonic()
        self._state.thinking = False

    def _paint(self) -> None:
        """One frame: what is complete, and below it what is on its way."""
        started = self._clock.monotonic()
        if not self._active or (started < self._next_paint and not self._pending):
            return
        if self._state.text:
            live = self._live_text()
            self._next_paint = started + _PATIENCE * (self._clock.monotonic() - started)
        else:
            live = self._spaced(self._tools(started) or [self._status(started)], "line")
        self._frame([*live, *self._typed_line()])

    def _typed_line(self) -> list[str]:
        text = one_line(self._typed())
        if not text:
            return []
        room = self._size()[0] - 4
        while cell_len(text) > room:  # its end is what the person looks at
            text = text[max(len(text) // 8, 1) :]
        hint = self._fit("  Enter says it now · Tab after this turn · Ctrl-C stops, then says it")
        return ["", f"{self._ink('›', 'bold')} {text}▏", self._ink(hint, "dim")]

    def _frame(self, live: Sequence[str]) -> None:
        self._painter.replace(self._pending, live)
        self._pending = []

    def _live_text(self) -> list[str]:
        state = self._state
        lines = self._markdown(state.text)
        excess = len(lines) + 1 - self._painter.room
        if excess > state.fixed:
            self._commit(lines[state.fixed : excess], "text", begins=not state.fixed)
            state.fixed = excess
        return self._spaced(lines[state.fixed :], "text", begins=not state.fixed)

    def _tools(self, now: float) -> list[str]:
        lines = []
        for tool in self._state.running:
            lines += [self._tool_line("○", tool.call, f"{now - tool.since:.0f} s")]
            lines += [self._ink(self._fit(f"    {row}"), "dim") for row in describe.tail(tool.output)]
        return lines

    def _status(self, now: float) -> str:
        doing = "thinking" if self._state.thinking else "waiting for the model"
        return self._ink(f"  {doing} · {now - self._state.waiting:.0f} s · Ctrl-C stops", "dim")

    @contextmanager
    def _live(self) -> Iterator[None]:
        over = threading.Event()

        def keep_counting() -> None:
            while not over.wait(_TICK_SECONDS):
                with self._lock:
                    self._paint()

        counting = threading.Thread(target=keep_counting, name="screen", daemon=True)
        self._active = True
        self._painter.hide_cursor(True)
        counting.start()
        try:
            yield
        finally:
            over.set()
            counting.join()
            self._active = False
            if self._state.last != "start":
                self._pending.append("")
            self._frame([])
            self._painter.hide_cursor(False)

    def _size(self) -> tuple[int, int]:
        size = self._console.size
        return size.width, size.height
