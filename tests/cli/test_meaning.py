"""`hermes search` and `hermes index` where meaning is on: by the real model, by a server, and by neither."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.testing.embeddings_server import EmbeddingsServer
from tests.cli.conftest import ROOT, Run
from tests.store.index_world import header, said, transcript_path, write


@pytest.fixture(autouse=True)
def talked(mind: Path) -> None:
    for name, line in (("CAR", "The car is parked behind the station."), ("FLOUR", "Add two spoons of flour.")):
        write(transcript_path(mind, name), header(name, name) + said(f"{name}1", line))


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer(dimensions=1_024) as server:
        yield server


def found(hermes: Run, *words: str) -> list[str]:
    return [hit["session"] for hit in json.loads(hermes("search", *words, "--json").stdout)["hits"]]


def test_the_model_that_runs_here_finds_other_words(hermes: Run) -> None:
    assert found(hermes, "where", "is", "my", "automobile") == []
    assert hermes("config", "set", "semantic.provider", "minilm").returncode == 0
    assert found(hermes, "where", "is", "my", "automobile") == ["CAR"]
    assert found(hermes, "zyzzyva") == []
    status = json.loads(hermes("index", "status", "--json").stdout)["meaning"]
    assert status["done"] == status["total"] >= 2
    assert status["model"] == "all-MiniLM-L6-v2-int8"


def test_a_server_finds_other_words_and_all_that_it_is_sent_stands_on_the_disk(
    hermes: Run, mind: Path, server: EmbeddingsServer
) -> None:
    for key, value in (("provider", "endpoint"), ("model", "small"), ("base_url", server.base_url)):
        assert hermes("config", "set", f"semantic.{key}", value).returncode == 0
    assert server.base_url not in (mind / "config.yaml").read_text()
    done = hermes("index", "rebuild", "--json")
    assert json.loads(done.stdout)["embedded"] >= 2
    sent = {text for request in server.requests for text in request.body["input"]}
    assert "The car is parked behind the station." in sent
    assert found(hermes, "automobile") == ["CAR"]
    assert server.requests[-1].body["input"] == ["automobile"]


def test_a_server_that_is_not_there_is_a_note_and_no_failure(hermes: Run) -> None:
    for key, value in (("provider", "endpoint"), ("model", "small"), ("base_url", "http://127.0.0.1:9/v1")):
        assert hermes("config", "set", f"semantic.{key}", value).returncode == 0
    done = hermes("search", "flour")
    assert done.returncode == 0
    assert "Add two spoons of flour." in done.stdout
    assert done.stderr.count("nothing can be reached") == 1


def test_a_clone_cannot_say_where_texts_go(hermes: Run, mind: Path, server: EmbeddingsServer) -> None:
    shared = f"format: 1\nsemantic:\n  provider: endpoint\n  model: m\n  base_url: {server.base_url}\n"
    (mind / "config.yaml").write_text(shared)
    done = hermes("search", "flour")
    assert "semantic.base_url is each machine's own" in done.stderr
    assert server.requests == []


def test_without_the_extra_words_are_searched_and_one_line_says_how_to_get_it(hermes: Run, mind: Path) -> None:
    assert hermes("config", "set", "semantic.provider", "minilm").returncode == 0
    program = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from hermes_fs.cli.main import main\n"
        f"sys.argv = ['hermes', '-w', {str(mind)!r}, 'search', 'flour']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert "Add two spoons of flour." in done.stdout
    assert done.stderr.count("pip install 'hermes-fs[semantic]'") == 1
