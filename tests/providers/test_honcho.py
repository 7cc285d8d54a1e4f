"""Honcho as a user model: the real SDK against a loopback server, which proves our side of the wire alone."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator

import pytest

from hermes_fs.core.config import PeopleConfig
from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.people import Said
from hermes_fs.core.ports import Cancel, UserModel
from hermes_fs.providers import honcho
from hermes_fs.testing.honcho_server import HonchoServer
from hermes_fs.testing.user_model_conformance import SAID, TEA, UserModelConformance

pytestmark = pytest.mark.slow  # the SDK alone takes a second to load


@pytest.fixture
def server() -> Iterator[HonchoServer]:
    with HonchoServer(lambda text: TEA if "tea" in text else "", lambda question: "They drink tea.") as server:
        yield server


def model(server: HonchoServer, person: str = "owner", **environ: str) -> UserModel:
    return honcho.of(person, PeopleConfig(provider="honcho", base_url=server.base_url), environ)


class TestHoncho(UserModelConformance):
    @pytest.fixture(autouse=True)
    def _server(self, server: HonchoServer) -> None:
        self.server = server

    def learning(self) -> UserModel:
        return model(self.server)

    def knowing(self) -> UserModel:
        self.server.conclude("owner", TEA)
        return model(self.server)

    def alone(self) -> UserModel:
        made = self.knowing()
        self.server.fail = 401
        return made


def test_only_what_the_person_said_is_sent(server: HonchoServer) -> None:
    words = Said("I like tea; my key is sk-proj-" + "Zq8" * 16, SAID.span, SAID.session)
    model(server, HONCHO_API_KEY="hc-key").observe([words], Cancel())
    sent = json.dumps([request.body for request in server.requests])
    assert "I like tea" in sent
    assert "Zq8Zq8" not in sent
    assert "sessions/2026" not in sent
    assert {request.path for request in server.requests} == {
        "/v3/workspaces",
        "/v3/workspaces/hermes/peers",
        "/v3/workspaces/hermes/sessions",
        "/v3/workspaces/hermes/sessions/01A/messages/list",
        "/v3/workspaces/hermes/sessions/01A/messages",
    }
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer hc-key"}


def test_nothing_of_a_tainted_session_is_sent(server: HonchoServer) -> None:
    observed = model(server).observe([Said(SAID.text, SAID.span, SAID.session, "web")], Cancel())
    assert "tainted" in observed.problem
    assert server.requests == []


def test_one_persons_claims_are_not_anothers(server: HonchoServer) -> None:
    server.conclude("anna_2eb", TEA)
    assert [claim.text for claim in model(server, "anna.b").claims()] == [TEA]
    assert model(server, "anna-b").claims() == []


def test_what_contradicts_a_conclusion_stands_above_it(server: HonchoServer) -> None:
    old = server.conclude("owner", TEA)
    server.conclude(
        "owner", "Says both that they like tea and that they do not", level="contradiction", source_ids=[old]
    )
    doubted, said = model(server).claims()
    assert (doubted.status, said.contradicts) == ("contradicted", (old,))
    assert doubted.confidence < said.confidence


def test_an_answer_carries_others_words(server: HonchoServer) -> None:
    server.conclude("owner", TEA)
    opinion = model(server).ask("What do they drink?", Cancel())
    assert (opinion.origin, [claim.text for claim in opinion.claims], opinion.confidence) == ("mcp", [TEA], 0.8)


@pytest.mark.parametrize(("status", "fault"), [(401, "auth"), (404, "not_found"), (422, "invalid")])
def test_what_the_server_refuses_is_said_in_one_line(server: HonchoServer, status: int, fault: str) -> None:
    server.fail = status
    with pytest.raises(ProviderError) as failed:
        model(server).observe([SAID], Cancel())
    assert (failed.value.fault, "\n" in str(failed.value)) == (fault, False)


def test_a_question_that_hangs_can_be_stopped(server: HonchoServer) -> None:
    made = model(server)
    server.hanging.set()
    cancel = Cancel()
    server.conclude("owner", TEA)
    threading.Timer(0.1, cancel.set).start()
    with pytest.raises(Cancelled):
        made.ask("What do they drink?", cancel)


def test_no_key_of_the_environment_goes_where_nobody_named_it(
    server: HonchoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONCHO_API_KEY", "hc-secret")
    monkeypatch.setenv("HONCHO_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HONCHO_WORKSPACE_ID", "another")
    wanted = PeopleConfig(provider="honcho", base_url=server.base_url, api_key_env="")
    honcho.of("owner", wanted, {}).observe([SAID], Cancel())
    assert "hc-secret" not in str(server.requests)
    assert all("another" not in request.path for request in server.requests)


def test_the_hosted_server_needs_a_key() -> None:
    with pytest.raises(ProviderError, match="set HONCHO_API_KEY"):
        honcho.of("owner", PeopleConfig(provider="honcho"), {})


@pytest.mark.parametrize("nonsense", [[], "x", {"evidence": 7}, {"content": ["a"]}, None])
def test_a_server_that_answers_anything_breaks_nothing(server: HonchoServer, nonsense: object) -> None:
    made = model(server)
    server.odd = lambda path: nonsense if "chat" in path or "/list" in path else ...
    assert made.ask("What do they drink?", Cancel()).text == ""
    with contextlib.suppress(ProviderError):
        assert made.claims() == []
