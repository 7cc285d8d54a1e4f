"""Trying again: when, how long after, and what a person sees of it."""

from __future__ import annotations

import threading

import pytest

from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.events import Notice, TextDelta
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Reply, Request, assistant, user
from hermes_fs.providers.retrying import Retrying
from hermes_fs.testing.openai_answers import Answer, failure
from hermes_fs.testing.scripted import ScriptedProvider
from tests.providers.conftest import Serve

REQUEST = Request((user("hello"),))
BUSY = ProviderError("overloaded", "busy", "wait")


def retrying(*replies: object, **options: float) -> Retrying:
    return Retrying(ScriptedProvider(replies), first_wait=0.001, **options)  # type: ignore[arg-type]


def test_it_tries_again_until_an_answer_comes_and_says_so_each_time() -> None:
    items = list(retrying(BUSY, BUSY, assistant("Yes.")).stream(REQUEST, Cancel()))
    notices = [item for item in items if isinstance(item, Notice)]
    assert [notice.kind for notice in notices] == ["retry", "retry"]
    assert "busy" in notices[0].text
    assert "try 2 of 4" in notices[0].text
    assert isinstance(items[-1], Reply)


def test_the_last_failure_is_told_when_the_tries_are_used_up() -> None:
    provider = ScriptedProvider([BUSY] * 5)
    with pytest.raises(ProviderError, match="busy"):
        list(Retrying(provider, attempts=3, first_wait=0.001).stream(REQUEST, Cancel()))
    assert len(provider.requests) == 3


@pytest.mark.parametrize("fault", ["auth", "not_found", "context", "filtered", "invalid"])
def test_what_will_not_pass_is_not_tried_again(fault: str) -> None:
    provider = ScriptedProvider([ProviderError(fault, "no"), assistant("Yes.")])  # type: ignore[arg-type]
    with pytest.raises(ProviderError):
        list(Retrying(provider, first_wait=0.001).stream(REQUEST, Cancel()))
    assert len(provider.requests) == 1


def test_pauses_grow_and_vary_and_never_exceed_the_longest() -> None:
    low = Retrying(ScriptedProvider(), first_wait=1, max_wait=5, attempts=9, chance=lambda: 0.0)
    high = Retrying(ScriptedProvider(), first_wait=1, max_wait=5, attempts=9, chance=lambda: 1.0)
    assert [low._wait(attempt, BUSY) for attempt in (1, 2, 3, 4)] == [0.5, 1, 2, 4]
    assert [high._wait(attempt, BUSY) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 5]


def test_the_servers_wish_to_wait_is_honoured_unless_it_is_too_long() -> None:
    provider = Retrying(ScriptedProvider(), max_wait=60)
    assert provider._wait(1, ProviderError("rate_limit", "slow", retry_after=7.5)) == 7.5
    assert provider._wait(1, ProviderError("rate_limit", "slow", retry_after=61)) is None


def test_cancel_ends_the_pause() -> None:
    cancel, ended = Cancel(), threading.Event()
    waits = ProviderError("rate_limit", "slow", retry_after=30)

    def run() -> None:
        with pytest.raises(Cancelled):
            for _ in retrying(waits, assistant("Yes.")).stream(REQUEST, cancel):
                ended.clear()
        ended.set()

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(0.1)
    cancel.set()
    assert ended.wait(5)


def test_a_stream_that_breaks_off_is_asked_for_again_over_the_wire(serve: Serve) -> None:
    server, provider = serve(failure(503, "Loading model"), Answer("one two three four", manner="cut"), Answer("five"))
    items = list(Retrying(provider, first_wait=0.001).stream(REQUEST, Cancel()))
    voided = max(number for number, item in enumerate(items) if isinstance(item, Notice))
    assert "".join(item.text for item in items[voided:] if isinstance(item, TextDelta)) == "five"
    assert len(server.chats()) == 3


def test_an_empty_reply_is_asked_for_once_more_and_its_cost_counts() -> None:
    provider = retrying(assistant(""), assistant("Yes."))
    *notices, reply = (item for item in provider.stream(REQUEST, Cancel()) if not isinstance(item, TextDelta))
    assert [notice.kind for notice in notices if isinstance(notice, Notice)] == ["retry"]
    assert isinstance(reply, Reply)
    assert reply.message.text == "Yes."
    (alone,) = (one for one in retrying(assistant("Yes.")).stream(REQUEST, Cancel()) if isinstance(one, Reply))
    assert reply.usage.input == 2 * alone.usage.input


def test_a_model_that_has_nothing_to_say_twice_is_believed() -> None:
    provider = ScriptedProvider([assistant("")] * 3)
    *_, reply = Retrying(provider, first_wait=0.001).stream(REQUEST, Cancel())
    assert isinstance(reply, Reply)
    assert reply.message.parts == ()
    assert len(provider.requests) == 2


def test_it_stands_for_the_provider_that_it_wraps() -> None:
    inner = ScriptedProvider(name="n", model="m", context_window=7)
    provider = Retrying(inner)
    provider.warm()
    provider.close()
    assert (provider.name, provider.model, provider.context_window, inner.closed) == ("n", "m", 7, 1)
    assert provider.inner is inner
