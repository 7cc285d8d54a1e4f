"""The real Anthropic and OpenAI, with the keys of the environment: `pytest -m live tests/providers/test_live.py`."""

from __future__ import annotations

import os

import pytest

from hermes_fs.core.config import parse
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Message, Reply, Request, ToolResult, ToolSpec, system, user
from hermes_fs.providers.select import choose

pytestmark = pytest.mark.live

KEYS = {name: os.environ[name] for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY") if name in os.environ}
"""Taken before the tests get an environment of their own."""
TOOL = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})


@pytest.mark.parametrize("model", ["anthropic/claude-haiku-5-5", "anthropic/claude-haiku-4-5", "openai/gpt-6-luna"])
def test_a_call_with_thinking_and_its_result(model: str) -> None:
    settings = {"model": {"thinking": "low", "max_tokens": 4000}, "retries": {"attempts": 2}}
    provider = choose(parse(settings, "live"), KEYS, model)
    history = [system("Be short."), user("Which word stands in the file notes.txt? Look, do not guess.")]
    for _ in range(4):
        *_, reply = provider.stream(Request(tuple(history), (TOOL,)), Cancel())
        assert isinstance(reply, Reply)
        assert reply.usage.cost is not None
        history.append(reply.message)
        if not reply.message.calls:
            break
        history.append(Message("tool", tuple(ToolResult(call.id, "plum") for call in reply.message.calls)))
    provider.close()
    assert "plum" in history[-1].text
