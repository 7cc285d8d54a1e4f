"""Both adapters of the port Embedder, and which one the configuration names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.core.config import check_shared
from hermes_fs.core.config_sections import SemanticConfig
from hermes_fs.core.errors import ConfigError, Failed, ProviderError
from hermes_fs.core.ports import Embedder
from hermes_fs.providers import embedders, minilm
from hermes_fs.providers.embeddings import BATCH, Embeddings
from hermes_fs.providers.minilm import MiniLM
from hermes_fs.providers.presets import at
from hermes_fs.providers.wordpiece import WordPiece
from hermes_fs.testing.embedder_conformance import EmbedderConformance
from hermes_fs.testing.embeddings_server import EmbeddingsServer
from hermes_fs.testing.loopback import Outgoing
from hermes_fs.testing.small_embedder import SmallEmbedder

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server:
        yield server


def client(server: EmbeddingsServer, waited: list[float] | None = None) -> Embeddings:
    return Embeddings(at(server.base_url), "small", KEY, wait=(waited if waited is not None else []).append)


class TestSmallEmbedder(EmbedderConformance):
    def embedder(self) -> Embedder:
        return SmallEmbedder()


class TestEmbeddings(EmbedderConformance):
    @pytest.fixture(autouse=True)
    def _serve(self, server: EmbeddingsServer) -> None:
        self.server = server

    def embedder(self) -> Embedder:
        return client(self.server)


@pytest.mark.slow
class TestMiniLM(EmbedderConformance):
    def embedder(self) -> Embedder:
        return _MINILM


_MINILM = MiniLM()


# -- the model ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_model_finds_what_means_the_same_in_other_words() -> None:
    import numpy

    made = _MINILM.embed(["Where do I park the car?", "A place for the automobile.", "Add two spoons of flour."])
    asked, same, other = (numpy.frombuffer(vector, "<f4") for vector in made)
    assert asked @ same > 0.4 > 0.2 > asked @ other


def test_words_are_cut_as_the_model_was_trained_on_them() -> None:
    vocabulary = Path(minilm.__file__).with_name("bert_uncased.txt").read_text(encoding="utf-8")
    words = WordPiece.of(vocabulary)
    assert words.numbers("Hello, world!", 256) == [101, 7592, 1010, 2088, 999, 102]
    assert words.numbers("Café unaffable", 256) == words.numbers("cafe UNAFFABLE", 256)
    assert words.numbers("embeddings", 256) == [101, 7861, 8270, 4667, 2015, 102]
    assert words.numbers("x" * 101, 256) == [101, 100, 102]
    assert words.numbers("", 256) == [101, 102]
    long = words.numbers("word " * 1_000, 256)
    assert (len(long), long[0], long[-1]) == (256, 101, 102)


# -- an endpoint -------------------------------------------------------------------------------------------------------


def test_texts_go_in_batches_with_the_key_in_the_header_alone(server: EmbeddingsServer) -> None:
    client(server).embed([f"text {number}" for number in range(BATCH + 1)])
    assert [len(request.body["input"]) for request in server.requests] == [BATCH, 1]
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
    assert KEY not in json.dumps([request.body for request in server.requests])


def test_a_fault_that_passes_is_tried_again_after_the_servers_own_wish(server: EmbeddingsServer) -> None:
    waited: list[float] = []
    server.faults = [Outgoing({"error": {"message": "slow down"}}, 429, {"Retry-After": "7"}), Outgoing("<html>", 503)]
    assert len(client(server, waited).embed(["hello"])) == 1
    assert waited[0] == 7
    assert len(waited) == 2


def test_a_wrong_key_is_one_line_that_does_not_repeat_it(server: EmbeddingsServer) -> None:
    server.faults = [Outgoing({"error": {"message": f"Incorrect API key provided: {KEY}\nsee docs"}}, 401)]
    with pytest.raises(ProviderError) as caught:
        client(server).embed(["hello"])
    assert caught.value.fault == "auth"
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == 1


def test_nobody_listening_is_one_line() -> None:
    with pytest.raises(ProviderError, match="nothing can be reached"):
        Embeddings(at("http://127.0.0.1:9/v1"), "small", wait=lambda _: None).embed(["hello"])


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": ["a"]}]},
        {"data": [{"index": 7, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [0.0, 0.0]}]},
        {"data": [{"index": 0, "embedding": [float("nan"), 1.0]}]},
        {"data": ["a"]},
        "<html>a page</html>",
    ],
)
def test_what_are_no_embeddings_is_an_error(server: EmbeddingsServer, said: object) -> None:
    server.faults = [Outgoing(said)]
    with pytest.raises(Failed, match="no embeddings"):
        client(server).embed(["hello"])


def test_vectors_of_another_size_than_before_are_an_error(server: EmbeddingsServer) -> None:
    embedder = client(server)
    assert embedder.dimensions == 64
    server.faults = [Outgoing({"data": [{"index": 0, "embedding": [1.0, 0.0]}]})]
    with pytest.raises(Failed):
        embedder.embed(["hello"])


def test_a_redirect_is_not_followed_with_the_texts(server: EmbeddingsServer) -> None:
    server.faults = [Outgoing({"error": "elsewhere"}, 307, {"Location": f"{server.base_url}/other"})]
    with pytest.raises(ProviderError):
        client(server).embed(["hello"])
    assert len(server.requests) == 1


# -- the choice --------------------------------------------------------------------------------------------------------


def test_meaning_is_off_until_it_is_asked_for() -> None:
    assert embedders.choose(SemanticConfig(), {}) is None


def test_an_endpoint_is_used_only_with_an_address_and_a_model() -> None:
    with pytest.raises(ConfigError, match=r"semantic\.base_url"):
        embedders.choose(SemanticConfig(provider="endpoint", model="m"), {})
    with pytest.raises(ConfigError, match=r"semantic\.model"):
        embedders.choose(SemanticConfig(provider="endpoint", base_url="http://127.0.0.1:9/v1"), {})
    with pytest.raises(ConfigError, match="MY_KEY is not set"):
        wanted = SemanticConfig(provider="endpoint", model="m", base_url="http://127.0.0.1:9/v1", api_key_env="MY_KEY")
        embedders.choose(wanted, {})


def test_the_key_comes_from_the_variable_that_is_named(server: EmbeddingsServer) -> None:
    wanted = SemanticConfig(provider="endpoint", model="m", base_url=server.base_url, api_key_env="MY_KEY")
    embedder = embedders.choose(wanted, {"MY_KEY": "abc"})
    assert embedder is not None
    embedder.embed(["hello"])
    assert server.requests[0].headers["authorization"] == "Bearer abc"


@pytest.mark.parametrize("name", ["base_url", "api_key_env"])
def test_no_clone_says_where_texts_go(name: str) -> None:
    with pytest.raises(ConfigError, match="each machine's own"):
        check_shared({"semantic": {name: "http://elsewhere.example/v1"}})
