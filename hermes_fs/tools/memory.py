"""memory: what the agent always keeps in mind, entry by entry; a batch is one lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hermes_fs.core.errors import ToolError
from hermes_fs.core.types import Commit, Effects, Kind
from hermes_fs.store.formats import entries
from hermes_fs.tools import learning
from hermes_fs.tools.context import ToolContext

_TEXT = {"type": "string"}
_OPERATION: dict[str, Any] = {
    "action": {"type": "string", "enum": ["add", "replace", "remove"]},
    "text": _TEXT,
    "id": _TEXT,
}


class Memory:
    name = "memory"
    description = (
        "Remember across sessions. add: text. replace: id, text. remove: id. "
        "target user: facts about the person; memory: everything else. One fact an entry. batch: several at once."
    )
    effects: Effects = "mind"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            **_OPERATION,
            "target": {"type": "string", "enum": ["memory", "user"]},
            "why": _TEXT,
            "batch": {"type": "array", "items": {"type": "object", "properties": _OPERATION, "required": ["action"]}},
        },
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        target = args.get("target", "memory")
        path, limit = _file(target, context)
        operations: Sequence[Mapping[str, Any]] = args.get("batch") or [args]
        said: list[str] = []

        def edit(text: str) -> str:
            said.clear()
            for operation in operations:
                text = _apply(text, operation, said)
            return text

        kind: Kind = "user" if target == "user" else "memory"
        done = learning.update(context, path, edit, kind, str(args.get("why", "")))
        size = entries.rendered_size(learning.read(context, path).text)
        waits = f" {learning.told(done)}" if done and not isinstance(done, Commit) else ""
        return "; ".join(said) + f". {path}: {size} of {limit} characters used.{waits}"


def _file(target: str, context: ToolContext) -> tuple[str, int]:
    person, settings = context.session.person, context.memo.settings
    if target == "user":
        return ("USER.md" if person == "owner" else f"people/{person}/USER.md"), settings.user_limit
    return "MEMORY.md", settings.memory_limit


def _apply(text: str, operation: Mapping[str, Any], said: list[str]) -> str:
    action = operation.get("action") or ("add" if operation.get("text") else "")
    match action:
        case "add":
            edit = entries.add(text, _required(operation, "text", action))
            said.append(f"added [{edit.entry.id}]" if edit.changed else f"[{edit.entry.id}] says that already")
        case "replace":
            edit = entries.change(text, _required(operation, "id", action), _required(operation, "text", action))
            said.append(f"changed [{edit.entry.id}]" if edit.changed else f"[{edit.entry.id}] says that already")
        case "remove":
            edit = entries.remove(text, operation.get("id") or _required(operation, "text", action))
            said.append(f"removed [{edit.entry.id}]")
        case _:
            raise ToolError("memory needs an action", "use add with text, replace with id and text, remove with id")
    return edit.text


def _required(operation: Mapping[str, Any], key: str, action: str) -> str:
    value = str(operation.get(key) or "").strip()
    if not value:
        raise ToolError(f"{action} needs {key}", f'give "{key}"')
    return value
