"""Every provider that we ship passes the one suite, over each wire with its real SDK."""

from __future__ import annotations

import pytest

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.ports import Provider
from hermes_fs.core.types import Message, Thinking
from hermes_fs.providers.presets import Wire
from hermes_fs.providers.retrying import Retrying
from hermes_fs.testing.openai_answers import Answer, failure
from hermes_fs.testing.openai_server import OpenAIServer
from hermes_fs.testing.provider_conformance import ProviderConformance
from hermes_fs.testing.scripted import ScriptedProvider
from tests.providers.conftest import ServeOver

STATUS = {"auth": 401, "not_found": 404, "rate_limit": 429, "overloaded": 503, "invalid": 400}


class TestScriptedProvider(ProviderConformance):
    def answering(self, message: Message) -> Provider:
        return ScriptedProvider([message])

    def failing(self, error: ProviderError) -> Provider:
        return ScriptedProvider([error])


class TestOpenAIChat(ProviderConformance):
    wire: Wire = "chat"

    @pytest.fixture(autouse=True)
    def _server(self, serve_over: ServeOver) -> None:
        self.serve_over = serve_over

    def serve(self, answer: Answer) -> tuple[OpenAIServer, Provider]:
        return self.serve_over(self.wire, answer)

    def answering(self, message: Message) -> Provider:
        thinking = "".join(part.text for part in message.parts if isinstance(part, Thinking))
        calls = tuple((call.name, call.arguments) for call in message.calls)
        return self.serve(Answer(message.text, calls, thinking))[1]

    def failing(self, error: ProviderError) -> Provider:
        if error.fault == "context":
            return self.serve(failure(400, "too long", code="context_length_exceeded"))[1]
        return self.serve(failure(STATUS[error.fault], "no"))[1]

    def hanging(self) -> Provider | None:
        return self.serve(Answer(manner="hang"))[1]


class TestAnthropicMessages(TestOpenAIChat):
    wire: Wire = "anthropic"


class TestResponses(TestOpenAIChat):
    wire: Wire = "responses"


class TestRetrying(TestOpenAIChat):
    def answering(self, message: Message) -> Provider:
        return Retrying(super().answering(message))

    def failing(self, error: ProviderError) -> Provider:
        return Retrying(super().failing(error), attempts=1)
