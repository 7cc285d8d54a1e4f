"""read_file and write_file: a window of numbered lines, pictures, and whole files, through the Backend port."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from hermes_fs.core.errors import Conflict, NotFound, QuotingError, ToolError
from hermes_fs.core.loading import load as load_module
from hermes_fs.core.types import Effects, Told
from hermes_fs.store import acting, skill_places
from hermes_fs.store.paths import kind_of
from hermes_fs.store.skill_places import FILE, Spot
from hermes_fs.tools import approval
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.pictures import medium_of
from hermes_fs.tools.places import Place, is_of_skill, readable, standing_in, writable
from hermes_fs.tools.skills import use
from hermes_fs.tools.text import FileText, decode, diff, fingerprint

LARGEST = 20 * 1024 * 1024
"""Bytes of the largest file that is looked at."""

WINDOW_LINES = 500
WINDOW_CHARACTERS = 30_000
LINE_CHARACTERS = 2000
LISTED = 500


class ReadFile:
    name = "read_file"
    description = "Read a text file as numbered lines, or list a directory."
    effects: Effects = "none"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "offset": {"type": "integer", "minimum": 1, "description": "first line"},
            "limit": {"type": "integer", "minimum": 1, "description": "number of lines"},
        },
        "required": ["path"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        place = readable(context, args["path"])
        approval.read(context, place)
        if place.is_dir:
            return Told(_listing(context, place), "file")
        data = load(context, place)
        if medium := medium_of(data, args["path"]):
            return Told(f"{args['path']} ({medium.media_type}, {len(data)} bytes) is shown to you", "file", (medium,))
        text = decode(data, args["path"]).text
        context.memo.seen[place.path] = fingerprint(data)
        window = _window(text, args.get("offset", 1), args.get("limit", WINDOW_LINES))
        if spot := _skill_of(context, place):
            use(context, spot, text)
        if is_of_skill(context, place.path):  # a person's word, as skill_view has it; the door has not seen it
            return window if window.isascii() else str(load_module("hermes_fs.core.hidden:surface")(window))
        return window if _is_lesson(context, place) else Told(window, "file")


class WriteFile:
    name = "write_file"
    description = "Create a file or replace its whole content."
    effects: Effects = "work"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["path", "content"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        place = writable(context, args["path"])
        if place.stat is None:
            save(context, place, args["path"], FileText(""), args["content"])
            return f"created {args['path']} ({_lines(args['content'])} lines)"
        data = load(context, place)
        check_fresh(context, place, args["path"], data)
        before = decode(data, args["path"])
        if before.text == args["content"]:
            context.memo.seen[place.path] = fingerprint(data)
            return f"{args['path']} already has exactly this content"
        save(context, place, args["path"], before, args["content"])
        return f"replaced {args['path']} ({_lines(before.text)} lines before, {_lines(args['content'])} now)"


def _skill_of(context: ToolContext, place: Place) -> Spot | None:
    """The skill of the mind whose SKILL.md this is: that is how a model without skill_view reads one."""
    own = skill_places.own(context.workspace.root.resolve())
    path = PurePosixPath(place.path)
    if place.zone != "mind" or path.name != FILE or path.parent.parent != PurePosixPath(own.folder):
        return None
    return skill_places.find(path.parent.name, (own,))


def _is_lesson(context: ToolContext, place: Place) -> bool:
    """What stands in the mind has been through the door; transcripts and work have not, nor has what a pull brought
    and nobody here has trusted."""
    root = context.workspace.root.resolve()
    if place.zone != "mind":
        return False
    path = PurePosixPath(place.path).relative_to(root).as_posix()
    if path in acting.INSTRUCTIONS:
        return acting.follows(context.workspace, path)
    if path.startswith("skills/"):
        return acting.knows_skill(context.workspace, path.split("/")[1])
    return kind_of(path) is not None


def load(context: ToolContext, place: Place) -> bytes:
    """Raises ToolError for a file too large to look at."""
    if place.stat is not None and place.stat.size > LARGEST:
        hint = "use head, tail, sed -n or grep in the terminal"
        raise ToolError(f"{place.path} is too large to read: {place.stat.size} bytes", hint)
    return context.backend.read(place.path, outside=place.outside)


def check_fresh(context: ToolContext, place: Place, asked: str, data: bytes) -> None:
    """Raises Conflict where the file is not as the model last saw it."""
    if context.memo.seen.get(place.path, fingerprint(data)) != fingerprint(data):
        raise Conflict(f"{asked} has changed on disk since you last saw it", "read it again, then write")


def save(context: ToolContext, place: Place, asked: str, before: FileText, text: str) -> None:
    """Ask, then write, unless the file was changed while the person thought. Raises Refused, Conflict."""
    after = FileText(text, before.crlf and "\r" not in text).encode()
    approval.write(context, place, asked, diff(place.path.lstrip("/"), before.text, text))
    found = _content(context, place)
    if found != (None if place.stat is None else before.encode()):
        raise Conflict(f"{asked} changed while the write was being approved", "read it again, then write")
    context.cover(place.path)
    context.backend.write(place.path, after, outside=place.outside)
    context.memo.seen[place.path] = fingerprint(after)


def _content(context: ToolContext, place: Place) -> bytes | None:
    try:
        return context.backend.read(place.path, outside=place.outside)
    except NotFound:
        return None


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def _window(text: str, offset: int, limit: int) -> str:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return "(the file is empty)"
    if offset > len(lines):
        raise ToolError(f"the file has only {len(lines)} lines", "choose a smaller offset")
    shown: list[str] = []
    room = WINDOW_CHARACTERS
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], offset):
        if len(line) > LINE_CHARACTERS:
            line = f"{line[:LINE_CHARACTERS]}[... {len(line) - LINE_CHARACTERS} more characters]"
        room -= len(line) + 8
        if room < 0 and shown:
            break
        shown.append(f"{number}\t{line}")
    last = offset + len(shown) - 1
    if last < len(lines):
        shown.append(f"[lines {offset} to {last} of {len(lines)}; go on with offset={last + 1}]")
    return "\n".join(shown)


def _listing(context: ToolContext, place: Place) -> str:
    command = f"( {standing_in(place.path)}; \\command ls -1Ap | \\command head -n {LISTED + 1} )"
    done = context.backend.run(command, timeout=20, cancel=context.cancel)
    if done.code != 0:
        raise QuotingError(f"{place.path} cannot be listed: {done.output.strip()}", "check the path")
    names = [name for name in done.output.splitlines() if name != ".git/"]
    if len(names) > LISTED:
        names[LISTED:] = [f"[more than {LISTED}; use search_files]"]
    return "\n".join(names) or "(the directory is empty)"
