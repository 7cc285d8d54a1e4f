"""A tool by which another one runs: says of itself what that one says. How it runs is for who wraps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.ports import Tool
from hermes_fs.core.types import Effects
from hermes_fs.tools.context import ToolContext


@dataclass(frozen=True, slots=True)
class Wrapped:
    """All of a `core.ports.Tool` but `run`."""

    tool: Tool[ToolContext]

    @property
    def name(self) -> str:
        return self.tool.name

    @property
    def description(self) -> str:
        return self.tool.description

    @property
    def schema(self) -> Mapping[str, Any]:
        return self.tool.schema

    @property
    def effects(self) -> Effects:
        return self.tool.effects
