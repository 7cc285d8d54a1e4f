"""The loop's promises: every call has one result, the last event is TurnEnded, limits and interrupts end a turn."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hermes_fs.agent.loop import run
from hermes_fs.agent.turn import Turn
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import ProviderError, Refused
from hermes_fs.core.events import (
    Appended,
    Asked,
    Compacted,
    Event,
    TextDelta,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
)
from hermes_fs.core.ports import Ask, Cancel, Emit
from hermes_fs.core.types import (
    Answer,
    Effects,
    Limits,
    Message,
    Question,
    Reply,
    Request,
    ToolCall,
    Usage,
    assistant,
    system,
    user,
)


class Script:
    """A provider that answers from a list; a callable sees the request and the cancel."""

    name = "script"
    model = "script-1"
    context_window = 0

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Any]:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if callable(reply):
            yield from reply(request, cancel)
            return
        if isinstance(reply, Exception):
            raise reply
        if reply.text:
            yield TextDelta(reply.text)
        yield Reply(reply, Usage(10, 5, 0, 0.01), "tools" if reply.calls else "stop", self.model)

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True)
class Bound:
    ask: Ask | None = None
    emit: Emit | None = None
    cancel: Cancel = field(default_factory=Cancel)

    def bound(self, ask: Ask, emit: Emit, cancel: Cancel) -> Bound:
        return replace(self, ask=ask, emit=emit, cancel=cancel)


@dataclass(frozen=True)
class Fake:
    name: str
    body: Callable[[Mapping[str, Any], Any], str]
    effects: Effects = "none"
    description: str = "x"
    schema: Mapping[str, Any] = field(default_factory=dict)

    def run(self, args: Mapping[str, Any], context: Any) -> str:
        return self.body(args, context)


def turn(provider: Script, *tools: Fake, limits: Limits | None = None, **more: Any) -> Turn:
    return Turn(
        provider=provider,
        tools={tool.name: tool for tool in tools},
        messages=[system("s"), user("go")],
        context=Bound(),
        ask=more.pop("ask", lambda question: Answer(None)),
        inbox=queue.SimpleQueue(),
        cancel=Cancel(),
        limits=limits or Limits(),
        clock=SystemClock(),
        **more,
    )


def call(name: str, arguments: str = "{}", key: str = "c1") -> ToolCall:
    return ToolCall(key, name, arguments)


def results(events: list[Event]) -> list[tuple[str, bool]]:
    return [(e.result.text, e.result.failed) for e in events if isinstance(e, ToolFinished)]


def ended(events: list[Event]) -> TurnEnded:
    assert isinstance(events[-1], TurnEnded)
    return events[-1]


def test_a_plain_answer_is_streamed_appended_and_ended() -> None:
    events = list(run(turn(Script(assistant("hello")))))
    assert events == [
        TextDelta("hello"),
        Appended(assistant("hello"), "agent", Usage(10, 5, 0, 0.01), "script-1"),
        TurnEnded("done", Usage(10, 5, 0, 0.01)),
    ]


def test_results_keep_the_order_of_the_calls_even_when_ids_repeat() -> None:
    echo = Fake("echo", lambda args, _: (time.sleep(args["wait"]), str(args["wait"]))[1])
    script = Script(assistant("", call("echo", '{"wait": 0.1}'), call("echo", '{"wait": 0}')), assistant("ok"))
    events = list(run(turn(script, echo)))
    message = script.requests[1].messages[-1]
    assert [part.text for part in message.parts] == ["0.1", "0"]  # type: ignore[union-attr]
    assert ended(events).reason == "done"


def test_calls_without_effects_run_side_by_side_and_calls_with_effects_alone_in_order() -> None:
    meeting = threading.Barrier(3, timeout=5)
    log: list[str] = []

    def write(args: Mapping[str, Any], _: Any) -> str:
        log.append("in")
        time.sleep(0.02)
        log.append("out")
        return ""

    script = Script(
        assistant("", *[call("look", key=f"l{i}") for i in range(3)], call("write", key="w1"), call("write", key="w2")),
        assistant("ok"),
    )
    events = list(
        run(turn(script, Fake("look", lambda *_: str(meeting.wait() >= 0)), Fake("write", write, effects="work")))
    )
    assert [failed for _, failed in results(events)] == [False] * 5
    assert log == ["in", "out", "in", "out"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (call("nope"), "there is no tool 'nope'"),
        (call("echo", "{oops"), "not valid JSON"),
        (call("echo", "[1]"), "must be a JSON object"),
        (call("refuse"), "no (ask first)"),
        (call("broken"), "ZeroDivisionError"),
    ],
)
def test_a_call_that_cannot_run_gets_a_failed_result_that_says_why(made: ToolCall, said: str) -> None:
    def refuse(*_: Any) -> str:
        raise Refused("no", "ask first")

    tools = [Fake("echo", lambda *_: "e"), Fake("refuse", refuse), Fake("broken", lambda *_: str(1 / 0))]
    events = list(run(turn(Script(assistant("", made), assistant("ok")), *tools)))
    [(text, failed)] = results(events)
    assert said in text
    assert failed
    assert ended(events).reason == "done"


def test_a_tool_asks_in_the_thread_that_drives_the_turn() -> None:
    asked_in: list[threading.Thread] = []

    def answer(question: Question) -> Answer:
        asked_in.append(threading.current_thread())
        return Answer("yes", "owner")

    tool = Fake("act", lambda _, context: context.ask(Question("approve", "may I?")).value, effects="work")
    events = list(run(turn(Script(assistant("", call("act")), assistant("ok")), tool, ask=answer)))
    assert asked_in == [threading.current_thread()]
    assert Asked(Question("approve", "may I?"), Answer("yes", "owner")) in events
    assert results(events) == [("yes", False)]


def test_output_of_a_running_tool_arrives_between_its_start_and_its_end() -> None:
    def speak(_: Any, context: Any) -> str:
        context.emit(ToolOutput("c1", "working"))
        return "done"

    events = list(run(turn(Script(assistant("", call("speak")), assistant("ok")), Fake("speak", speak))))
    kinds = [type(event) for event in events]
    assert kinds.index(ToolStarted) < kinds.index(ToolOutput) < kinds.index(ToolFinished)


def test_an_interrupt_gives_results_to_all_calls_and_ends_the_turn() -> None:
    def wait(_: Any, context: Any) -> str:
        context.cancel.wait(10)
        context.cancel.check()
        return "never"

    script = Script(assistant("", call("wait", key="a"), call("wait", key="b")))
    one = turn(script, Fake("wait", wait, effects="work"))
    events = []
    for event in run(one):
        events.append(event)
        if isinstance(event, ToolStarted):
            threading.Timer(0.05, one.cancel.set).start()
    assert [failed for _, failed in results(events)] == [True, True]
    assert ended(events).reason == "cancelled"
    assert any(isinstance(e, Appended) and e.message.role == "tool" and len(e.message.parts) == 2 for e in events)


def test_text_that_was_shown_before_a_failure_stays_in_the_conversation() -> None:
    def cut(request: Request, cancel: Cancel) -> Iterator[Any]:
        yield TextDelta("half of ")
        raise ProviderError("network", "the connection was cut", "try again")

    events = list(run(turn(Script(cut))))
    assert Appended(assistant("half of "), "agent") in events
    assert ended(events).reason == "error"
    assert "the connection was cut (try again)" in ended(events).detail


@pytest.mark.parametrize(
    ("limits", "reason"),
    [(Limits(steps=3), "steps"), (Limits(tokens=40), "tokens"), (Limits(money=0.025), "money")],
)
def test_a_limit_ends_the_turn_after_the_results_of_the_last_calls(limits: Limits, reason: str) -> None:
    script = Script(*[assistant("", call("echo", f'{{"n": {n}}}')) for n in range(10)])
    events = list(run(turn(script, Fake("echo", lambda *_: "e"), limits=limits)))
    assert ended(events).reason == reason
    assert len(results(events)) == 3
    assert isinstance(events[-2], Appended)


def test_a_repeated_identical_call_is_noticed() -> None:
    script = Script(*[assistant("", call("echo"))] * 3, assistant("ok"))
    texts = [text for text, _ in results(list(run(turn(script, Fake("echo", lambda *_: "same")))))]
    assert texts[:2] == ["same", "same"]
    assert "3 times" in texts[2]


def test_the_same_call_with_the_same_result_eight_times_ends_the_turn() -> None:
    script = Script(*[assistant("", call("echo"))] * 20)
    events = list(run(turn(script, Fake("echo", lambda *_: "same"))))
    assert ended(events).reason == "repeating"
    assert len(script.requests) == 8
    assert isinstance(events[-2], Appended)


def test_a_call_whose_result_changes_goes_on() -> None:
    numbers = iter(range(20))
    script = Script(*[assistant("", call("echo"))] * 20, assistant("ok"))
    assert ended(list(run(turn(script, Fake("echo", lambda *_: str(next(numbers))))))).reason == "done"


def test_a_message_that_arrives_meanwhile_joins_before_the_next_model_call() -> None:
    script = Script(assistant("", call("echo")), assistant("ok"))
    one = turn(script, Fake("echo", lambda *_: "e"))
    for event in run(one):
        if isinstance(event, ToolFinished):
            one.inbox.put(user("wait, also this"))
    assert script.requests[1].messages[-1] == user("wait, also this")


def test_a_request_that_is_too_long_is_compacted_and_sent_again() -> None:
    def compactor(messages: Any, force: bool, cancel: Cancel) -> tuple[Compacted, Usage] | None:
        return (Compacted(user("summary"), 1), Usage(7)) if force else None

    script = Script(ProviderError("context", "too long"), assistant("ok"))
    events = list(run(turn(script, compactor=compactor)))
    assert script.requests[1].messages == (system("s"), user("summary"))
    assert ended(events) == TurnEnded("done", Usage(17, 5, 0, 0.01))


def test_an_empty_answer_is_an_error_that_says_so() -> None:
    assert ended(list(run(turn(Script(Message("assistant", ())))))).reason == "error"
