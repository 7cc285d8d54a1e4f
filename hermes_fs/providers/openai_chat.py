"""The provider for every server that speaks OpenAI's chat completions. Retries and choice of model are others'."""

from __future__ import annotations

from typing import Any, ClassVar

from hermes_fs.core.types import Request
from hermes_fs.providers.hosted import Hosted
from hermes_fs.providers.replies import Assembler
from hermes_fs.providers.settings import Settings
from hermes_fs.providers.wire import messages_to_wire, tools_to_wire

__all__ = ["OpenAIChat", "Settings"]


class OpenAIChat(Hosted):
    """As `Hosted` says."""

    path: ClassVar[str] = "/chat/completions"

    def _assembler(self, request: Request) -> Assembler:
        return Assembler(request.tools, self._mint)

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model}
        if request.tools:
            body["tools"] = tools_to_wire(request.tools)
        body["messages"] = messages_to_wire(request.messages, self._preset.thinking_back)
        body["stream"] = True
        if "stream_options" not in self._refused:
            body["stream_options"] = {"include_usage": True}
        limit = request.max_tokens or self._settings.max_tokens
        if limit:
            body[self._limit_field] = limit
        if self._settings.temperature is not None and "temperature" not in self._refused:
            body["temperature"] = self._settings.temperature
        thinking = self._settings.thinking
        if thinking.asked and "reasoning_effort" not in self._refused:
            body["reasoning_effort"] = "none" if thinking.off else thinking.as_effort
        return body

    @property
    def _limit_field(self) -> str:
        fields = [self._preset.limit_field, "max_completion_tokens", "max_tokens"]
        return next((name for name in fields if name not in self._refused), "max_tokens")

    def _optional(self) -> tuple[tuple[str, str], ...]:
        return (
            ("stream_options", "stream_options"),
            ("stream_options", "include_usage"),
            (self._limit_field, self._limit_field),
            ("temperature", "temperature"),
            ("reasoning_effort", "reasoning_effort"),
            ("reasoning_effort", "reasoning effort"),
        )
