"""Several keys, several models, a budget: what fails is stepped over, said in a line, and nothing shown twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.config import BudgetConfig, Config, ModelConfig
from hermes_fs.core.errors import BudgetSpent, ProviderError
from hermes_fs.core.events import Appended, Notice, TurnEnded
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Answer as HumanAnswer
from hermes_fs.core.types import Finish, Reply, Request, Usage, assistant, user
from hermes_fs.providers.fallback import REST_SECONDS, Fallback
from hermes_fs.providers.metered import Meter, Metered
from hermes_fs.providers.rotating import LIMITED_SECONDS, Rotating
from hermes_fs.providers.select import choose, line_up
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import transcript
from hermes_fs.store.init import init
from hermes_fs.store.spending import Spending
from hermes_fs.testing.openai_server import Answer, OpenAIServer
from hermes_fs.testing.scripted import ScriptedProvider

ASK = Request((user("hello"),))


class Time:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 1, 31, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


def said(provider: Provider) -> list[str]:
    """Notices and the reply of one call, as text."""
    out: list[str] = []
    for item in provider.stream(ASK, Cancel()):
        match item:
            case Notice(kind, text):
                out.append(f"{kind}: {text}")
            case Reply(message):
                out.append(message.text)
            case _:
                continue
    return out


def limited(seconds: float | None = None) -> ProviderError:
    return ProviderError("rate_limit", "too many requests", retry_after=seconds)


def test_a_limited_key_rests_and_the_next_one_answers_without_its_value_being_shown() -> None:
    scripts = {
        "KEY": ScriptedProvider([limited(), assistant("first again")]),
        "KEY_2": ScriptedProvider([assistant("second"), assistant("second again")]),
    }
    clock = Time()
    provider = Rotating(tuple(scripts), scripts.__getitem__, clock)
    assert said(provider) == ["retry: too many requests; the key in KEY_2 is tried instead of KEY", "second"]
    assert said(provider) == ["second again"]
    clock.seconds += LIMITED_SECONDS + 1
    assert said(provider) == ["first again"]


def test_where_all_keys_rest_the_error_is_that_of_the_last_and_the_soonest_is_tried_next() -> None:
    scripts = {
        "KEY": ScriptedProvider([limited(100), assistant("no")]),
        "KEY_2": ScriptedProvider([limited(5), assistant("yes")]),
    }
    provider = Rotating(tuple(scripts), scripts.__getitem__, Time())
    with pytest.raises(ProviderError) as failed:
        said(provider)
    assert failed.value.retry_after == 5
    assert said(provider) == ["yes"]


def test_a_fault_of_the_request_turns_no_key_over() -> None:
    scripts = {
        "KEY": ScriptedProvider([ProviderError("context", "too long")]),
        "KEY_2": ScriptedProvider([assistant("no")]),
    }
    with pytest.raises(ProviderError, match="too long"):
        said(Rotating(tuple(scripts), scripts.__getitem__, Time()))


def test_the_next_model_answers_stays_and_gives_way_again() -> None:
    first = ScriptedProvider([ProviderError("auth", "no credit left"), assistant("big")], model="big")
    second = ScriptedProvider([assistant("small"), assistant("small again")], model="small", context_window=8_000)
    clock = Time()
    chain = Fallback([lambda: first, lambda: second], clock)
    assert said(chain) == ["fallback: no credit left; small answers", "small"]
    assert (chain.model, chain.context_window) == ("small", 8_000)
    assert said(chain) == ["small again"]
    clock.seconds += REST_SECONDS + 1
    assert said(chain) == ["fallback: big answers", "big"]


def test_where_none_answers_the_first_ones_reason_is_told() -> None:
    def missing() -> Provider:
        raise ProviderError("auth", "no key for the second")

    third = ScriptedProvider([ProviderError("network", "down")], model="third")
    first = ScriptedProvider([ProviderError("not_found", "no such model")])
    chain = Fallback([lambda: first, missing, lambda: third], Time())
    with pytest.raises(ProviderError, match="no such model"):
        said(chain)


def test_a_filter_is_not_walked_around() -> None:
    first, second = ScriptedProvider([ProviderError("filtered", "no")]), ScriptedProvider([assistant("x")])
    chain = Fallback([lambda: first, lambda: second])
    with pytest.raises(ProviderError, match="no"):
        said(chain)


def test_a_first_model_without_a_key_is_said_and_stepped_over() -> None:
    def missing() -> Provider:
        raise ProviderError("auth", "OPENAI_API_KEY is not set")

    chain = Fallback([missing, lambda: ScriptedProvider([assistant("a"), assistant("b")], name="two")], Time())
    assert said(chain) == ["fallback: OPENAI_API_KEY is not set; two answers", "a"]
    assert said(chain) == ["b"]
    with pytest.raises(ProviderError, match="is not set"):
        Fallback([missing, missing], Time())


class Unnamed(ScriptedProvider):
    """A server that is down and whose model nobody named."""

    def __init__(self) -> None:
        super().__init__()
        del self.model

    def __getattr__(self, name: str) -> str:
        raise ProviderError("network", f"cannot tell its {name}")


def test_a_stand_in_that_cannot_tell_its_model_is_stepped_over() -> None:
    first = ScriptedProvider([ProviderError("network", "down")])
    third = ScriptedProvider([assistant("yes")], model="third")
    assert said(Fallback([lambda: first, Unnamed, lambda: third], Time())) == ["fallback: down; third answers", "yes"]


def test_the_wait_told_is_that_of_the_key_that_is_ready_first() -> None:
    scripts = {
        "KEY": ScriptedProvider([limited(5), assistant("yes")]),
        "KEY_2": ScriptedProvider([limited(100)]),
        "KEY_3": ScriptedProvider([ProviderError("auth", "refused")]),
    }
    clock = Time()
    with pytest.raises(ProviderError) as failed:
        said(Rotating(tuple(scripts), scripts.__getitem__, clock))
    assert (failed.value.fault, failed.value.retry_after) == ("rate_limit", 5)


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    made = Meter(Spending(tmp_path, SystemClock()), BudgetConfig(day_tokens=100, session_money=1.0), "s1")
    yield made
    made.spending.close()


def paid(tokens: int, cost: float | None) -> Reply:
    finish: Finish = "stop"
    return Reply(assistant("ok"), Usage(tokens, 0, 0, cost), finish, "m")


def test_a_budget_warns_once_and_then_stops(meter: Meter) -> None:
    provider = Metered(ScriptedProvider([paid(85, 0), paid(5, 0), paid(20, 0), paid(1, 0)]), lambda: meter)
    assert said(provider) == ["ok"]
    assert said(provider) == ["warning: 85% of the budget of 100 tokens for today is spent", "ok"]
    assert said(provider) == ["ok"]
    with pytest.raises(BudgetSpent, match="100 tokens for today") as spent:
        said(provider)
    assert spent.value.reason == "tokens"
    assert "budget.day_tokens" in spent.value.hint


def test_money_that_cannot_be_counted_is_said_once(tmp_path: Path) -> None:
    bounded = Meter(Spending(tmp_path, SystemClock()), BudgetConfig(day_money=1.0), "s1")
    hosted = Metered(ScriptedProvider([paid(5, None), paid(5, None)], name="openai", model="new"), lambda: bounded)
    line = "warning: no price of new is known, so its calls count in budget.day_tokens only: set prices.new.input"
    assert said(hosted) == [line, "ok"]
    assert said(hosted) == ["ok"]
    bounded.warned = 0
    assert said(Metered(ScriptedProvider([paid(5, None)], name="ollama"), lambda: bounded)) == ["ok"]
    bounded.spending.close()


def test_what_was_spent_is_known_to_the_next_process_and_survives_a_damaged_file(tmp_path: Path) -> None:
    first = Spending(tmp_path, SystemClock())
    first.add("s1", Usage(10, 5, 0, 0.5))
    second = Spending(tmp_path, SystemClock())
    second.add("s2", Usage(1, 0, 0, None))
    assert (first.today().tokens, first.today().money, first.of("s1").tokens) == (16, 0.5, 15)
    first.close()
    second.close()
    for path in tmp_path.iterdir():
        path.write_bytes(b"nonsense" * 500)
    again = Spending(tmp_path, SystemClock())
    again.add("s1", Usage(3, 0, 0, None))
    assert again.today().tokens == 3
    again.close()


def test_a_budget_does_not_begin_anew_where_the_file_is_busy(tmp_path: Path) -> None:
    first = Spending(tmp_path, SystemClock())
    first.add("s1", Usage(10, 5, 0, 0.5))
    first.close()
    with sqlite3.connect(tmp_path / "spending.db", isolation_level=None) as held:
        held.execute("pragma journal_mode = delete")
        held.execute("begin immediate")
        second = Spending(tmp_path, SystemClock(), patience=0.05)
        second.add("s1", Usage(1, 0, 0, None))
        assert second.of("s1").tokens == 16
        second.close()
        held.execute("rollback")
    third = Spending(tmp_path, SystemClock())
    assert third.of("s1").tokens == 15  # and the file is as it was
    third.close()


def test_keys_and_models_come_from_names_and_no_key_goes_to_another_provider(tmp_path: Path) -> None:
    with OpenAIServer() as first, OpenAIServer(reply="from the second") as second:
        first.answers[:] = [Answer(status=429), Answer("yes")]
        environ = {
            "HOME": str(tmp_path),
            "OPENAI_BASE_URL": first.base_url,
            "OPENAI_API_KEY": "sk-first-0000000000",
            "OPENAI_API_KEY_2": "sk-second-000000000",
        }
        config = Config(model=ModelConfig(name="fake-model"))
        lines = said(choose(config, environ))
        keys = [request["headers"]["authorization"] for request in first.requests if "chat" in request["path"]]
        assert keys[:2] == ["Bearer sk-first-0000000000", "Bearer sk-second-000000000"]
        assert "OPENAI_API_KEY_2 is tried instead of OPENAI_API_KEY" in lines[0]
        assert lines[-1] == "yes"
        assert "sk-" not in str(lines)
        assert second.requests == []


def test_a_chain_over_two_providers_gives_each_its_own_key_alone(tmp_path: Path) -> None:
    with OpenAIServer([Answer(status=402)]) as first, OpenAIServer([Answer("stood in")]) as second:
        environ = {
            "HOME": str(tmp_path),
            "OPENAI_BASE_URL": first.base_url,
            "OPENAI_API_KEY": "sk-first-0000000000",
            "ANTHROPIC_BASE_URL": second.root,
            "ANTHROPIC_API_KEY": "sk-ant-second-00000",
        }
        config = Config(model=ModelConfig(name="fake-model", fallback=("anthropic/claude-opus-5",)))
        assert said(line_up(config, environ))[-1] == "stood in"
        assert "sk-ant" not in str(first.requests)
        assert "sk-first" not in str(second.requests)
        assert "sk-ant" in str(second.requests)


def test_a_stand_in_begins_anew_and_its_cost_stands_under_its_own_name(tmp_path: Path) -> None:
    init(tmp_path / "mind")[0].close()
    cut = Answer("this is the half of it that was shown", manner="cut")
    with OpenAIServer([cut, Answer("whole")]) as server:
        settings = {
            "model.base_url": server.base_url,
            "model.name": "first",
            "model.fallback": ("second",),
            "retries.attempts": 1,
        }
        options = Options(tmp_path / "mind", tmp_path, {"HOME": str(tmp_path)}, settings=settings)
        with Runtime.open(options) as runtime:
            talk = runtime.conversation()
            events = list(talk.send("hello", lambda question: HumanAnswer(None)))
            path = talk.pen.transcript.path
            talk.close()
    assert next(event.text for event in events if isinstance(event, Notice)).endswith("second answers")
    assert [event.message.text for event in events if isinstance(event, Appended)] == ["whole"]
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].reason == "done"
    (usage,) = [record.data for record in transcript.read(path).records if record.type == "usage"]
    assert usage["model"] == "second"


def test_a_chain_is_made_of_the_configured_models(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        server.answers[:] = [Answer(status=404), Answer("stood in")]
        environ = {"HOME": str(tmp_path), "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k" * 20}
        config = Config(model=ModelConfig(name="gone", fallback=("fake-model",)))
        lines = said(line_up(config, environ))
        assert lines[0].startswith("fallback: ")
        assert lines[0].endswith("fake-model answers")
        assert lines[-1] == "stood in"
