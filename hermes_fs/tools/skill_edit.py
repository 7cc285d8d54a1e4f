"""skill_edit: makes and changes skills by bounded operations, never a whole existing file at once."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping
from typing import Any

from hermes_fs.core.errors import NotFound, Refused, ToolError
from hermes_fs.core.types import Effects
from hermes_fs.store import catalogue, skill_places
from hermes_fs.store.formats import sections, skill
from hermes_fs.tools import learning
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.skills import files_of

_TEXT = {"type": "string"}
_ACTIONS = (
    "create", "describe", "add_section", "replace_section", "remove_section", "replace_text", "write_file",
    "remove_file", "delete",
)  # fmt: skip
_Edit = Callable[[str], str]


class SkillEdit:
    name = "skill_edit"
    description = (
        "Save a procedure that worked. create: name, description (what it does and when to use it), text (Markdown "
        "steps). Change one: describe: description; add_section, replace_section, remove_section: title, text; "
        "replace_text: old, text; write_file, remove_file: file (in scripts/ references/ assets/), text; delete."
    )
    effects: Effects = "mind"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": list(_ACTIONS)},
            **{key: _TEXT for key in ("name", "description", "title", "text", "old", "file", "why")},
        },
        "required": ["name"],
    }

    def __init__(self, beside: Callable[[], Mapping[str, bytes]] | None = None) -> None:
        """`beside` gives what a new skill brings besides its instructions, by path below its folder: an eval."""
        self._besides = beside or dict

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        name = skill.slug(str(args["name"]))
        if not name:
            raise ToolError("a skill needs a name", "lower-case words joined by hyphens, such as parse-nginx-logs")
        args = args if args.get("action") else {**args, "action": _meant(args)}
        match args["action"]:
            case "create":
                return self._create(name, args, context)
            case "write_file":
                return self._write_file(name, args, context)
            case "remove_file":
                return self._remove_file(name, args, context)
            case "delete":
                return self._delete(name, args, context)
            case action:
                return self._edit(name, _edit_of(action, name, args), args, context)

    def _create(self, name: str, args: Mapping[str, Any], context: ToolContext) -> str:
        path = f"skills/{name}/SKILL.md"
        if learning.read(context, path).blob:
            raise Refused(
                f"there is a skill {name} already", "extend it with add_section, replace_section or replace_text"
            )
        text = skill.create(name, _needed(args, "description"), _needed(args, "text"))
        more = {f"skills/{name}/{place}": data for place, data in self._besides().items()}
        return _saved(context, {path: text.encode(), **more}, {path: ""}, args)

    def _edit(self, name: str, edit: _Edit, args: Mapping[str, Any], context: ToolContext) -> str:
        path = f"skills/{name}/SKILL.md"
        _require(context, name)
        doc = learning.read(context, path)
        fresh = edit(doc.text)
        if fresh == doc.text:
            return f"skill {name} says that already"
        return _saved(context, {path: fresh.encode()}, {path: doc.blob}, args)

    def _write_file(self, name: str, args: Mapping[str, Any], context: ToolContext) -> str:
        _require(context, name)
        path, text = _beside(name, args), _needed(args, "text")
        doc = learning.read(context, path)
        if doc.text == text:
            return f"{path} has exactly this content already"
        return _saved(context, {path: text.encode()}, {path: doc.blob}, args)

    def _remove_file(self, name: str, args: Mapping[str, Any], context: ToolContext) -> str:
        _require(context, name)
        path = _beside(name, args)
        if not learning.read(context, path).blob:
            beside = [file for file in files_of(context.workspace.root / "skills" / name) if file != "SKILL.md"]
            raise NotFound(f"there is no {path}", f"it has: {', '.join(beside[:20]) or 'no files'}")
        return _saved(context, {path: None}, {}, args)

    def _delete(self, name: str, args: Mapping[str, Any], context: ToolContext) -> str:
        _require(context, name)
        paths = [f"skills/{name}/{file}" for file in ("SKILL.md", *files_of(context.workspace.root / "skills" / name))]
        return _saved(context, dict.fromkeys(paths), {}, args)


def _meant(args: Mapping[str, Any]) -> str:
    if args.get("description") and args.get("text"):
        return "create"
    raise ToolError("skill_edit needs an action", f"one of {', '.join(_ACTIONS)}")


def _require(context: ToolContext, name: str) -> None:
    if not learning.read(context, f"skills/{name}/SKILL.md").blob:
        if spot := skill_places.find(name, context.memo.settings.places):
            raise Refused(f"{spot.where} is no part of the mind: read only", "create a skill of the same name instead")
        names = catalogue.names(context.workspace.root)
        near = difflib.get_close_matches(name, names, 3) or names[:12]
        raise NotFound(f"there is no skill {name}", f"there are: {', '.join(near)}" if near else "create it")


def _beside(name: str, args: Mapping[str, Any]) -> str:
    """The path of a file beside SKILL.md. Raises ToolError for one that lies elsewhere."""
    file = _needed(args, "file").strip("/").removeprefix(f"skills/{name}/")
    if not file.startswith(tuple(f"{folder}/" for folder in skill.FOLDERS)):
        raise ToolError(f"{file} is no place for a skill's file", f"put it below {', '.join(skill.FOLDERS)}")
    return f"skills/{name}/{file}"


def _edit_of(action: str, name: str, args: Mapping[str, Any]) -> _Edit:
    if action == "describe":
        description = _needed(args, "description")
        return lambda text: skill.set_description(text, name, description)
    body: _Edit
    match action:
        case "add_section":
            body = functools.partial(_with_section, sections.add, args)
        case "replace_section":
            body = functools.partial(_with_section, sections.replace, args)
        case "remove_section":
            body = lambda text: sections.remove(text, _needed(args, "title"))  # noqa: E731 - as its siblings
        case _:
            body = lambda text: sections.replace_text(text, _needed(args, "old"), str(args.get("text", "")))  # noqa: E731
    return lambda text: skill.edit_body(text, name, body)


def _with_section(operation: Callable[[str, str, str], str], args: Mapping[str, Any], text: str) -> str:
    return operation(text, _needed(args, "title"), _needed(args, "text"))


def _saved(
    context: ToolContext, files: Mapping[str, bytes | None], expect: Mapping[str, str], args: Mapping[str, Any]
) -> str:
    done = learning.commit(context, files, expect, "skill", str(args.get("why", "")))
    return learning.told(done)


def _needed(args: Mapping[str, Any], key: str) -> str:
    value = str(args.get(key) or "")
    if not value.strip():
        raise ToolError(f"{args['action']} needs {key}", f'give "{key}"')
    return value
