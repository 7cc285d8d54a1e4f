"""Every wire's real SDK against a server that misbehaves: recovered, or one clear line; never a lost turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.events import Notice
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import (
    Audio,
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
    assistant,
    system,
    user,
)
from hermes_fs.providers.presets import Wire
from hermes_fs.providers.retrying import Retrying
from hermes_fs.testing.openai_answers import Answer, failure
from hermes_fs.testing.openai_server import OpenAIServer
from tests.providers.conftest import KEY, ServeOver

WIRES: tuple[Wire, ...] = ("chat", "responses", "anthropic")
TOOL = ToolSpec("terminal", "Run.", {"type": "object"})

PASSES = {
    "429 with Retry-After": "status=429 retry_after=0",
    "429": "status=429",
    "500": "status=500",
    "503": "status=503",
    "529": "status=529",
    "cut": "cut=1",
}
"""What may pass: the second try is answered well."""

STAYS = {
    "401": ("status=401", "auth"),
    "402": ("status=402", "auth"),
    "403": ("status=403", "auth"),
    "404": ("status=404", "not_found"),
    "overflow": ("overflow=1", "context"),
    "400": ("status=400", "invalid"),
}
"""What does not: one line with what to do, after one request."""


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


def run(provider: Retrying, *messages: Message) -> tuple[list[Notice], Reply]:
    items = list(provider.stream(Request(messages, (TOOL,)), Cancel()))
    reply = items[-1]
    assert isinstance(reply, Reply)
    return [item for item in items if isinstance(item, Notice)], reply


def chat(serve_over: ServeOver, wire: Wire, *answers: Answer) -> tuple[OpenAIServer, Retrying]:
    server, provider = serve_over(wire, *answers)
    return server, Retrying(provider, first_wait=0.0)


@pytest.mark.parametrize("fault", PASSES.values(), ids=PASSES)
def test_what_may_pass_is_tried_again(serve_over: ServeOver, wire: Wire, fault: str) -> None:
    server, provider = chat(serve_over, wire)
    notices, reply = run(provider, user(f"[[fake {fault} times=1]]"))
    assert reply.message.text == "done"
    assert [notice.kind for notice in notices] == ["retry"]
    assert len(server.chats()) == 2


@pytest.mark.parametrize("fault", STAYS.values(), ids=STAYS)
def test_what_stays_is_one_line_with_what_to_do(serve_over: ServeOver, wire: Wire, fault: tuple[str, str]) -> None:
    server, provider = chat(serve_over, wire)
    with pytest.raises(ProviderError) as caught:
        run(provider, user(f"[[fake {fault[0]}]]"))
    assert caught.value.fault == fault[1]
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(server.chats()) == 1
    assert run(provider, user("and now?"))[1].message.text == "done"


def test_a_wait_longer_than_allowed_is_not_waited(serve_over: ServeOver, wire: Wire) -> None:
    _, provider = chat(serve_over, wire, failure(429, "slow down", retry_after="3600"))
    with pytest.raises(ProviderError) as caught:
        run(provider, user("hello"))
    assert caught.value.retry_after == 3600


def test_malformed_arguments_are_kept_and_never_sent_back(serve_over: ServeOver, wire: Wire) -> None:
    server, provider = chat(serve_over, wire)
    asked = user("[[fake malformed=1 times=1]]")
    _, reply = run(provider, asked)
    (call,) = reply.message.calls
    assert call.arguments == '{"command": "tr'
    wrong = Message("tool", (ToolResult(call.id, "the arguments are malformed", failed=True),))
    assert run(provider, asked, reply.message, wrong)[1].message.text == "done"
    assert '"tr' not in str(server.chats()[1])


def test_an_empty_reply_is_a_reply_without_parts(serve_over: ServeOver, wire: Wire) -> None:
    assert run(chat(serve_over, wire)[1], user("[[fake empty=1]]"))[1].message == Message("assistant", ())


def test_a_filtered_reply_says_so(serve_over: ServeOver, wire: Wire) -> None:
    assert run(chat(serve_over, wire)[1], user("[[fake filter=1]]"))[1].finish == "filtered"


def test_a_reply_at_its_limit_says_so(serve_over: ServeOver, wire: Wire) -> None:
    assert run(chat(serve_over, wire, Answer("Yes.", finish="length"))[1], user("a"))[1].finish == "length"


@pytest.mark.parametrize("manner", ["hang", "stall"])
def test_cancelling_a_silent_server_closes_the_connection(serve_over: ServeOver, wire: Wire, manner: str) -> None:
    server, provider = chat(serve_over, wire)
    cancel, ended = Cancel(), threading.Event()

    def ask() -> None:
        with pytest.raises(Cancelled):
            list(provider.stream(Request((user(f"[[fake {manner}=1]]"),)), cancel))
        ended.set()

    worker = threading.Thread(target=ask)
    worker.start()
    wait_until(lambda: bool(server.chats()))
    cancel.set()
    worker.join(10)
    assert ended.is_set()
    wait_until(lambda: not server.open_connections)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_conversation_with_calls_keeps_one_connection(serve_over: ServeOver, wire: Wire) -> None:
    server, provider = chat(serve_over, wire)
    history = [system("Be short."), user('[[fake tools=4 par=2 args={"command":"{i}"}]]')]
    while (reply := run(provider, *history)[1]).message.calls:
        results = tuple(ToolResult(call.id, "there") for call in reply.message.calls)
        history += [reply.message, Message("tool", results)]
    assert reply.message.text == "done"
    assert len(history) == 6
    assert server.connections == 1


# -- changing the wire within a conversation --------------------------------------------------------------------------


ORDERS = [(a, b, c) for a in WIRES for b in WIRES for c in WIRES if a != b != c]


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_a_conversation_changes_its_wire_and_no_thought_goes_elsewhere(
    serve_over: ServeOver, order: tuple[Wire, Wire, Wire]
) -> None:
    """Back at the first, its own thoughts are there again where the wire carries any."""
    first = chat(serve_over, order[0])
    others = [first if wire == order[0] else chat(serve_over, wire) for wire in order[1:]]
    history: list[Message] = [system("Be short.")]
    for number, (server, provider) in enumerate([first, *others]):
        server.answers += [Answer("I look.", (("terminal", "{}"),), f"thought {number}"), Answer(f"answer {number}")]
        history.append(user(f"question {number}"))
        for _ in range(2):
            reply = run(provider, *history)[1]
            history.append(reply.message)
            if calls := reply.message.calls:
                history.append(Message("tool", tuple(ToolResult(call.id, "there") for call in calls)))
        told = str(server.chats()[-1])
        mine = [n for n in range(number + 1) if order[n] == order[number] and order[n] != "chat"]
        assert [n for n in range(number + 1) if f"thought {n}" in told] == mine
        assert len(server.chats()) == 2 * sum(wire == order[number] for wire in order[: number + 1])


# -- pictures, sounds, documents --------------------------------------------------------------------------------------

SEEN = Message("user", (Text("Look."), Image("image/png", b"\x89PNG"), Document("application/pdf", b"%PDF", "a.pdf")))


def test_pictures_and_documents_reach_the_model(serve_over: ServeOver, wire: Wire) -> None:
    server, provider = chat(serve_over, wire)
    run(provider, SEEN, assistant("", ToolCall("c", "look", "{}")),
        Message("tool", (ToolResult("c", "a picture", media=(Image("image/jpeg", b"\xff\xd8"),)),)))  # fmt: skip
    told = str(server.chats()[0])
    assert "iVBORw==" in told
    assert "JVBERg==" in told
    assert "/9g=" in told


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "This model does not support image inputs.", "images"),
        (404, "No endpoints found that support image input", "images"),
        (500, "image input is not supported - hint: if this is unexpected, provide the mmproj", "images"),
        (400, "messages[0]: unknown variant `image_url`, expected `text`", "images"),
        (400, "Invalid value: 'file'. Supported values are: 'text', 'image_url'.", "documents"),
    ],
)
def test_a_model_that_takes_no_pictures_says_so_once_and_the_text_goes_on(
    serve_over: ServeOver, wire: Wire, status: int, message: str, kind: str
) -> None:
    server, provider = chat(serve_over, wire, failure(status, message))
    notices, reply = run(provider, SEEN)
    assert reply.message.text == "done"
    (line,) = notices
    assert line.kind == "warning"
    assert line.text.endswith(f"takes no {kind}: left out, the text goes on")
    assert run(provider, SEEN, reply.message, user("more"))[0] == []
    assert len(server.chats()) == 3
    another = Message(
        "user", (Text("And this?"), Image("image/gif", b"GIF"), Document("application/pdf", b"%", "b.pdf"))
    )
    (again,) = run(provider, SEEN, reply.message, another)[0]
    assert again.text == line.text


@pytest.mark.parametrize("without_sound", ["responses", "anthropic"])
def test_a_wire_without_sound_says_so_and_the_text_goes_on(serve_over: ServeOver, without_sound: Wire) -> None:
    _, provider = chat(serve_over, without_sound)
    notices, reply = run(provider, Message("user", (Text("Listen."), Audio("audio/wav", b"RIFF"))))
    assert [notice.text.partition(" takes ")[2] for notice in notices] == ["no sounds: left out, the text goes on"]
    assert reply.message.text == "done"


def test_unsigned_thoughts_are_nobodys_proof(serve_over: ServeOver, wire: Wire) -> None:
    server, provider = chat(serve_over, wire)
    run(provider, user("a"), Message("assistant", (Thinking("hidden thought", "junk"), Text("b"))), user("c"))
    assert "hidden thought" not in str(server.chats())
