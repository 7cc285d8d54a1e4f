"""A server and a provider that speaks to it, through the real SDK of its wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from hermes_fs.core.loading import load
from hermes_fs.providers.hosted import Hosted
from hermes_fs.providers.openai_chat import OpenAIChat
from hermes_fs.providers.presets import Wire, at
from hermes_fs.providers.select import WIRES
from hermes_fs.providers.settings import Settings
from hermes_fs.testing.openai_answers import Answer
from hermes_fs.testing.openai_server import OpenAIServer

KEY = "sk-test-0123456789"

Serve = Callable[..., tuple[OpenAIServer, OpenAIChat]]
ServeOver = Callable[..., tuple[OpenAIServer, Hosted]]


@pytest.fixture
def serve_over() -> Iterator[ServeOver]:
    """`serve_over(wire, *answers, settings=…, **server options)` gives a running server and a provider of it."""
    with ExitStack() as stack:

        def start(
            wire: Wire, *answers: Answer, settings: Settings | None = None, **options: Any
        ) -> tuple[OpenAIServer, Hosted]:
            server = stack.enter_context(OpenAIServer(answers, **options))
            preset = replace(at(server.base_url), wire=wire)
            provider: Hosted = load(WIRES[wire])(preset, settings or Settings("fake-model"), KEY)
            stack.callback(provider.close)
            return server, provider

        yield start


@pytest.fixture
def serve(serve_over: ServeOver) -> Serve:
    """`serve_over` for chat completions."""

    def start(*answers: Answer, **options: Any) -> tuple[OpenAIServer, OpenAIChat]:
        server, provider = serve_over("chat", *answers, **options)
        assert isinstance(provider, OpenAIChat)
        return server, provider

    return start
