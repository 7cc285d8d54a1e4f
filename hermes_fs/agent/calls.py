"""Runs the tool calls of one reply and gives each exactly one result: refused, malformed and cancelled ones too.

Calls without effects run side by side; a call with effects runs alone and in the order in which the model made it.
"""

from __future__ import annotations

import json
import queue
import re
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hermes_fs.core.clock import Clock
from hermes_fs.core.errors import Cancelled, HermesError, QuotingError, ToolError
from hermes_fs.core.events import Asked, Event, ToolFinished, ToolOutput, ToolStarted
from hermes_fs.core.foreign import wrap
from hermes_fs.core.loading import load
from hermes_fs.core.origins import is_trusted
from hermes_fs.core.ports import Ask, Cancel, Context, Tool
from hermes_fs.core.types import Answer, Message, Question, Told, ToolCall, ToolResult

PARALLEL = 8
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
GRACE_SECONDS = 5.0
POLL_SECONDS = 0.2
NOTICED_REPEATS = 3
MOST_REPEATS = 8

INTERRUPTED = "interrupted by the person before it finished"
NOT_RUN = "not run: the person interrupted"


@dataclass(frozen=True, slots=True)
class _Asking:
    """A tool waits for an answer."""

    question: Question
    reply: queue.SimpleQueue[Answer]


@dataclass(frozen=True, slots=True)
class _Finished:
    place: int
    finished: ToolFinished


_Item = _Asking | _Finished | Event
_Placed = tuple[int, ToolCall]
"""A call with its place in the reply: models do reuse call ids."""


class CallRunner:
    """Runs calls for one turn. Remembers what was called, to notice a model that goes round in circles."""

    def __init__(
        self, tools: Mapping[str, Tool[Any]], context: Context, ask: Ask, cancel: Cancel, clock: Clock
    ) -> None:
        self._tools = tools
        self._context = context
        self._ask = ask
        self._cancel = cancel
        self._clock = clock
        self._counting = threading.Lock()
        self._last: tuple[str, str, str] = ("", "", "")
        self._repeats = 0

    def run(self, calls: Sequence[ToolCall]) -> Generator[Event, None, Message]:
        """Yields what happens; returns the tool message that answers all `calls`, in their order."""
        results: dict[int, ToolResult] = {}
        for batch in self._batches(calls):
            results.update((yield from self._run_batch(batch)))
        return Message("tool", tuple(results[place] for place in range(len(calls))))

    @property
    def is_stuck(self) -> bool:
        """Whether the model goes on making one call with one result."""
        return self._repeats >= MOST_REPEATS

    def _batches(self, calls: Sequence[ToolCall]) -> Iterator[list[_Placed]]:
        batch: list[_Placed] = []
        for placed in enumerate(calls):
            tool = self._tools.get(placed[1].name)
            alone = tool is not None and tool.effects != "none"
            if batch and (alone or len(batch) == PARALLEL):
                yield batch
                batch = []
            if alone:
                yield [placed]
            else:
                batch.append(placed)
        if batch:
            yield batch

    def _run_batch(self, batch: Sequence[_Placed]) -> Generator[Event, None, dict[int, ToolResult]]:
        box: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        waiting: dict[int, ToolCall] = {}
        results: dict[int, ToolResult] = {}
        for place, call in batch:
            yield ToolStarted(call)
            if self._cancel.is_set:
                results[place] = ToolResult(call.id, NOT_RUN, failed=True)
                yield ToolFinished(call, results[place], 0.0)
                continue
            waiting[place] = call
            work = threading.Thread(target=self._work, args=(place, call, box), name=f"tool {call.name}", daemon=True)
            work.start()
        while waiting:
            match self._next(box):
                case None:  # cancelled, and the tools did not listen: their threads are left behind
                    for place, call in waiting.items():
                        results[place] = ToolResult(call.id, INTERRUPTED, failed=True)
                        yield ToolFinished(call, results[place], GRACE_SECONDS)
                    waiting.clear()
                case _Finished(place, finished):
                    del waiting[place]
                    results[place] = finished.result
                    yield finished
                case _Asking(question, reply):
                    answer = self._ask(question)
                    yield Asked(question, answer)  # on the disk before the tool acts on it
                    reply.put(answer)
                case event:
                    yield event
        return results

    def _next(self, box: queue.SimpleQueue[_Item]) -> _Item | None:
        """The next thing that happens; None when the turn is cancelled and nothing has happened for the grace time."""
        deadline: float | None = None
        while True:
            try:
                return box.get(timeout=POLL_SECONDS)
            except queue.Empty:
                now = self._clock.monotonic()
                if self._cancel.is_set and deadline is None:
                    deadline = now + GRACE_SECONDS
                if deadline is not None and now >= deadline:
                    return None

    def _work(self, place: int, call: ToolCall, box: queue.SimpleQueue[_Item]) -> None:
        """Body of a tool's thread: never raises, and always ends with a _Finished."""
        started = self._clock.monotonic()

        def ask(question: Question) -> Answer:
            reply: queue.SimpleQueue[Answer] = queue.SimpleQueue()
            box.put(_Asking(question, reply))
            return reply.get()

        def emit(event: Event) -> None:
            box.put(replace(event, call_id=call.id) if isinstance(event, ToolOutput) else event)

        told, failed = Told("", "agent"), True
        try:
            made = self._call(call, self._context.bound(ask, emit, self._cancel))
            told, failed = made if isinstance(made, Told) else Told(made, "agent"), False
        except Cancelled:
            told = Told(INTERRUPTED, "agent")
        except HermesError as error:
            told = Told(str(error), "file" if isinstance(error, QuotingError) else "agent")
        except Exception as error:  # noqa: BLE001 - a tool's bug must not take the conversation down
            told = Told(f"the tool {call.name} broke: {type(error).__name__}: {error}", "tool")
        text = told.text if is_trusted(told.origin) else wrap(_surfaced(told.text), told.origin)
        result = ToolResult(call.id, text + self._remark(call, told.text), failed, told.origin, told.media)
        box.put(_Finished(place, ToolFinished(call, result, self._clock.monotonic() - started)))

    def _call(self, call: ToolCall, context: Context) -> str | Told:
        tool = self._tools.get(call.name)
        if tool is None:
            raise ToolError(f"there is no tool {call.name!r}", f"use one of: {', '.join(self._tools)}")
        return tool.run(parse_arguments(call), context)

    def _remark(self, call: ToolCall, text: str) -> str:
        """A model that makes the same call with the same result again and again is told so, after its result."""
        with self._counting:
            made = (call.name, call.arguments, text)
            self._repeats = self._repeats + 1 if made == self._last else 1
            self._last = made
            repeats = self._repeats
        if repeats < NOTICED_REPEATS:
            return ""
        return f"\n\n[You have made this same call {repeats} times with this same result. Do something else.]"


def _surfaced(text: str) -> str:
    """Hidden characters made visible; what finds them is loaded by the first text that may hold any."""
    if text.isascii() and not _CONTROL.search(text):
        return text
    found: str = load("hermes_fs.core.hidden:surface")(text)
    return found


def parse_arguments(call: ToolCall) -> Mapping[str, Any]:
    """The arguments as an object; no text at all means none. Raises ToolError in words that help a model."""
    if not call.arguments.strip():
        return {}
    try:
        arguments = json.loads(call.arguments)
    except ValueError as error:
        raise ToolError(f"the arguments of {call.name} are not valid JSON: {error}", "call it again") from error
    if not isinstance(arguments, dict):
        raise ToolError(f"the arguments of {call.name} must be a JSON object", "call it again")
    return arguments
