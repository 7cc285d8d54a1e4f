"""todo: the model's own list of steps, kept for the length of the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hermes_fs.core.types import Effects
from hermes_fs.tools.context import TodoItem, ToolContext

_MARKS = {"pending": "[ ]", "doing": "[>]", "done": "[x]"}


class Todo:
    name = "todo"
    description = "Set the whole to-do list of a longer task; without items, show it."
    effects: Effects = "none"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"text": {"type": "string"}, "status": {"type": "string", "enum": list(_MARKS)}},
                    "required": ["text"],
                },
            }
        },
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        if "items" in args:
            context.memo.todos[:] = [
                TodoItem(item["text"].strip(), item.get("status", "pending")) for item in args["items"]
            ]
        return "\n".join(f"{_MARKS[item.status]} {item.text}" for item in context.memo.todos) or "(the list is empty)"
