"""Whose words a text carries, and which of them make a context tainted. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hermes_fs.core.types import Origin

_FROM_MOST_TRUSTED: tuple[Origin, ...] = (
    "owner",
    "agent",
    "member",
    "tool",
    "file",
    "guest",
    "channel",
    "mcp",
    "web",
)
TRUSTED: frozenset[Origin] = frozenset(("owner", "agent", "member"))


def known(name: str) -> Origin:
    """The origin of that name; what is not known is trusted least. An empty name is the agent's own."""
    return next((origin for origin in _FROM_MOST_TRUSTED if origin == name), "web" if name else "agent")


def least_trusted(origins: Iterable[Origin]) -> Origin:
    """What is made from texts of these origins inherits the worst of them; of none, it is the agent's own."""
    return max(origins, key=_FROM_MOST_TRUSTED.index, default="agent")


def is_trusted(origin: Origin) -> bool:
    """Whether text of this origin leaves a context untainted."""
    return origin in TRUSTED
