"""The format of notes: Markdown about one topic, cold memory without a limit of its own. Must not touch the disk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hermes_fs.store.formats.format import By, Merged, counted, decode, fate, settled
from hermes_fs.store.formats.lines import merge_bytes, split
from hermes_fs.store.formats.plain import check_bytes

MAX_BYTES = 100_000
"""Of one note that the agent writes; more belongs into several topics."""
TOPIC = re.compile(r"[^\W_][\w-]{0,79}")
"""What the agent may call a note, in lower case: letters and digits of any language, hyphens."""


@dataclass(frozen=True, slots=True)
class NoteFormat:
    name: str = "note"

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        topic = path.removeprefix("notes/").removesuffix(".md")
        if by == "agent" and after is not None and before is None:
            named = all(TOPIC.fullmatch(part) for part in topic.split("/")) and topic == topic.lower()
            if not (named and path.endswith(".md")):
                return ["a note is notes/<topic>.md, the topic in lower-case letters, digits and hyphens"]
        return check_bytes(before, after, by, MAX_BYTES)

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        label = f"note {path.removeprefix('notes/').removesuffix('.md')}"
        if before is None or after is None:
            return f"{label}: {fate(before, after)}"
        old, new = decode(before) or "", decode(after) or ""
        if old and new.startswith(old):
            return f"{label}: append {counted(len(split(new[len(old) :].strip())), 'line')}"
        return f"{label}: edit"

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        if done := settled(base, ours, theirs):
            return done
        return merge_bytes(base, ours or b"", theirs or b"")
