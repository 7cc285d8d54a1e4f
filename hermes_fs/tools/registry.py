"""The one table of tools, name → "module:attribute", loaded on use. Knows no tool's inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from hermes_fs.core.loading import load
from hermes_fs.core.ports import Provider, Tool, UserModel
from hermes_fs.core.types import Effects, Told
from hermes_fs.tools.arguments import check
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.mind_watch import look

TOOLS: Mapping[str, str] = {
    "read_file": "hermes_fs.tools.files:ReadFile",
    "write_file": "hermes_fs.tools.files:WriteFile",
    "edit_file": "hermes_fs.tools.edit_file:EditFile",
    "search_files": "hermes_fs.tools.search_files:SearchFiles",
    "terminal": "hermes_fs.tools.terminal:Terminal",
    "process": "hermes_fs.tools.process:Process",
    "memory": "hermes_fs.tools.memory:Memory",
    "note": "hermes_fs.tools.note:Note",
    "skill_list": "hermes_fs.tools.skills:SkillList",
    "skill_view": "hermes_fs.tools.skills:SkillView",
    "skill_run": "hermes_fs.tools.skill_run:SkillRun",
    "skill_edit": "hermes_fs.tools.skill_edit:SkillEdit",
    "recall": "hermes_fs.tools.recall:Recall",
    "todo": "hermes_fs.tools.todo:Todo",
    "ask_user": "hermes_fs.tools.ask_user:AskUser",
    "ask_about_user": "hermes_fs.tools.ask_about_user:AskAboutUser",
}
"""Each attribute is a class that can be made without arguments."""

SMALL = ("read_file", "write_file", "terminal", "memory", "skill_edit", "recall")
"""What a model with a small window is offered: act on files and the machine, keep facts and skills, find them again."""

Profile = Literal["full", "small"]
About = Callable[[str], UserModel]
"""The user model of a person, by handle."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A tool by which another one runs: says of itself what that one says. How it runs is for who wraps it."""

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


@dataclass(frozen=True, slots=True)
class Checked(Wrapped):
    """A tool whose arguments are checked against its schema before it runs."""

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        checked = check(self.name, self.schema, args)
        if self.effects == "none":
            return self.tool.run(checked, context)
        remarks = "".join(f"\n[{remark}]" for remark in look(context))
        done = self.tool.run(checked, context)
        return replace(done, text=done.text + remarks) if isinstance(done, Told) else done + remarks


def tool(name: str, *given: object) -> Tool[ToolContext]:
    """One tool by its name in the table (KeyError otherwise), made with what is given."""
    return Checked(load(TOOLS[name])(*given))


def toolset(
    profile: Profile = "full", about: About | None = None, reader: Callable[[], Provider] | None = None
) -> tuple[Tool[ToolContext], ...]:
    """The tools that a model is offered, always in the same order: the prompt's prefix depends on it. `about` answers
    questions about people, `reader` makes the model that reads what recall finds."""
    given: Mapping[str, tuple[object, ...]] = {"ask_about_user": (about,), "recall": (reader,)}
    return tuple(tool(name, *given.get(name, ())) for name in (SMALL if profile == "small" else TOOLS))
