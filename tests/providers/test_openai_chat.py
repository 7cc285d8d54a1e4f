"""The real openai SDK against a server that misbehaves in every way that servers do."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Message, Reply, Request, Text, Thinking, ToolCall, ToolSpec, assistant, user
from hermes_fs.providers.openai_chat import OpenAIChat, Settings
from hermes_fs.providers.presets import PRESETS, at
from hermes_fs.providers.prices import Price
from hermes_fs.providers.replies import Assembler
from hermes_fs.testing.openai_answers import Answer, failure
from tests.providers.conftest import Serve

TOOLS = (ToolSpec("terminal", "Run.", {"type": "object"}), ToolSpec("look", "Look.", {"type": "object"}))
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def ask(provider: OpenAIChat, *messages: Message, tools: tuple[ToolSpec, ...] = TOOLS) -> Reply:
    *_, last = provider.stream(Request(messages or (user("hello"),), tools), Cancel())
    assert isinstance(last, Reply)
    return last


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def fragment(**fields: Any) -> dict[str, Any]:
    return delta(tool_calls=[fields])


def called(reply: Reply) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in reply.message.calls]


# -- replies ----------------------------------------------------------------------------------------------------------


def test_a_session_keeps_one_connection(serve: Serve) -> None:
    server, provider = serve()
    for text in ("[[fake text=100]]", '[[fake tools=1 args={"command":"x"}]]', "hello", "bye"):
        ask(provider, user(text))
    assert provider.context_window == 200_000
    assert server.connections == 1


def test_without_a_model_named_the_servers_first_that_can_chat_is_taken(serve: Serve) -> None:
    server, provider = serve(models={"nomic-embed-text": 2048, "qwen3": 8192, "other": 1}, settings=Settings())
    assert (provider.model, provider.context_window) == ("qwen3", 8192)
    ask(provider)
    assert server.chats()[0]["model"] == "qwen3"


@pytest.mark.parametrize(
    "fragments",
    [
        # numbered and mixed up
        (
            fragment(index=0, id="a", function={"name": "terminal", "arguments": ""}),
            fragment(index=1, id="b", function={"name": "look", "arguments": '{"p'}),
            fragment(index=0, function={"arguments": '{"c": 1}'}),
            fragment(index=1, function={"arguments": '": 2}'}),
        ),
        # whole, all with the number 0 and ids of their own
        (
            fragment(index=0, id="a", function={"name": "terminal", "arguments": '{"c": 1}'}),
            fragment(index=0, id="b", function={"name": "look", "arguments": '{"p": 2}'}),
        ),
        # neither numbers nor ids
        (
            fragment(function={"name": "terminal", "arguments": '{"c": 1}'}),
            fragment(function={"name": "look", "arguments": '{"p": 2}'}),
        ),
        # fragments without numbers, arguments as an object, the name repeated in each piece
        (
            fragment(id="a", function={"name": "terminal", "arguments": '{"c":'}),
            fragment(function={"arguments": " 1}"}),
            fragment(id="b", function={"name": "look", "arguments": {"p": 2}}),
        ),
        (
            fragment(index=0, id="a", function={"name": "terminal", "arguments": '{"c": 1'}),
            fragment(index=0, id="a", function={"name": "terminal", "arguments": "}"}),
            fragment(index=1, id="a", function={"name": "look", "arguments": '{"p": 2}'}),
        ),
        # all at once
        (
            delta(
                tool_calls=[
                    {"id": "", "function": {"name": "terminal", "arguments": '{"c": 1}'}},
                    {"id": "", "function": {"name": "look", "arguments": '{"p": 2}'}},
                ]
            ),
        ),
    ],
)
def test_parallel_calls_are_put_together_however_a_server_sends_them(
    serve: Serve, fragments: tuple[dict[str, Any], ...]
) -> None:
    _, provider = serve(Answer(chunks=(*fragments, STOP)))
    reply = ask(provider)
    assert called(reply) == [("terminal", '{"c": 1}'), ("look", '{"p": 2}')]
    ids = [call.id for call in reply.message.calls]
    assert all(ids)
    assert len(set(ids)) == 2
    assert reply.finish == "tools"


@pytest.mark.parametrize(
    "chunks",
    [
        (delta(reasoning_content="Let me "), delta(reasoning_content="see."), delta(content="Yes.")),
        (delta(reasoning="Let me see.", reasoning_content="Let me see."), delta(content="Yes.")),
        (delta(content="<thi"), delta(content="nk>Let me see.</th"), delta(content="ink>\n\nYes.")),
    ],
)
def test_reasoning_is_thinking_in_whichever_field_it_comes(serve: Serve, chunks: tuple[dict[str, Any], ...]) -> None:
    _, provider = serve(Answer(chunks=(*chunks, STOP)))
    items = list(provider.stream(Request((user("hello"),)), Cancel()))
    assert "".join(item.text for item in items if isinstance(item, ThinkingDelta)) == "Let me see."
    assert "".join(item.text for item in items if isinstance(item, TextDelta)) == "Yes."
    assert items[-1].message.parts == (Thinking("Let me see."), Text("Yes."))  # type: ignore[union-attr]


def test_a_call_written_as_text_becomes_a_call_and_is_not_shown(serve: Serve) -> None:
    written = 'I look.\n```json\n{"name": "look", "arguments": {"path": "x"}}\n```'
    _, provider = serve(Answer(written))
    items = list(provider.stream(Request((user("hello"),), TOOLS), Cancel()))
    assert "".join(item.text for item in items if isinstance(item, TextDelta)) == "I look."
    reply = items[-1]
    assert isinstance(reply, Reply)
    assert called(reply) == [("look", '{"path": "x"}')]
    assert reply.finish == "tools"


def test_malformed_arguments_are_kept_as_they_are_and_never_sent_back(serve: Serve) -> None:
    server, provider = serve(Answer(calls=(("terminal", '{"command": "tr'),)), Answer("ok"))
    reply = ask(provider)
    assert called(reply) == [("terminal", '{"command": "tr')]
    ask(provider, user("hello"), reply.message)
    assert server.chats()[1]["messages"][1]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_an_empty_reply_is_a_reply_without_parts(serve: Serve) -> None:
    _, provider = serve(Answer(""))
    assert ask(provider).message == Message("assistant", ())


@pytest.mark.parametrize(
    ("reason", "finish"), [("length", "length"), ("content_filter", "filtered"), ("stop", "stop"), ("eos", "stop")]
)
def test_the_reason_to_stop_is_mapped(serve: Serve, reason: str, finish: str) -> None:
    assert ask(serve(Answer("Yes.", finish=reason))[1]).finish == finish


def test_usage_cached_tokens_and_cost_are_counted(serve: Serve) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 600}}
    settings = Settings("fake-model", prices={"fake-model": Price(10, 20, 1)})
    reply = ask(serve(Answer("Yes.", usage=usage), settings=settings)[1])
    assert (reply.usage.input, reply.usage.output, reply.usage.cached) == (1000, 100, 600)
    assert reply.usage.cost == pytest.approx((400 * 10 + 600 * 1 + 100 * 20) / 1e6)


def test_the_servers_own_price_goes_before_ours_and_an_unknown_one_stays_unknown(serve: Serve) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 1, "cost": 0.25}
    assert ask(serve(Answer("Yes.", usage=usage))[1]).usage.cost == 0.25
    assert ask(serve(Answer("Yes."))[1]).usage.cost is None


def test_a_server_that_does_not_stream_is_understood(serve: Serve) -> None:
    message = {"role": "assistant", "content": "Yes.", "tool_calls": None}
    whole = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    reply = ask(serve(Answer(raw=whole))[1])
    assert reply.message == assistant("Yes.")


def test_line_separators_within_the_text_do_not_break_the_stream(serve: Serve) -> None:
    text = "one\u2028two\x0bthree\x85four"
    assert ask(serve(Answer(text))[1]).message.text == text


def test_a_server_that_forgets_to_end_its_answer_does_not_hold_us_up(serve: Serve) -> None:
    server, provider = serve(Answer("Yes.", manner="linger"), Answer("Again."))
    assert ask(provider).message.text == "Yes."
    assert ask(provider).message.text == "Again."
    assert server.connections == 2


# -- requests ---------------------------------------------------------------------------------------------------------

HISTORY = (
    Message("system", (Text("Be short."),)),
    user("What is there?"),
    assistant("I look.", ToolCall("c1", "look", '{ "path":\t"é" }')),
    Message("tool", ()),
)


def test_a_prompt_that_a_local_server_cuts_without_a_word_is_said_once(serve: Serve) -> None:
    kept = {"prompt_tokens": 990, "completion_tokens": 3}
    _, provider = serve(*[Answer("yes", usage=kept)] * 3, models={"fake-model": 1000})
    assert provider.context_window == 1000
    long = Request((user("a word " * 2000),))
    lines = [item for _ in range(2) for item in provider.stream(long, Cancel()) if isinstance(item, Notice)]
    (line,) = [one.text for one in lines]
    assert "1,000 tokens" in line
    assert "OLLAMA_CONTEXT_LENGTH" in line
    assert not any(isinstance(item, Notice) for item in provider.stream(Request((user("hi"),)), Cancel()))


def test_models_that_only_embed_are_never_chosen(serve: Serve) -> None:
    _, provider = serve(models={"nomic-embed-text": 1, "all-minilm": 1, "bge-m3": 1}, settings=Settings())
    with pytest.raises(ProviderError, match="no model that can chat"):
        provider.model  # noqa: B018 - asks the server


def test_the_bytes_of_a_longer_conversation_begin_with_those_of_the_shorter(serve: Serve) -> None:
    server, provider = serve()
    for messages in (HISTORY[:2], HISTORY[:2], HISTORY[:3]):
        ask(provider, *messages)
    first, again, longer = (request["raw"] for request in server.requests)
    assert first == again
    shared = first[: first.index(b'],"stream"')]
    assert longer.startswith(shared)
    sent = json.loads(longer)["messages"][2]["tool_calls"][0]["function"]["arguments"]
    assert sent == '{ "path":\t"é" }'


def test_reasoning_goes_back_only_where_the_preset_says_so(serve: Serve) -> None:
    said = Message("assistant", (Thinking("Hm.", '[{"type": "reasoning.text", "text": "Hm."}]'), Text("Yes.")))
    sent = {}
    for name in ("openai", "kimi", "minimax", "openrouter"):
        server, _ = serve()
        preset = PRESETS[name]
        local = type(preset)(name, name, server.base_url, thinking_back=preset.thinking_back)
        ask(OpenAIChat(local, Settings("fake-model")), user("a"), said, user("b"))
        sent[name] = server.chats()[0]["messages"][1]
    assert sent["openai"] == {"role": "assistant", "content": "Yes."}
    assert sent["kimi"]["reasoning_content"] == "Hm."
    assert sent["minimax"]["content"] == "<think>\nHm.\n</think>\n\nYes."
    assert sent["openrouter"]["reasoning_details"] == [{"type": "reasoning.text", "text": "Hm."}]


def test_a_field_that_the_server_refuses_is_left_out_from_then_on(serve: Serve) -> None:
    refusals = (failure(400, "Unknown parameter: stream_options"), failure(422, "unsupported: temperature"))
    server, provider = serve(*refusals, settings=Settings("fake-model", temperature=0.5, max_tokens=100))
    assert ask(provider).message.text == "done"
    ask(provider)
    assert [("stream_options" in body, "temperature" in body) for body in server.chats()] == [
        (True, True),
        (False, True),
        (False, False),
        (False, False),
    ]
    assert server.chats()[-1]["max_tokens"] == 100


def test_the_limit_goes_by_the_name_that_the_server_knows(serve: Serve) -> None:
    hint = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server, provider = serve(failure(400, hint), settings=Settings("fake-model", max_tokens=100))
    ask(provider)
    assert server.chats()[-1]["max_completion_tokens"] == 100
    assert "max_tokens" not in server.chats()[-1]


# -- faults -----------------------------------------------------------------------------------------------------------


def fault(provider: OpenAIChat) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(provider)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("status", "message", "expected", "said"),
    [
        (401, "Incorrect API key provided: sk-test-0123456789", "auth", "set OPENAI_API_KEY"),
        (403, "forbidden", "auth", "set OPENAI_API_KEY"),
        (403, "your input was flagged by moderation", "filtered", "rephrase"),
        (402, "Insufficient credits", "auth", "add credit"),
        (429, "You exceeded your current quota, check your plan and billing", "auth", "add credit"),
        (429, "slow down", "rate_limit", "again"),
        (500, "oops", "overloaded", "again"),
        (529, "overloaded", "overloaded", "again"),
        (503, "Loading model", "overloaded", "again"),
        (400, "The response was filtered due to content_filter", "filtered", "rephrase"),
        (400, "messages.3: bad role", "invalid", "hermes model"),
        (422, "field required", "invalid", "hermes model"),
        (408, "request timeout", "network", "server"),
    ],
)
def test_every_status_is_one_kind_of_fault_with_what_to_do(
    serve: Serve, status: int, message: str, expected: str, said: str
) -> None:
    error = fault(serve(failure(status, message))[1])
    assert error.fault == expected
    assert said in error.hint
    assert "sk-test-0123456789" not in str(error), "a key is never repeated"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"),
        (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
        (400, "the request exceeds the available context size (8192 tokens), try increasing it"),
        (500, "the request exceeds the available context size. try increasing the context size"),
        (400, "This endpoint's maximum context length is 131072 tokens. However, you requested about 132463 tokens"),
        (
            400,
            "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096",
        ),
        (400, "The number of tokens to keep from the initial prompt is greater than the context length"),
        (400, "prompt is too long: 213462 tokens > 200000 maximum"),
        (400, "Invalid request: Your request exceeded model token limit: 262144"),
        (400, "invalid params, context window exceeds limit (2013)"),
        (400, "The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
        (400, "Prompt exceeds max length"),
        (413, "input tokens exceed the configured limit of 272000 tokens"),
    ],
)
def test_a_request_that_is_too_long_is_told_apart_in_every_servers_words(
    serve: Serve, status: int, message: str
) -> None:
    assert fault(serve(failure(status, message))[1]).fault == "context"


def test_an_empty_reply_to_a_prompt_that_fills_the_window_means_that_it_is_too_long(serve: Serve) -> None:
    usage = {"prompt_tokens": 9000, "completion_tokens": 0}
    settings = Settings("fake-model", context_window=8192)
    assert fault(serve(Answer("", usage=usage), settings=settings)[1]).fault == "context"


def test_an_unknown_host_is_said_to_be_unknown() -> None:
    error = fault(OpenAIChat(at("https://no-such-host.invalid/v1"), Settings("m")))
    assert (error.fault, "is not known" in error.message) == ("network", True)


def test_an_unknown_model_is_answered_with_the_nearest_there_is(serve: Serve) -> None:
    _, provider = serve(
        failure(404, "The model `qwen2.5-codr` does not exist"),
        models={"llama": 1, "qwen2.5-coder": 1},
        settings=Settings("qwen2.5-codr"),
    )
    error = fault(provider)
    assert (error.fault, "qwen2.5-coder" in error.hint) == ("not_found", True)


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("0.5", 0.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)])
def test_the_servers_wish_to_wait_is_read(serve: Serve, value: str, seconds: float) -> None:
    assert fault(serve(failure(429, "slow down", retry_after=value))[1]).retry_after == seconds


def test_a_cut_stream_is_a_network_fault(serve: Serve) -> None:
    assert fault(serve(Answer("one two three four", manner="cut"))[1]).fault == "network"


def test_a_stream_that_ends_without_a_reason_is_taken_as_cut(serve: Serve) -> None:
    assert fault(serve(Answer(chunks=(delta(content="one"),)))[1]).fault == "network"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"message": "upstream broke", "code": 502}, "overloaded"),
        ({"message": "slow down", "code": "rate_limit_exceeded"}, "rate_limit"),
        ({"message": "too long", "type": "exceed_context_size_error"}, "context"),
        ("just text", "overloaded"),
    ],
)
def test_an_error_within_the_stream_is_a_fault(serve: Serve, error: Any, expected: str) -> None:
    assert fault(serve(Answer(chunks=(delta(content="one"), {"error": error})))[1]).fault == expected


def test_nothing_that_listens_is_one_line_that_says_where(serve: Serve) -> None:
    error = fault(OpenAIChat(at("http://127.0.0.1:9/v1"), Settings("m")))
    assert (error.fault, error.message) == ("network", "nothing can be reached at http://127.0.0.1:9/v1")


def test_a_web_page_is_told_from_a_model_server(serve: Serve) -> None:
    error = fault(serve(Answer(raw="<html>hello</html>"))[1])
    assert "web page" in error.message
    assert "model.base_url" in error.hint


# -- cancelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Answer(manner="hang"), Answer("one two three four", manner="stall")])
def test_cancel_ends_a_silent_stream_from_another_thread_and_leaves_no_thread_behind(
    serve: Serve, answer: Answer
) -> None:
    server, provider = serve(answer, Answer("again"))
    cancel, ended = Cancel(), threading.Event()

    def run() -> None:
        with pytest.raises(Cancelled):
            list(provider.stream(Request((user("hello"),)), cancel))
        ended.set()

    worker = threading.Thread(target=run)
    worker.start()
    while not server.requests:
        time.sleep(0.01)
    cancel.set()
    assert ended.wait(0.5)
    worker.join()
    assert ask(provider).message.text == "again"
    assert not [thread for thread in threading.enumerate() if thread.name == "hermes-request" and thread.is_alive()]


# -- properties -------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "<think>",
        "</think>",
        "a",
        " ",
        "\n",
        "```json\n",
        "```",
        '{"name": "look", "arguments": {"x": 1}}',
        "<tool_call>",
    ]
)


@given(st.lists(PIECES, max_size=10).map("".join), st.text(max_size=5), st.lists(st.integers(1, 7), min_size=1))
def test_any_chunking_of_the_stream_gives_the_same_reply(text: str, thinking: str, sizes: list[int]) -> None:
    arguments = json.dumps({"path": text})

    def read(sizes: list[int]) -> tuple[Reply, str]:
        assembler = Assembler(TOOLS, mint=iter(f"m{number}" for number in range(99)).__next__)
        chunks = [delta(reasoning_content=piece) for piece in cut(thinking, sizes)]
        chunks += [delta(content=piece) for piece in cut(text, sizes)]
        chunks += [fragment(index=0, id="a", function={"name": "look", "arguments": ""})]
        chunks += [fragment(index=0, function={"arguments": piece}) for piece in cut(arguments, sizes)]
        shown = [item for chunk in (*chunks, STOP) for item in assembler.feed(chunk)] + list(assembler.end())
        return assembler.reply("m"), "".join(item.text for item in shown if isinstance(item, TextDelta))

    reply, shown = read(sizes)
    assert (reply, shown) == read([1000])
    assert shown.strip() == reply.message.text.strip()


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces, start = [], 0
    while start < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[start : start + size])
        start += size
    return pieces
