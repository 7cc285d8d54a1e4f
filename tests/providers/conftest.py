"""A server and a provider that speaks to it, through the real SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from hermes_fs.providers.openai_chat import OpenAIChat, Settings
from hermes_fs.providers.presets import at
from hermes_fs.testing.openai_answers import Answer
from hermes_fs.testing.openai_server import OpenAIServer

Serve = Callable[..., tuple[OpenAIServer, OpenAIChat]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(*answers, settings=…, **server options)` gives a running server and a provider of it."""
    with ExitStack() as stack:

        def start(
            *answers: Answer, settings: Settings | None = None, **options: Any
        ) -> tuple[OpenAIServer, OpenAIChat]:
            server = stack.enter_context(OpenAIServer(answers, **options))
            provider = OpenAIChat(at(server.base_url), settings or Settings("fake-model"), "sk-test-0123456789")
            stack.callback(provider.close)
            return server, provider

        yield start
