"""A cheap estimate of how many tokens a text costs, for bounds and budgets; the true figure is the provider's usage."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hermes_fs.core.types import Audio, Document, Image, Message, Text, Thinking, ToolCall, ToolResult, ToolSpec

CHARS_PER_TOKEN = 4  # English prose and code with current tokenizers; others cost more, hence the margins of callers
IMAGE_TOKENS = 1000


def estimate(text: str) -> int:
    """Tokens of a text: a character outside ASCII is counted as half a token, four others as one."""
    wide = 0 if text.isascii() else sum(1 for char in text if ord(char) > 0x2FF)
    return (len(text) - wide) // CHARS_PER_TOKEN + wide // 2 + 1


def estimate_messages(messages: Sequence[Message]) -> int:
    return sum(_message(message) for message in messages)


def estimate_tools(tools: Sequence[ToolSpec]) -> int:
    return sum(estimate(tool.name + tool.description + json.dumps(tool.schema)) + 8 for tool in tools)


def _message(message: Message) -> int:
    total = 4
    for part in message.parts:
        match part:
            case Text(text) | Thinking(text):
                total += estimate(text)
            case ToolResult():
                total += estimate(part.text) + IMAGE_TOKENS * len(part.media)
            case ToolCall(_, name, arguments):
                total += estimate(name) + estimate(arguments) + 8
            case Image() | Audio() | Document():
                total += IMAGE_TOKENS
    return total
