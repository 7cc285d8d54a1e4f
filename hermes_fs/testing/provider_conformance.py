"""What every provider must do, as a suite: subclass `ProviderConformance` in a test and say how to make one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.events import TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import (
    Image,
    Message,
    Reply,
    Request,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    ToolSpec,
    assistant,
    user,
)

TOOL = ToolSpec("look", "Look at a file.", {"type": "object", "properties": {"path": {"type": "string"}}})


class ProviderConformance:
    """`answering(message)` makes a provider whose model answers with that message, `failing(error)` one whose call
    fails so; both may register their clean-up with the test. Add `hanging()` where a model can be silent for long."""

    def answering(self, message: Message) -> Provider:
        raise NotImplementedError

    def failing(self, error: ProviderError) -> Provider:
        raise NotImplementedError

    def hanging(self) -> Provider | None:
        return None

    def ask(self, provider: Provider, *messages: Message) -> tuple[str, str, Reply]:
        """(text deltas, thinking deltas, reply)"""
        items = list(provider.stream(Request(messages or (user("hello"),), (TOOL,)), Cancel()))
        text = "".join(item.text for item in items if isinstance(item, TextDelta))
        thinking = "".join(item.text for item in items if isinstance(item, ThinkingDelta))
        assert [item for item in items if isinstance(item, Reply)] == items[-1:], "one Reply, last"
        reply = items[-1]
        assert isinstance(reply, Reply)
        return text, thinking, reply

    def test_the_deltas_add_up_to_the_text_of_the_one_reply_at_the_end(self) -> None:
        text, _, reply = self.ask(self.answering(assistant("Hello there, how are you?\n\nWell?")))
        assert text == reply.message.text == "Hello there, how are you?\n\nWell?"
        assert (reply.message.role, reply.finish) == ("assistant", "stop")

    def test_tool_calls_come_with_distinct_ids_and_their_arguments_as_written(self) -> None:
        calls = ToolCall("a", "look", '{"path": "x"}'), ToolCall("b", "look", '{ "path":"y" }')
        _, _, reply = self.ask(self.answering(assistant("I look.", *calls)))
        assert [(call.name, call.arguments) for call in reply.message.calls] == [(c.name, c.arguments) for c in calls]
        assert len({call.id for call in reply.message.calls}) == 2
        assert reply.finish == "tools"

    def test_thinking_is_apart_from_the_text(self) -> None:
        answer = Message("assistant", (Thinking("Hm, let me see."), Text("Yes.")))
        text, thinking, reply = self.ask(self.answering(answer))
        assert (text, thinking) == ("Yes.", "Hm, let me see.")
        assert [part.text for part in reply.message.parts if isinstance(part, Thinking)] == ["Hm, let me see."]

    def test_usage_is_counted_even_where_the_model_tells_none(self) -> None:
        _, _, reply = self.ask(self.answering(assistant("Yes.")))
        assert reply.usage.input > 0
        assert reply.usage.output > 0
        assert reply.model

    def test_a_whole_conversation_is_understood(self) -> None:
        provider = self.answering(assistant("Done."))
        history = (
            Message("system", (Text("Be short."),)),
            Message("user", (Text("What is this?"), Image("image/png", b"\x89PNG"), Text("recalled", aside=True))),
            assistant("", ToolCall("c1", "look", '{"path": "x"}'), ToolCall("c2", "look", "{broken")),
            _results(("c1", "text"), ("c2", "arguments are malformed")),
            user("Go on."),
        )
        assert self.ask(provider, *history)[0] == "Done."

    @pytest.mark.parametrize("fault", ["auth", "not_found", "rate_limit", "overloaded", "context", "invalid"])
    def test_a_fault_is_a_provider_error_of_its_kind_with_a_hint(self, fault: str) -> None:
        provider = self.failing(ProviderError(fault, "no", "do this"))  # type: ignore[arg-type]
        with pytest.raises(ProviderError) as caught:
            self.ask(provider)
        assert caught.value.fault == fault
        assert caught.value.hint
        assert "\n" not in caught.value.message

    def test_a_stream_that_was_cancelled_before_it_began_asks_nothing(self) -> None:
        cancel = Cancel()
        cancel.set()
        with pytest.raises(Cancelled):
            list(self.answering(assistant("Yes.")).stream(Request((user("hello"),)), cancel))

    def test_cancelling_between_deltas_ends_the_stream(self) -> None:
        cancel = Cancel()
        stream = self.answering(assistant("one two three four five six")).stream(Request((user("hello"),)), cancel)
        next(stream)
        cancel.set()
        with pytest.raises(Cancelled):
            list(stream)

    def test_cancelling_wakes_a_stream_that_waits_for_a_silent_model(self) -> None:
        provider = self.hanging()
        if provider is None:
            pytest.skip("this provider's model is never silent")
        assert _ends_with_cancel(lambda cancel: list(provider.stream(Request((user("hello"),)), cancel)))

    def test_it_may_be_used_again_after_close(self) -> None:
        provider = self.answering(assistant("Yes."))
        provider.close()
        assert self.ask(provider)[0] == "Yes."
        provider.close()


def _results(*results: tuple[str, str]) -> Message:
    return Message("tool", tuple(ToolResult(call, text) for call, text in results))


def _ends_with_cancel(act: Callable[[Cancel], object]) -> bool:
    cancel, ended = Cancel(), threading.Event()

    def run() -> None:
        with pytest.raises(Cancelled):
            act(cancel)
        ended.set()

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(0.3)
    cancel.set()
    return ended.wait(5)
