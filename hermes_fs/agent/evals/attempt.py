"""One attempt at a case: a model, a work directory, skills or none. The case's checks judge it, never a model."""

from __future__ import annotations

import queue
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.agent.evals.case import Case
from hermes_fs.agent.evals.checks import Checker
from hermes_fs.agent.evals.stage import Stage, stage
from hermes_fs.agent.isolated import Isolation
from hermes_fs.agent.loop import run
from hermes_fs.agent.mind import MindView
from hermes_fs.agent.prompt import Profile
from hermes_fs.agent.turn import Turn
from hermes_fs.core.clock import Clock
from hermes_fs.core.config import Config
from hermes_fs.core.events import Appended, Event, SkillUsed, ToolStarted, TurnEnded
from hermes_fs.core.ports import Cancel, Provider, Tool
from hermes_fs.core.types import Answer, Limits, Question, Usage, system, user
from hermes_fs.store.candidate import Files
from hermes_fs.tools import registry
from hermes_fs.tools.context import Memo, Settings, ToolContext, Where

TOOLS = ("read_file", "write_file", "edit_file", "search_files", "terminal", "skill_list", "skill_view")
"""What acts, and what reads skills; the mind is not to be changed by an attempt."""
_TOKENS = 400_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it went: `failures` are the checks that do not hold, none where it went well; `activated` whether the model
    read one of them; `ended` is the turn's ending, such as done or steps."""

    case: str
    failures: tuple[str, ...]
    activated: bool
    usage: Usage
    seconds: float
    ended: str

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class Means:
    """What attempts need besides: `provider` makes the model anew for each; `isolation` is what is known of this
    machine already."""

    provider: Callable[[], Provider]
    clock: Clock
    environ: Mapping[str, str]
    profile: Profile
    cancel: Cancel
    isolation: Isolation | None = None


def attempt(case: Case, skills: Mapping[str, Files], means: Means) -> Attempt:
    """Does the task once, with these skills. Raises Cancelled, and Failed where there is no sandbox; a model that fails
    is a failed attempt."""
    started = means.clock.monotonic()
    with stage(case, skills, means.environ, means.isolation) as made:
        provider = means.provider()
        try:
            seen = _Seen(skills)
            for event in run(_turn(case, made, provider, means)):
                seen.note(event)
        finally:
            provider.close()
        means.cancel.check()
        failures = Checker(made.backend, str(made.work), means.cancel).failures(case, seen.reply)
    if seen.ended == "error":
        failures = (seen.detail, *failures)
    seconds = means.clock.monotonic() - started
    return Attempt(case.name, failures, seen.activated, seen.usage, seconds, seen.ended)


class _Seen:
    """What is kept of a turn's events."""

    def __init__(self, skills: Collection[str]) -> None:
        self._skills = skills
        self.reply = ""
        self.activated = False
        self.usage = Usage()
        self.ended = "error"
        self.detail = ""

    def note(self, event: Event) -> None:
        match event:
            case Appended(message) if message.role == "assistant" and message.text:
                self.reply = message.text
            case SkillUsed(name, _):
                self.activated = self.activated or name in self._skills
            case ToolStarted(call):  # the small profile reads a skill as a file
                if call.name == "read_file":
                    read = (f"skills/{name}/SKILL.md" in call.arguments for name in self._skills)
                    self.activated = self.activated or any(read)
            case TurnEnded(reason, usage, detail):
                self.usage, self.ended, self.detail = usage, reason, detail
            case _:
                return


def _turn(case: Case, made: Stage, provider: Provider, means: Means) -> Turn:
    view = MindView(made.workspace, made.index, means.clock, Config(), made.work, means.profile)
    tools: dict[str, Tool[Any]] = {name: registry.tool(name) for name in TOOLS}
    settings = Settings("allow", (str(made.work),))
    where = Where("eval", channel="eval")
    context = ToolContext(
        made.backend, made.workspace, made.index, where, _nobody, _unheard, means.cancel, Memo(settings)
    )
    limits = Limits(case.steps, _TOKENS, 0.0, case.seconds)
    said = (system(view.prompt()), user(case.task))
    return Turn(provider, tools, said, context, _nobody, queue.SimpleQueue(), means.cancel, limits, means.clock)


def _nobody(question: Question) -> Answer:
    return Answer(None)


def _unheard(event: Event) -> None:
    """Nobody listens."""
