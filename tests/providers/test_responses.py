"""OpenAI's Responses API over the real SDK, against a server that refuses what the real one would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel
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
    system,
    user,
)
from hermes_fs.providers.connection import Connection
from hermes_fs.providers.hosted import Hosted
from hermes_fs.providers.presets import PRESETS, at
from hermes_fs.providers.prices import Price
from hermes_fs.providers.responses import Responses
from hermes_fs.providers.settings import Settings
from hermes_fs.providers.settings import Thinking as HowMuch
from hermes_fs.testing.openai_answers import Answer, failure
from hermes_fs.testing.openai_server import OpenAIServer
from hermes_fs.testing.responses_answers import encrypted
from tests.providers.conftest import KEY, ServeOver

TOOL = ToolSpec("look", "Look.", {"type": "object"})
Native = Callable[..., tuple[OpenAIServer, Responses]]


@pytest.fixture
def native() -> Iterator[Native]:
    """`native(*answers, **settings)`: OpenAI's own preset, its requests led to the loopback server."""
    with ExitStack() as stack:

        def start(*answers: Answer, **settings: Any) -> tuple[OpenAIServer, Responses]:
            server = stack.enter_context(OpenAIServer(answers))
            connection = Connection(replace(at(server.base_url), wire="responses"), KEY)
            provider = Responses(PRESETS["openai"], Settings("gpt-6-sol", **settings), KEY, connection=connection)
            stack.callback(provider.close)
            return server, provider

        yield start


def ask(provider: Hosted, *messages: Message) -> Reply:
    *_, last = provider.stream(Request(messages or (user("hello"),), (TOOL,)), Cancel())
    assert isinstance(last, Reply)
    return last


def test_a_conversation_becomes_items_and_nothing_is_kept_at_the_server(native: Native) -> None:
    server, provider = native(max_tokens=500, thinking=HowMuch(True, "high"))
    long_id = "toolu_" + "x" * 90
    ask(
        provider,
        system("Be short."),
        user("One."),
        assistant("I look.", ToolCall(long_id, "look", '{ "path":"é" }'), ToolCall("c2", "look", "{broken")),
        Message("tool", (ToolResult(long_id, "there"), ToolResult("c2", "no", failed=True))),
    )
    (body,) = server.chats()
    assert (body["instructions"], body["store"], body["stream"]) == ("Be short.", False, True)
    assert body["include"] == ["reasoning.encrypted_content"]
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}
    assert body["max_output_tokens"] == 500
    assert [item["type"] for item in body["input"]] == [
        "message", "message", "function_call", "function_call", "function_call_output", "function_call_output",
    ]  # fmt: skip
    assert [item["arguments"] for item in body["input"][2:4]] == ['{ "path":"é" }', "{}"]
    assert body["input"][2]["call_id"] == body["input"][4]["call_id"]
    assert body["tools"][0]["name"] == "look"


def test_the_bytes_of_a_longer_conversation_begin_with_those_of_the_shorter(native: Native) -> None:
    server, provider = native()
    history = (system("Be short."), user("One."), assistant("Two."), user("Three."))
    ask(provider, *history[:2])
    ask(provider, *history)
    first, longer = (request["raw"] for request in server.requests)
    assert longer.startswith(first[: first.index(b'],"stream"')])


def test_reasoning_is_sealed_and_goes_back_before_what_came_of_it(native: Native) -> None:
    server, provider = native(Answer("I look.", (("look", '{"path": "x"}'),), "Hm."))
    items = list(provider.stream(Request((user("hello"),), (TOOL,)), Cancel()))
    assert "".join(item.text for item in items if isinstance(item, ThinkingDelta)) == "Hm."
    assert "".join(item.text for item in items if isinstance(item, TextDelta)) == "I look."
    reply = items[-1]
    assert isinstance(reply, Reply)
    ask(provider, user("hello"), reply.message, Message("tool", (ToolResult(reply.message.calls[0].id, "there"),)))
    reasoning, said, call = server.chats()[1]["input"][1:4]
    assert (reasoning["type"], reasoning["encrypted_content"]) == ("reasoning", encrypted("Hm."))
    assert (said["type"], call["type"]) == ("message", "function_call")


def test_reasoning_that_nothing_came_of_stays_out(native: Native) -> None:
    server, provider = native(Answer(thinking="Hm.", finish="length"))
    reply = ask(provider)
    assert reply.finish == "length"
    ask(provider, user("hello"), reply.message, user("go on"))
    assert [item["type"] for item in server.chats()[1]["input"]] == ["message", "message"]


def test_reasoning_that_the_server_cannot_read_is_left_out_from_then_on(native: Native) -> None:
    server, provider = native(Answer("Yes.", thinking="Hm."))
    said = ask(provider).message
    thought = said.parts[0]
    assert isinstance(thought, Thinking)
    broken = Message("assistant", (Thinking("", thought.signature.replace('"enc', '"xyz')), *said.parts[1:]))
    assert ask(provider, user("hello"), broken, user("more")).message.text == "done"
    assert [item["type"] for item in server.chats()[-1]["input"]] == ["message"] * 3
    assert len(server.chats()) == 3


def test_the_phase_of_a_message_goes_back_with_it(native: Native) -> None:
    item = {"type": "message", "id": "m", "role": "assistant", "phase": "commentary",
            "content": [{"type": "output_text", "text": "I look."}]}  # fmt: skip
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    over = {"type": "response.completed", "response": {"status": "completed", "output": [item], "model": "m"}}
    server, provider = native(Answer(chunks=(done, over)))
    reply = ask(provider)
    assert reply.message.text == "I look."
    ask(provider, user("hello"), reply.message, user("more"))
    assert server.chats()[1]["input"][1]["phase"] == "commentary"


@pytest.mark.parametrize(
    ("refusal", "gone"),
    [
        ("Encrypted content is not supported with this model.", "include"),
        ("Your organization must be verified to generate reasoning summaries.", "reasoning"),
        ("Unsupported parameter: 'temperature' is not supported with this model.", "temperature"),
    ],
)
def test_a_field_that_the_server_refuses_is_left_out_from_then_on(native: Native, refusal: str, gone: str) -> None:
    server, provider = native(failure(400, refusal), temperature=0.5)
    ask(provider)
    ask(provider)
    assert [gone in body for body in server.chats()] == [True, False, False]


def test_a_refusal_is_the_models_word_and_counts_as_filtered(native: Native) -> None:
    item = {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "refusal", "refusal": "I won't."}]}
    events = (
        {"type": "response.refusal.delta", "output_index": 0, "delta": "I won't."},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"status": "completed", "output": [item]}},
    )
    reply = ask(native(Answer(chunks=events))[1])
    assert (reply.message.text, reply.finish) == ("I won't.", "filtered")


def test_a_server_that_does_not_stream_is_understood(serve_over: ServeOver) -> None:
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]},
        {"type": "function_call", "call_id": "a", "name": "look", "arguments": "{}"},
    ]
    usage = {
        "input_tokens": 10,
        "output_tokens": 2,
        "input_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 3},
    }
    whole = {"object": "response", "status": "completed", "model": "m", "output": output, "usage": usage}
    settings = Settings("m", prices={"m": Price(10, 20, 1, 12)})
    reply = ask(serve_over("responses", Answer(raw=whole), settings=settings)[1])
    assert reply.message.parts == (Thinking("Hm."), Text("Yes."), ToolCall("a", "look", "{}"))
    assert (reply.usage.input, reply.usage.cached, reply.usage.output) == (10, 6, 2)
    assert reply.usage.cost == pytest.approx((10 + 6 + 36 + 40) / 1e6)


def test_pictures_stand_in_results(native: Native) -> None:
    server, provider = native()
    shown = Message("tool", (ToolResult("c", "a picture", media=(Image("image/png", b"\x89PNG"),)),))
    ask(provider, user("look"), assistant("", ToolCall("c", "look", "{}")), shown)
    assert [piece["type"] for piece in server.chats()[0]["input"][-1]["output"]] == ["input_text", "input_image"]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}, "rate_limit"),
        ({"type": "error", "code": "server_error", "message": "oops"}, "overloaded"),
        ({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "oops"}}}, "overloaded"),
        ({"type": "response.failed", "response": {"error": {"code": "invalid_prompt", "message": "no"}}}, "invalid"),
        ({"type": "response.failed", "response": {"error": {"code": "bio_policy", "message": "no"}}}, "filtered"),
        (
            {"type": "response.failed", "response": {"error": {"code": "context_length_exceeded", "message": "long"}}},
            "context",
        ),
        ({"type": "response.failed", "response": {"status": "failed", "error": None}}, "overloaded"),
    ],
)
def test_an_error_within_the_stream_is_a_fault(native: Native, event: dict[str, Any], expected: str) -> None:
    begun = {"type": "response.output_text.delta", "output_index": 0, "delta": "one"}
    with pytest.raises(ProviderError) as caught:
        ask(native(Answer(chunks=(begun, event)))[1])
    assert caught.value.fault == expected
    assert caught.value.hint
