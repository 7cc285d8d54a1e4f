"""Anthropic's messages over the real SDK, against a server that refuses what the real one would."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import (
    Document,
    Image,
    Message,
    Reply,
    Request,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
    assistant,
    system,
    user,
)
from hermes_fs.providers.anthropic_messages import AnthropicMessages
from hermes_fs.providers.hosted import Hosted
from hermes_fs.providers.presets import PRESETS
from hermes_fs.providers.prices import Price, cost_of
from hermes_fs.providers.settings import Settings
from hermes_fs.providers.settings import Thinking as HowMuch
from hermes_fs.testing.anthropic_answers import signature_of
from hermes_fs.testing.openai_answers import Answer, failure
from hermes_fs.testing.openai_server import OpenAIServer
from tests.providers.conftest import KEY, ServeOver

TOOL = ToolSpec("look", "Look.", {"type": "object"})
SONNET = Settings("claude-sonnet-5-5")


def ask(provider: Hosted, *messages: Message) -> Reply:
    *_, last = provider.stream(Request(messages or (user("hello"),), (TOOL,)), Cancel())
    assert isinstance(last, Reply)
    return last


def sent(server: OpenAIServer, number: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = server.chats()[number]
    return body


def result(call: str, text: str, **more: Any) -> Message:
    return Message("tool", (ToolResult(call, text, **more),))


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def stream(*blocks: list[dict[str, Any]], reason: str = "end_turn", **usage: int) -> Answer:
    start = {"type": "message_start", "message": {"model": "claude-x", "usage": {"input_tokens": 10, **usage}}}
    delta = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}}
    return Answer(chunks=(start, *(event for one in blocks for event in one), delta, {"type": "message_stop"}))


# -- requests ---------------------------------------------------------------------------------------------------------


def test_a_conversation_becomes_turns_in_alternation_without_empty_texts(serve_over: ServeOver) -> None:
    server, provider = serve_over("anthropic", settings=SONNET)
    ask(
        provider,
        system("Be short."),
        user("One."),
        Message("user", (Text("Two."), Text("  "))),
        assistant("", ToolCall("call|1:x", "look", '{"path": "é"}'), ToolCall("c2", "look", "{broken")),
        Message("tool", (ToolResult("call|1:x", "there"), ToolResult("c2", "", failed=True))),
        user("Go on."),
        assistant(""),
    )
    body = sent(server)
    assert body["system"][0]["text"] == "Be short."
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    first, calls, last = (turn["content"] for turn in body["messages"])
    assert [one["text"] for one in first] == ["One.", "Two."]
    assert [one["input"] for one in calls] == [{"path": "é"}, {}]
    assert [one["type"] for one in last] == ["tool_result", "tool_result", "text"]
    assert last[0]["tool_use_id"] == calls[0]["id"]
    assert last[1]["is_error"] is True
    assert body["max_tokens"] == 32_000


def test_what_is_stable_is_marked_for_the_cache_four_times_at_most(serve_over: ServeOver) -> None:
    server, provider = serve_over("anthropic", settings=SONNET)
    history = [system("Be short."), user("One.")]
    for number in range(3):
        history += [assistant("", ToolCall(f"c{number}", "look", "{}")), result(f"c{number}", "there")]
        ask(provider, *history)
    marked = [place for place, turn in enumerate(sent(server)["messages"]) if "cache_control" in turn["content"][-1]]
    assert marked == [4, 6]
    assert sent(server, -2)["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert len(sent(server, -2)["messages"]) == 5, "so this request finds what the one before has written"
    assert sent(server)["tools"][-1]["cache_control"] == sent(server)["system"][-1]["cache_control"]
    assert str(sent(server)).count("cache_control") == 4


def test_pictures_and_documents_go_along_in_messages_and_in_results(serve_over: ServeOver) -> None:
    server, provider = serve_over("anthropic", settings=SONNET)
    shown = (Image("image/png", b"\x89PNG"), Document("application/pdf", b"%PDF", "a.pdf"))
    ask(
        provider,
        Message("user", (Text("Look."), *shown, Document("text/markdown", b"# hi", "b.md"))),
        assistant("", ToolCall("c1", "look", "{}")),
        result("c1", "a picture", media=shown),
    )
    first, _, last = (turn["content"] for turn in sent(server)["messages"])
    assert [one["type"] for one in first] == ["text", "image", "document", "document"]
    assert first[1]["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}
    assert (first[2]["title"], first[3]["source"]["data"]) == ("a.pdf", "# hi")
    assert [one["type"] for one in last[0]["content"]] == ["text", "image", "document"]


def test_a_compatible_server_is_given_the_key_and_the_version_that_it_knows(serve_over: ServeOver) -> None:
    server, provider = serve_over("anthropic", settings=SONNET)
    ask(provider)
    headers = server.requests[0]["headers"]
    assert headers["x-api-key"] == KEY
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["anthropic-version"] == "2023-06-01"
    assert provider.models()[0].name == "fake-model"


BUDGET = {"type": "enabled", "budget_tokens": 2048}


@pytest.mark.parametrize(
    ("model", "asked", "fields", "limit"),
    [
        ("claude-sonnet-5-5", HowMuch(), {"thinking": {"type": "adaptive", "display": "summarized"}}, 32_000),
        ("claude-opus-5-5", HowMuch(True, "max"), {"output_config": {"effort": "max"}}, 40_192),
        ("claude-opus-4-8", HowMuch(), {}, 32_000),
        ("claude-opus-4-8", HowMuch(True, tokens=2000), {"output_config": {"effort": "low"}}, 32_000),
        ("claude-haiku-4-5-20251001", HowMuch(True, "low"), {"thinking": BUDGET}, 32_000),
        ("claude-sonnet-4-5", HowMuch(True, tokens=60_000), {"thinking": {**BUDGET, "budget_tokens": 60_000}}, 64_000),
        ("claude-3-5-haiku", HowMuch(True, "max"), {"thinking": {**BUDGET, "budget_tokens": 8191}}, 8192),
        ("claude-haiku-5-5", HowMuch(True), {"thinking": {"type": "disabled"}}, 32_000),
        ("glm-5", HowMuch(), {}, 8192),
    ],
)  # fmt: skip
def test_each_generation_is_told_in_its_own_way_how_to_think(
    serve_over: ServeOver, model: str, asked: HowMuch, fields: dict[str, Any], limit: int
) -> None:
    server, provider = serve_over("anthropic", settings=Settings(model, thinking=asked))
    ask(provider)
    assert {name: sent(server).get(name) for name in fields} == fields
    assert bool(sent(server).get("thinking")) == bool(fields)
    assert sent(server)["max_tokens"] == limit


# -- thinking ---------------------------------------------------------------------------------------------------------


def test_thoughts_go_back_as_they_came_and_where_they_came(serve_over: ServeOver) -> None:
    thoughts = (
        block(0, {"type": "thinking", "thinking": "", "signature": ""},
              {"type": "thinking_delta", "thinking": "Hm."},
              {"type": "signature_delta", "signature": signature_of("Hm.")}),
        block(1, {"type": "redacted_thinking", "data": "c2VjcmV0"}),
        block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "I look."}),
        block(3, {"type": "thinking", "thinking": "", "signature": ""},
              {"type": "signature_delta", "signature": signature_of("")}),
        block(4, {"type": "tool_use", "id": "t1", "name": "look", "input": {}},
              {"type": "input_json_delta", "partial_json": '{"path": "x"}'}),
    )  # fmt: skip
    server, provider = serve_over("anthropic", stream(*thoughts, reason="tool_use"), settings=SONNET)
    items = list(provider.stream(Request((user("hello"),), (TOOL,)), Cancel()))
    assert "".join(item.text for item in items if isinstance(item, TextDelta)) == "I look."
    assert "".join(item.text for item in items if isinstance(item, ThinkingDelta)) == "Hm."
    reply = items[-1]
    assert isinstance(reply, Reply)
    assert reply.finish == "tools"
    ask(provider, user("hello"), reply.message, result("t1", "there"))
    assert sent(server)["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": signature_of("Hm.")},
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
        {"type": "text", "text": "I look."},
        {"type": "thinking", "thinking": "", "signature": signature_of("")},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"path": "x"}},
    ]


def test_thoughts_that_the_server_refuses_are_left_out_from_then_on(serve_over: ServeOver) -> None:
    server, provider = serve_over("anthropic", Answer("Yes.", thinking="Hm."), settings=SONNET)
    said = ask(provider).message
    thought, *rest = said.parts
    assert isinstance(thought, Thinking)
    edited = Message("assistant", (Thinking("Hmm, no.", thought.signature), *rest))
    assert ask(provider, user("hello"), edited, user("more")).message.text == "done"
    assert [turn["content"][0]["type"] for turn in sent(server)["messages"]] == ["text", "text", "text"]
    assert len(server.chats()) == 3
    server.answers.append(Answer("No.", thinking="Well."))
    newer = ask(provider, user("hello"), edited, user("more")).message
    ask(provider, user("hello"), edited, user("more"), newer, user("most"))
    assert [turn["content"][0]["type"] for turn in sent(server)["messages"]] == ["text"] * 3 + ["thinking", "text"]


def test_thoughts_of_another_server_are_not_sent(serve_over: ServeOver) -> None:
    _, first = serve_over("anthropic", Answer("Yes.", thinking="Hm."), settings=SONNET)
    said = ask(first).message
    server, other = serve_over("anthropic", settings=SONNET)
    ask(other, user("hello"), said, user("more"))
    assert sent(server)["messages"][1]["content"] == [{"type": "text", "text": "Yes."}]
    assert len(server.chats()) == 1


# -- replies ----------------------------------------------------------------------------------------------------------


def test_usage_counts_the_whole_prompt_and_the_cache_has_its_prices(serve_over: ServeOver) -> None:
    usage = {"cache_read_input_tokens": 600, "cache_creation_input_tokens": 300}
    settings = Settings("claude-sonnet-5-5", prices={"claude-sonnet-5-5": Price(10, 20, 1, 12.5)})
    reply = ask(
        serve_over("anthropic", stream(block(0, {"type": "text", "text": "Yes."}), **usage), settings=settings)[1]
    )
    assert (reply.usage.input, reply.usage.output, reply.usage.cached) == (910, 5, 600)
    assert reply.usage.cost == pytest.approx((10 * 10 + 600 * 1 + 300 * 12.5 + 5 * 20) / 1e6)
    assert reply.model == "claude-x"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "filtered"),
    ],
)
def test_the_reason_to_stop_is_mapped(serve_over: ServeOver, reason: str, finish: str) -> None:
    answer = stream(block(0, {"type": "text", "text": "Yes."}), reason=reason)
    assert ask(serve_over("anthropic", answer, settings=SONNET)[1]).finish == finish


def test_a_server_that_does_not_stream_is_understood(serve_over: ServeOver) -> None:
    whole = {
        "type": "message",
        "model": "m",
        "content": [
            {"type": "text", "text": "Yes."},
            {"type": "tool_use", "id": "a", "name": "look", "input": {"p": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    reply = ask(serve_over("anthropic", Answer(raw=whole))[1])
    assert reply.message == assistant("Yes.", ToolCall("a", "look", '{"p": 1}'))
    assert reply.usage.total == 5


# -- faults -----------------------------------------------------------------------------------------------------------


def fault(provider: Hosted, *messages: Message) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(provider, *messages)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", "overloaded"),
        ("api_error", "overloaded"),
        ("rate_limit_error", "rate_limit"),
        ("invalid_request_error", "invalid"),
        ("authentication_error", "auth"),
        ("billing_error", "auth"),
    ],
)
def test_an_error_within_the_stream_is_a_fault(serve_over: ServeOver, kind: str, expected: str) -> None:
    event = {"type": "error", "error": {"type": kind, "message": "sorry"}}
    answer = Answer(chunks=(*block(0, {"type": "text", "text": "one"}), event))
    assert fault(serve_over("anthropic", answer, settings=SONNET)[1]).fault == expected


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (400, "Your credit balance is too low to access the Anthropic API.", "auth"),
        (400, "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000", "context"),
        (413, "Request exceeds the maximum size", "context"),
        (529, "Overloaded", "overloaded"),
        (404, "model: claude-nope", "not_found"),
    ],
)
def test_statuses_are_kinds_of_fault(serve_over: ServeOver, status: int, message: str, expected: str) -> None:
    assert fault(serve_over("anthropic", failure(status, message), settings=SONNET)[1]).fault == expected


def test_a_refused_picture_is_said_in_a_line_and_the_text_goes_on(serve_over: ServeOver) -> None:
    refusal = failure(400, "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 9 bytes > 5 bytes")
    server, provider = serve_over("anthropic", refusal, settings=SONNET)
    message = Message("user", (Text("Look."), Image("image/png", b"x")))
    items = list(provider.stream(Request((message,)), Cancel()))
    (line,) = [item.text for item in items if isinstance(item, Notice)]
    assert "image exceeds 5 MB" in line
    assert "the text goes on" in line
    assert [one["type"] for one in sent(server)["messages"][0]["content"]] == ["text", "text"]
    assert isinstance(items[-1], Reply)


# -- what is known of the models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "window"),
    [("claude-sonnet-5-5", 1_000_000), ("claude-haiku-4-5-20251001", 200_000), ("claude-opus-4-5", 200_000)],
)
def test_windows_are_known_without_asking(model: str, window: int) -> None:
    assert AnthropicMessages(PRESETS["anthropic"], Settings(model)).context_window == window


@pytest.mark.parametrize(
    ("model", "usage", "written", "dollars"),
    [
        ("claude-sonnet-5-5", Usage(1_000_000, 1_000_000), 0, 12.0),
        ("claude-haiku-4-5-20251001", Usage(1_000_000, 0, 500_000), 500_000, 0.05 + 0.625),
        ("claude-haiku-5-5", Usage(100_000, 100_000), 0, 0.01 + 0.05),
        ("claude-haiku-5-5", Usage(200_000, 100_000, 100_000), 0, 0.05 + 0.005 + 0.25),
    ],
)
def test_prices_know_the_cache_and_long_prompts(model: str, usage: Usage, written: int, dollars: float) -> None:
    assert cost_of(usage, PRESETS["anthropic"], model, {}, written) == pytest.approx(dollars)
