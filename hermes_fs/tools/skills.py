"""skill_list and skill_view: skills in three levels, names first, then the body, then single files. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import NotFound
from hermes_fs.core.events import SkillUsed
from hermes_fs.core.types import Effects
from hermes_fs.store.formats import skill
from hermes_fs.tools.context import ToolContext

_TEXT = {"type": "string"}
_LISTED = 60
_SHOWN = 16_000


class SkillList:
    name = "skill_list"
    description = "Skills by name and description; words narrow the list."
    effects: Effects = "none"
    schema: Mapping[str, Any] = {"type": "object", "properties": {"query": _TEXT}}

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        words = re.findall(r"\w+", str(args.get("query", "")).lower())
        found = [
            f"{name}: {description}"
            for name, description in described(context.workspace.root)
            if all(word in f"{name} {description}".lower() for word in words)
        ]
        more = [f"… and {len(found) - _LISTED} more: narrow it with query"] if len(found) > _LISTED else []
        return "\n".join([*found[:_LISTED], *more]) or "(no skill fits)"


class SkillView:
    name = "skill_view"
    description = "Read a skill before you use it; file: one of its files."
    effects: Effects = "none"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {"name": _TEXT, "file": _TEXT},
        "required": ["name"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        name = str(args["name"]).strip().strip("/")
        folder = f"skills/{name}"
        wanted = str(args.get("file") or "SKILL.md").strip("/")
        doc = context.workspace.read(f"{folder}/{wanted}")
        if not doc.blob:
            raise NotFound(f"there is no {folder}/{wanted}", _nearby(context.workspace.root, name, wanted))
        if wanted != "SKILL.md":
            return doc.text[:_SHOWN]
        context.emit(SkillUsed(name, context.workspace.git.tree_at("HEAD", folder)))
        files = [path for path in files_of(context.workspace.root / folder) if path != "SKILL.md"]
        more = f"\n\nFiles: {', '.join(files)}" if files else ""
        return skill.load(doc.text.encode(), name).body.strip()[:_SHOWN] + more


def described(root: Path) -> Iterator[tuple[str, str]]:
    """(name, description) of every skill, by name. Links are not followed."""
    for path in sorted((root / "skills").glob("*/SKILL.md")):
        if not path.is_symlink() and not path.parent.is_symlink():
            yield path.parent.name, skill.load(path.read_bytes(), path.parent.name).description


def files_of(folder: Path) -> list[str]:
    """The files of a skill, relative to its folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _nearby(root: Path, name: str, wanted: str) -> str:
    if wanted != "SKILL.md" and (root / "skills" / name).is_dir():
        return f"it has: {', '.join(files_of(root / 'skills' / name)[:20])}"
    names = [known for known, _ in described(root)]
    return f"there are: {', '.join(names[:20])}" if names else "there are no skills yet; skill_edit creates one"
