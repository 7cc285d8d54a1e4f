"""Compaction: the system prompt and the newest exchange stay, pairs are never torn, and a failing model is no end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hermes_fs.agent.compact import SummaryCompactor
from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.tokens import estimate_messages
from hermes_fs.core.types import Message, Reply, Request, ToolCall, ToolResult, Usage, assistant, system, user


class Summariser:
    name = model = "s"
    context_window = 0

    def __init__(self, answer: str | Exception = "they spoke of boats") -> None:
        self.answer = answer
        self.requests: list[Request] = []

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Any]:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        yield Reply(assistant(self.answer), Usage(1, 1), "stop", "s")

    def close(self) -> None:
        """Nothing is held open."""


def long_talk(exchanges: int, words: int = 100) -> list[Message]:
    messages = [system("rules")]
    for n in range(exchanges):
        call = ToolCall(f"c{n}", "look", '{"at": "x"}')
        messages += [
            user(f"question {n} " + "word " * words),
            assistant("", call),
            Message("tool", (ToolResult(call.id, "found " * words),)),
            assistant(f"answer {n} " + "word " * words),
        ]
    return messages


def test_it_follows_the_window_of_the_model_that_answers() -> None:
    windows = iter([100_000, 1_000, 100_000])
    compactor = SummaryCompactor(Summariser(), lambda: next(windows), 0.75, 0)
    assert [compactor(long_talk(6), False, Cancel()) is not None for _ in range(3)] == [False, True, False]


def test_nothing_happens_while_the_conversation_fits() -> None:
    assert SummaryCompactor(Summariser(), lambda: 100_000, 0.75, 0)(long_talk(3), False, Cancel()) is None


def test_the_older_part_becomes_a_summary_and_pairs_stay_whole() -> None:
    summariser = Summariser()
    messages = long_talk(20)
    done = SummaryCompactor(summariser, lambda: 8_000, 0.75, 500)(messages, False, Cancel())
    assert done is not None
    compacted, usage = done
    view = [messages[0], compacted.summary, *messages[1 + compacted.replaced :]]
    assert "they spoke of boats" in compacted.summary.text
    assert view[2].role != "tool"
    assert view[-1] == messages[-1]
    assert estimate_messages(view) < 8_000 * 0.45
    assert usage == Usage(1, 1)
    assert estimate_messages(summariser.requests[0].messages) < 8_000 * 0.75


def test_a_last_exchange_over_the_budget_still_stays() -> None:
    messages = [*long_talk(5), user("short"), assistant("", ToolCall("z", "look", "{}"))]
    messages.append(Message("tool", (ToolResult("z", "x" * 40_000),)))
    done = SummaryCompactor(Summariser(), lambda: 8_000, 0.75, 0)(messages, False, Cancel())
    assert done is not None
    assert messages[1 + done[0].replaced].calls[0].id == "z"


def test_a_failing_model_leaves_excerpts_instead_of_a_summary() -> None:
    failing = Summariser(ProviderError("network", "gone"))
    done = SummaryCompactor(failing, lambda: 8_000, 0.75, 0)(long_talk(20), False, Cancel())
    assert done is not None
    assert "question 0" in done[0].summary.text


def test_force_acts_although_the_window_is_unknown() -> None:
    assert SummaryCompactor(Summariser(), lambda: 0, 0.75, 0)(long_talk(6), True, Cancel()) is not None


def test_an_interrupt_ends_the_compaction() -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        SummaryCompactor(Summariser(Cancelled()), lambda: 8_000, 0.75, 0)(long_talk(20), False, cancel)
