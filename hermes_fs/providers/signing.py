"""Marks what only the server that made it may see again: whose it is, beside the opaque block itself.

A conversation may go on with another model behind another server; what one has signed is then left out, not sent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from hermes_fs.core.types import Message, Part, Thinking
from hermes_fs.providers.presets import Preset

_BEGIN = '{"wire": '


def signed(preset: Preset, block: Mapping[str, Any]) -> str:
    """For `Thinking.signature`: the block as the server gave it, with the wire and the address it came from."""
    return json.dumps({"wire": preset.wire, "by": preset.base_url, "block": block}, ensure_ascii=False)


def block_of(signature: str, preset: Preset) -> dict[str, Any] | None:
    """What goes back to this server; None where another one signed it, or nobody did."""
    if not signature.startswith(_BEGIN):
        return None
    try:
        held = json.loads(signature)
    except ValueError:  # redacted, or edited by hand
        return None
    mine = isinstance(held, dict) and (held.get("wire"), held.get("by")) == (preset.wire, preset.base_url)
    block = held.get("block") if mine else None
    return block if isinstance(block, dict) else None


def is_bound(signature: str) -> bool:
    """Whether one server alone may see it again, over a wire that signs."""
    return signature.startswith(_BEGIN)


def signatures_in(messages: Iterable[Message]) -> frozenset[str]:
    thoughts = (part for message in messages for part in message.parts if isinstance(part, Thinking))
    return frozenset(thought.signature for thought in thoughts if is_bound(thought.signature))


def without(messages: Iterable[Message], void: Collection[str]) -> list[Message]:
    """The messages, thoughts with a signature in `void` left out."""
    return [
        replace(message, parts=tuple(part for part in message.parts if not _is_void(part, void)))
        for message in messages
    ]


def _is_void(part: Part, void: Collection[str]) -> bool:
    return isinstance(part, Thinking) and part.signature in void
