"""One workspace and one server for all tests of this folder; each test has a copy of the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.testing.openai_server import OpenAIServer
from tests.e2e.world import LESSON, World, copied


@pytest.fixture(scope="session")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(reply="All is well.") as running:
        yield running


@pytest.fixture(scope="session")
def template(server: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the commands themselves; one try per call, so that a server that is down is soon said to be."""
    folder = tmp_path_factory.mktemp("template")
    home = {"HOME": str(folder), "GIT_CONFIG_GLOBAL": "/dev/null", "NO_PROXY": "127.0.0.1"}
    world = World(folder / "mind", folder, server.base_url, home)
    for argv in (
        ("init", str(world.root)),
        ("memory", "add", LESSON),
        ("config", "set", "retries.attempts", "1"),
        ("config", "set", "terminal.backend", "local"),
        ("config", "set", "learning.reflection", "off"),  # nothing goes on beside the test
        ("chat", "-q", "hello there"),
    ):
        done = world.run(argv)
        assert done.code == 0, done.err
    return world.root


@pytest.fixture
def world(template: Path, tmp_path: Path, server: OpenAIServer) -> World:
    return copied(template, tmp_path, server.base_url)
