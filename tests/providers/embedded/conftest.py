"""A small file that passes for a model, and a library that passes for llama.cpp: everything around them is real."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.providers.embedded import record, server
from hermes_fs.providers.embedded.folders import Folders

FAKE = Path(__file__).parent / "fake"
HEAD = b"GGUF" + struct.pack("<IQQ", 3, 0, 0)


@pytest.fixture
def fake_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """For this process and for the server's, which is started with our PYTHONPATH."""
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.syspath_prepend(str(FAKE))


@pytest.fixture
def folders(home: Path, fake_library: None) -> Iterator[Folders]:
    """This test's own, whose server is gone at its end."""
    found = Folders.of_this_person()
    yield found
    with contextlib.suppress(FileNotFoundError):
        if running := record.living(found.server):
            server.end(found, running)


@pytest.fixture
def model(folders: Folders) -> Callable[..., Path]:
    """Makes a model file of a kind that the fake library knows."""

    def make(name: str = "tiny", kind: str = "") -> Path:
        folders.models.mkdir(parents=True, exist_ok=True)
        path = folders.models / f"{name}.gguf"
        path.write_bytes(HEAD + kind.encode())
        return path

    return make
