"""edit_file: exact replacements in one file, several at once, all or none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from hermes_fs.core.errors import NotFound, QuotingError, ToolError
from hermes_fs.core.types import Effects
from hermes_fs.tools import approval
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.files import check_fresh, load, save
from hermes_fs.tools.places import writable
from hermes_fs.tools.text import decode

NEAR_LINES = 12


class EditFile:
    name = "edit_file"
    description = (
        "Replace exact text in a file. Each `old` must occur exactly once (or set all). All edits apply or none does."
    )
    effects: Effects = "work"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "edits": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"old": {"type": "string"}, "new": {"type": "string"}, "all": {"type": "boolean"}},
                    "required": ["old", "new"],
                },
            },
        },
        "required": ["path", "edits"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        asked: str = args["path"]
        place = writable(context, asked)
        if place.stat is None:
            raise NotFound(f"no such file: {asked}", "make it with write_file")
        approval.read(context, place)  # what comes near an edit that fails is shown
        data = load(context, place)
        check_fresh(context, place, asked, data)
        before = decode(data, asked)
        after, replaced = apply(before.text, args["edits"], before.crlf)
        save(context, place, asked, before, after)
        return f"edited {asked}: {replaced} replacement{'s' * (replaced != 1)}"


def apply(text: str, edits: Sequence[Mapping[str, Any]], crlf: bool = False) -> tuple[str, int]:
    """The text after all edits, one after the other, and how many places changed. Raises ToolError that names the edit
    and what comes near."""
    if not edits:
        raise ToolError("there are no edits", "give at least one {old, new}")
    replaced = 0
    for place, edit in enumerate(edits, 1):
        old, new = edit["old"], edit["new"]
        if crlf:
            old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
        label = f"edit {place} of {len(edits)}" if len(edits) > 1 else "the edit"
        if not old:
            raise ToolError(f"{label}: `old` is empty", "name the text to replace, or use write_file")
        if old == new:
            raise ToolError(f"{label}: `old` and `new` are the same", "leave it out")
        found = text.count(old)
        if found == 0:
            raise QuotingError(f"{label}: `old` does not occur; nothing was changed\n{_near(text, old)}")
        if found > 1 and not edit.get("all", False):
            where = ", ".join(map(str, _line_numbers(text, old)))
            raise ToolError(
                f"{label}: `old` occurs {found} times (lines {where}); nothing was changed",
                "add surrounding lines until it is unique, or set all",
            )
        text = text.replace(old, new)
        replaced += found
    return text, replaced


def _line_numbers(text: str, old: str, most: int = 8) -> list[int]:
    numbers: list[int] = []
    start = text.find(old)
    while start >= 0 and len(numbers) < most:
        numbers.append(text.count("\n", 0, start) + 1)
        start = text.find(old, start + len(old))
    return numbers


def _near(text: str, old: str) -> str:
    """What the file says where `old` may have been meant, so that the next try can copy it."""
    lines, wanted = text.split("\n"), old.strip("\n").split("\n")
    stripped = [line.strip() for line in lines]
    sought = [line.strip() for line in wanted]
    key = max(sought, key=len)
    nearest = difflib.get_close_matches(key, dict.fromkeys(line for line in stripped if line), 1, 0.6)
    if not nearest:
        return "Nothing in the file comes near; read it again."
    first = max(stripped.index(nearest[0]) - sought.index(key), 0)
    shown = lines[first : first + min(len(wanted), NEAR_LINES)]
    same = [line.strip() for line in shown] == sought
    lead = "It differs in white space only" if same else "The nearest lines are"
    return "\n".join([f"{lead}:", *(f"{number}\t{line}" for number, line in enumerate(shown, first + 1))])
