"""note: longer knowledge, one topic a file in notes/, written by bounded operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hermes_fs.core.errors import NotFound, ToolError
from hermes_fs.core.types import Effects
from hermes_fs.store.formats import sections
from hermes_fs.store.paths import note_of
from hermes_fs.tools import learning
from hermes_fs.tools.context import ToolContext

_TEXT = {"type": "string"}
_SHOWN = 8_000
_LISTED = 200


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
            return "\n".join(_topics(context)[:_LISTED]) or "(no notes yet)"
        path = note_of(str(args.get("topic", "")))
        if not path:
            raise ToolError("a note needs a topic", "name it in a few words, such as deploys or travel/lisbon")
        doc = learning.read(context, path)
        if not doc.blob and action in ("read", "replace", "remove"):
            raise NotFound(f"there is no note {path}", _known(context))
        if action == "read":
            more = f"\n[cut: read_file {path} shows the rest]" if len(doc.text) > _SHOWN else ""
            return doc.text[:_SHOWN] + more
        fresh = _edited(action, path, doc.text, bool(doc.blob), args)
        if fresh == doc.text:
            return f"{path} says that already"
        data = None if fresh is None else fresh.encode()
        done = learning.commit(context, {path: data}, {path: doc.blob}, "note", str(args.get("why", "")))
        return learning.told(done)


def _edited(action: str, path: str, before: str, exists: bool, args: Mapping[str, Any]) -> str | None:
    """The note's new text; None deletes it."""
    if action == "remove":
        return None
    text = str(args.get("text", ""))
    if action == "replace":
        return sections.replace_text(before, str(args.get("old", "")), text)
    if not text.strip():
        raise ToolError(f"{action} needs text", 'give "text"')
    if action == "write":
        if exists and before.strip() != text.strip():
            raise ToolError(f"{path} exists already", "use append or replace, so that nothing in it is lost")
        return before if exists else text.strip() + "\n"
    return (before.rstrip("\n") + "\n\n" if before.strip() else "") + text.strip() + "\n"


def _topics(context: ToolContext) -> list[str]:
    root = context.workspace.root / "notes"
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.md") if path.is_file())


def _known(context: ToolContext) -> str:
    topics = _topics(context)
    return f"there are: {', '.join(topics[:20])}" if topics else "there are none yet; write makes one"
