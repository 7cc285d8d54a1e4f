"""Meaning in a running chat: embedded beside it, never loaded where it is off, never in its way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hermes_fs.runtime import Options, Runtime
from hermes_fs.store.init import init
from hermes_fs.testing.embeddings_server import EmbeddingsServer
from tests.store.index_world import eventually, header, said, transcript_path, write


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer(dimensions=1_024) as running:
        yield running


def options(folder: Path, **settings: str) -> Options:
    workspace, _ = init(folder / "mind")
    workspace.close()
    write(transcript_path(folder / "mind", "CAR"), header("CAR") + said("c1", "The car is parked behind the station."))
    (folder / "project").mkdir()
    made = Options(workspace=folder / "mind", work_dir=folder / "project", environ={"PATH": os.environ["PATH"]})
    return replace(made, settings={f"semantic.{key}": value for key, value in settings.items()})


@pytest.mark.slow
def test_a_chat_embeds_what_is_there_and_finds_it(tmp_path: Path, server: EmbeddingsServer) -> None:
    wanted = options(tmp_path, provider="endpoint", model="small", base_url=server.base_url)
    with Runtime.open(wanted) as runtime:
        meaning = runtime.meaning
        assert meaning is not None
        runtime.index.refresh()
        runtime.attend()
        eventually(lambda: meaning.progress().done)
        eventually(lambda: [hit.session for hit in runtime.index.search("automobile")] == ["CAR"])


def test_what_is_missing_is_said_once_and_the_chat_goes_on(tmp_path: Path) -> None:
    with Runtime.open(options(tmp_path, provider="endpoint")) as runtime:
        assert [problem for problem in runtime.problems if "semantic.base_url is empty" in problem] == runtime.problems
        assert [hit.session for hit in runtime.index.search("car station")] == ["CAR"]


def test_nothing_of_it_is_loaded_where_it_is_off() -> None:
    program = (
        "import sys, hermes_fs.runtime, hermes_fs.store.index\n"
        "print({'numpy', 'onnxruntime', 'hermes_fs.store.meaning', 'hermes_fs.store.vectors'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
