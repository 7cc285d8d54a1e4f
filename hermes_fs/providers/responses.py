"""The provider for OpenAI's Responses API, and for every server that has one; retries are others' concern."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from hermes_fs.core.types import Request
from hermes_fs.providers.hosted import Hosted
from hermes_fs.providers.presets import own_address
from hermes_fs.providers.responses_events import ResponseAssembler
from hermes_fs.providers.responses_wire import instructions_of, messages_to_wire, tools_to_wire
from hermes_fs.providers.speech import Speech


class Responses(Hosted):
    """As `Hosted` says."""

    path: ClassVar[str] = "/responses"
    takes_no: ClassVar[frozenset[str]] = frozenset({"sound"})
    about_thoughts: ClassVar[re.Pattern[str] | None] = re.compile(
        r"encrypted[ _]content|reasoning. item|item of type .reasoning.", re.IGNORECASE
    )

    def _assembler(self, request: Request) -> ResponseAssembler:
        names = None if self._is_native else tuple(tool.name for tool in request.tools)
        return ResponseAssembler(self._preset, Speech(names), self._mint)

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model}
        if request.tools:
            body["tools"] = tools_to_wire(request.tools)
        if instructions := instructions_of(request.messages):
            body["instructions"] = instructions
        body["input"] = messages_to_wire(self._readable(request.messages), self._preset)
        body |= {"stream": True, "store": False}
        if "include" not in self._refused and not self._preset.local:
            body["include"] = ["reasoning.encrypted_content"]
        if reasoning := self._reasoning():
            body["reasoning"] = reasoning
        limit = request.max_tokens or self._settings.max_tokens
        if limit:
            body["max_output_tokens"] = limit
        if self._settings.temperature is not None and "temperature" not in self._refused:
            body["temperature"] = self._settings.temperature
        return body

    def _reasoning(self) -> dict[str, str]:
        if "reasoning" in self._refused:
            return {}
        thinking = self._settings.thinking
        asked = {"effort": "none" if thinking.off else thinking.as_effort} if thinking.asked else {}
        summary = {"summary": "auto"} if self._is_native and "summary" not in self._refused else {}
        return {**asked, **summary}

    @property
    def _is_native(self) -> bool:
        return own_address(self._preset, "openai")

    def _optional(self) -> tuple[tuple[str, str], ...]:
        return (
            ("include", "ncrypted content"),  # a model that does not reason
            ("include", "encrypted_content"),
            ("summary", "reasoning.summary"),
            ("summary", "reasoning summaries"),  # an organisation that is not verified
            ("reasoning", "reasoning"),
            ("temperature", "temperature"),
        )
