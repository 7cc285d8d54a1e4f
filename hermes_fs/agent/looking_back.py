"""The restricted tools of a reflection: the usual ones within its bounds, and judge_task. Keeps nothing but the bounds.

A pass reads a skill before it changes it, changes one skill once, deletes nothing, and keeps nothing of a kind that the
same pass kept before it was cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from hermes_fs.agent.outcome import Outcome, Result
from hermes_fs.core.errors import Refused, ToolError
from hermes_fs.core.events import Event, Learned, Proposed
from hermes_fs.core.ports import Tool
from hermes_fs.core.types import Effects, Told
from hermes_fs.store import catalogue
from hermes_fs.store.formats.skill import slug
from hermes_fs.tools import registry
from hermes_fs.tools.context import ToolContext

NAMES = ("memory", "note", "skill_list", "skill_view", "skill_edit", "recall")
_READS = frozenset(("read", "list"))
_DELETES = frozenset(("delete", "remove_file"))
_TEXT = {"type": "string"}


@dataclass(slots=True)
class Pass:
    """What one pass did so far. `kept` are the tools by which it kept something before it was cut off; `read` are the
    skills that it read."""

    kept: frozenset[str] = frozenset()
    read: set[str] = field(default_factory=set)
    skill: str = ""
    kept_now: list[Learned | Proposed] = field(default_factory=list)


def toolset(
    state: Pass, judge: JudgeTask | None, case: Callable[[], Mapping[str, bytes]]
) -> dict[str, Tool[ToolContext]]:
    """By name, always in the same order. A whole session is not judged. `case` is the task as an eval, which a new
    skill brings with it."""
    given: Mapping[str, tuple[object, ...]] = {"skill_edit": (case,)}
    tools: list[Tool[ToolContext]] = [registry.Checked(judge)] if judge else []
    tools += [Bounded(registry.tool(name, *given.get(name, ())), state) for name in NAMES]
    return {tool.name: tool for tool in tools}


@dataclass(frozen=True, slots=True)
class Bounded(registry.Wrapped):
    """A tool within the bounds of a pass."""

    state: Pass

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        """Raises Refused for what is out of bounds, besides what the tool raises."""
        name = slug(str(args.get("name") or ""))
        self._require(args, name, context)
        made: list[Event] = []

        def tell(event: Event) -> None:
            made.append(event)
            context.emit(event)

        done = self.tool.run(args, replace(context, emit=tell))
        kept = [event for event in made if isinstance(event, Learned | Proposed)]
        self.state.kept_now += kept
        if self.name == "skill_view":
            self.state.read.add(name)
        elif self.name == "skill_edit" and kept:
            self.state.skill = name
        return done

    def _require(self, args: Mapping[str, Any], skill: str, context: ToolContext) -> None:
        if self.effects == "none" or args.get("action") in _READS:
            return
        if self.name in self.state.kept:
            raise Refused("this was done before you were cut off, and it is kept", "go on with what is left, or end")
        if self.name != "skill_edit":
            return
        if self.state.skill:
            raise Refused(f"one skill a look back, and {self.state.skill} was it", "leave the rest for another task")
        if args.get("action") in _DELETES:
            raise Refused("looking back deletes nothing", "say in your answer what the person might delete")
        if skill in catalogue.names(context.workspace.root) and skill not in self.state.read:
            raise Refused(f"you have not read the skill {skill}", "skill_view it, then change what is there")


class JudgeTask:
    """judge_task: how the task went, and the skills in it. `skills` are the trees of those that it used, with their
    names; `write` keeps the outcome."""

    name = "judge_task"
    description = (
        "Say how the task went: result, and why in one sentence (note). skills: where a skill that was used did better "
        "or worse than the task itself, its name and result."
    )
    effects: Effects = "mind"
    _RESULT: Mapping[str, Any] = {"type": "string", "enum": list(get_args(Result))}
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "result": _RESULT,
            "note": _TEXT,
            "skills": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": _TEXT, "result": _RESULT},
                    "required": ["name", "result"],
                },
            },
        },
        "required": ["result", "note"],
    }

    def __init__(self, outcome: Outcome, skills: Mapping[str, str], write: Callable[[Outcome], None]) -> None:
        self._outcome = outcome
        self._skills = skills
        self._write = write

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str:
        said = {slug(str(one["name"])): one["result"] for one in args.get("skills") or ()}
        unknown = sorted(said.keys() - set(self._skills.values()))
        if unknown:
            raise ToolError(f"the task did not use {unknown[0]}", f"it used: {_listed(self._skills.values())}")
        each = tuple((tree, said[name]) for tree, name in self._skills.items() if name in said)
        self._write(replace(self._outcome, result=args["result"], note=str(args["note"])[:500], each=each))
        return "noted"


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) or "none"
