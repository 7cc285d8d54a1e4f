"""What is known of Claude models by their names: how they are told to think, how long a reply may be.

Source: https://platform.claude.com/docs/en/about-claude/models/overview and …/build-with-claude/thinking, 2026-11.
"""

from __future__ import annotations

import re
from typing import Any

from hermes_fs.providers.settings import Effort, Thinking

_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")

_LONGEST = (
    ((4, 6), 128_000),
    ((4, 2), 64_000),
    ((4, 1), 32_000),
    ((3, 7), 64_000),
    ((3, 5), 8192),
    ((3, 0), 4096),
)
REPLY_TOKENS = 32_000
"""Of one reply, thinking included, where nothing is set: long enough for a file, short enough to end."""
UNKNOWN_TOKENS = 8192
"""Likewise for a model that is none of Claude's, behind a server that only speaks as Anthropic's does."""
_ROOM = 8192
_BUDGETS: dict[Effort, int] = {"low": 2048, "medium": 8192, "high": 16_384, "xhigh": 24_576, "max": 32_000}
_LEAST = 1024

_ADAPTIVE = {"type": "adaptive", "display": "summarized"}


def version_of(model: str) -> tuple[int, int] | None:
    """(4, 5) of claude-sonnet-4-5-20250929; None where the name is none of Claude's."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else None


def reply_tokens(model: str, window: int, thinking: Thinking) -> int:
    """How long a reply may be where nobody says: the API wants a number. `window` in tokens, 0: unknown."""
    version = version_of(model)
    if version is None:
        return min(UNKNOWN_TOKENS, window // 4) if window else UNKNOWN_TOKENS
    longest = next((tokens for since, tokens in _LONGEST if version >= since), 4096)
    return min(longest, max(REPLY_TOKENS, _budget(thinking) + _ROOM if thinking.asked else 0))


def thinking_fields(model: str, thinking: Thinking, limit: int) -> dict[str, Any]:
    """The request's fields. Models since 4.6 decide themselves how long they think, within an effort; those since 5 do
    so unasked, but keep what they thought to themselves unless told otherwise; older ones take a number of tokens,
    below `limit`."""
    version = version_of(model)
    if thinking.off:
        return {"thinking": {"type": "disabled"}}
    if version is not None and version >= (4, 6):
        if thinking.asked:
            return {"thinking": _ADAPTIVE, "output_config": {"effort": thinking.as_effort}}
        return {"thinking": _ADAPTIVE} if version >= (5, 0) else {}
    if not thinking.asked or limit <= _LEAST:
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": max(_LEAST, min(_budget(thinking), limit - 1))}}


def _budget(thinking: Thinking) -> int:
    return thinking.tokens or _BUDGETS[thinking.as_effort]
