"""The provider for Anthropic, and for every server that speaks its messages; retries are others' concern."""

from __future__ import annotations

import functools
import re
from typing import Any, ClassVar

from hermes_fs.core.types import Request
from hermes_fs.providers.anthropic_events import MessageAssembler
from hermes_fs.providers.anthropic_wire import mark_for_cache, messages_to_wire, system_to_wire, tools_to_wire
from hermes_fs.providers.claude import reply_tokens, thinking_fields
from hermes_fs.providers.hosted import Hosted
from hermes_fs.providers.presets import own_address
from hermes_fs.providers.speech import Speech


class AnthropicMessages(Hosted):
    """As `Hosted` says."""

    path: ClassVar[str] = "/v1/messages"
    takes_no: ClassVar[frozenset[str]] = frozenset({"sound"})
    about_thoughts: ClassVar[re.Pattern[str] | None] = re.compile(r"signature|thinking`? blocks?")
    # https://platform.claude.com/docs/en/build-with-claude/preserved-thinking

    def _assembler(self, request: Request) -> MessageAssembler:
        names = None if self._is_native else tuple(tool.name for tool in request.tools)
        return MessageAssembler(self._preset, Speech(names), self._mint)

    def _body(self, request: Request) -> dict[str, Any]:
        thinking = self._settings.thinking
        asked = request.max_tokens or self._settings.max_tokens
        limit = asked or reply_tokens(self.model, self._known_window, thinking)
        system, tools = system_to_wire(request.messages), tools_to_wire(request.tools)
        turns = messages_to_wire(self._readable(request.messages), self._preset)
        if "cache_control" not in self._refused:
            mark_for_cache(tools, system, turns)
        body: dict[str, Any] = {"model": self.model}
        if tools:
            body["tools"] = tools
        if system:
            body["system"] = system
        body |= {"messages": turns, "max_tokens": limit, "stream": True}
        for name, value in thinking_fields(self.model, thinking, limit).items():
            if name not in self._refused:
                body[name] = value
        if self._settings.temperature is not None and not self._is_native and "temperature" not in self._refused:
            body["temperature"] = self._settings.temperature  # Anthropic itself takes none any more
        return body

    @property
    def _is_native(self) -> bool:
        return own_address(self._preset, "anthropic")

    @functools.cached_property
    def _known_window(self) -> int:
        """Asked for once: a server that does not tell would be asked before every request."""
        return 0 if self._is_native else self.context_window

    def _optional(self) -> tuple[tuple[str, str], ...]:
        return (
            ("output_config", "output_config"),
            ("output_config", "effort"),
            ("thinking", "thinking"),
            ("cache_control", "cache_control"),
            ("temperature", "temperature"),
        )
