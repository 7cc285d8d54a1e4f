"""note: longer knowledge, one topic a file in notes/, written by bounded operations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hermes_fs.core.errors import NotFound, ToolError
from hermes_fs.core.types import Effects
from hermes_fs.store.formats import sections
from hermes_fs.tools import learning
from hermes_fs.tools.context import ToolContext

_TEXT = {"type": "string"}
_SHOWN = 8_000


class Note:
    name = "note"
    description = (
        "Knowledge too long for memory: notes/<topic>.md. write (new topic), append, replace (old, text), "
        "read, list, remove."
    )
    effects: Effects = "mind"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": ["write", "append", "replace", "read", "list", "remove"]},
            "topic": _TEXT,
            "text": _TEXT,
            "old": _TEXT,
            "why": _TEXT,
        },
        "required": ["action"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        action = args["action"]
        if action == "list":
            return _listed(context)
        path = _path(str(args.get("topic", "")))
        doc = context.workspace.read(path)
        if action == "read":
            if not doc.blob:
                raise NotFound(f"there is no note {path}", "list them with action list")
            more = "\n[cut: read_file shows the rest]" if len(doc.text) > _SHOWN else ""
            return doc.text[:_SHOWN] + more
        fresh = _edited(action, path, doc.text, bool(doc.blob), args)
        data = None if fresh is None else fresh.encode()
        why = str(args.get("why", ""))
        done = learning.commit(context, {path: data}, {path: doc.blob}, "note", why)
        return f"{done.subject} (lesson {done.id[:8]})"


def _edited(action: str, path: str, before: str, exists: bool, args: Mapping[str, Any]) -> str | None:
    text = str(args.get("text", ""))
    if action == "remove":
        return None
    if not text.strip():
        raise ToolError(f"{action} needs text", 'give "text"')
    if action == "write":
        if exists:
            raise ToolError(f"{path} exists already", "use append or replace, so that nothing in it is lost")
        return text.strip() + "\n"
    if action == "append":
        return (before.rstrip("\n") + "\n\n" if before.strip() else "") + text.strip() + "\n"
    return sections.replace_text(before, str(args.get("old", "")), text)


def _path(topic: str) -> str:
    """A topic in the model's words as a file name; letters of every language stay."""
    name = topic.strip().removeprefix("notes/").removesuffix(".md")
    slug = re.sub(r"[^\w/.-]+", "-", name.lower(), flags=re.UNICODE).strip("-./")
    if not slug or ".." in slug:
        raise ToolError("a note needs a topic", "name it in a few words, such as deploys or travel/lisbon")
    return f"notes/{slug}.md"


def _listed(context: ToolContext) -> str:
    root = context.workspace.root / "notes"
    names = sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.md") if path.is_file())
    return "\n".join(names) or "(no notes yet)"
