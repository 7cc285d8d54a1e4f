"""terminal: one command line through the backend, approved first unless it only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hermes_fs.core.errors import Cancelled, ToolError
from hermes_fs.core.events import ToolOutput
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Completed
from hermes_fs.core.types import Effects, Told
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.mind_watch import watched

LONGEST_SECONDS = 3600


class Terminal:
    name = "terminal"
    description = (
        "Run a bash command and see its output. Directory, variables and functions stay for the next; no input."
    )
    effects: Effects = "work"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "command": {"type": "string"},
            "timeout": {"type": "integer", "minimum": 1, "maximum": LONGEST_SECONDS, "description": "seconds"},
        },
        "required": ["command"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        command: str = args["command"]
        if not command.strip():
            raise ToolError("the command is empty", "say what to run")
        timeout = float(args.get("timeout", context.memo.settings.timeout))
        before = context.backend.cwd
        done, remarks = perform(context, command, timeout)
        if context.backend.cwd != before:
            remarks.append(f"now in {context.backend.cwd}")
        return as_words(done, told(done, timeout, remarks))


def perform(
    context: ToolContext, command: str, timeout: float, purpose: str = "Run this"
) -> tuple[Completed, list[str]]:
    """Run a command once it is approved; with it what the model must be told besides. Raises Refused, Cancelled."""
    approved = approve(context, command, purpose)
    if approved == command:
        context.cover()
        with watched(context, command) as remarks:
            done = _run(context, approved, timeout)
    else:
        done, remarks = _run(context, approved, timeout), []
    if done.overflow:
        context.memo.overflows.add(done.overflow)
    if context.cancel.is_set and done.code == 130:
        raise Cancelled
    return done, remarks


def as_words(done: Completed, text: str) -> str | Told:
    """What a command printed is a program's word."""
    return Told(text, "tool") if done.output else text


def approve(context: ToolContext, command: str, purpose: str = "Run this") -> str:
    """As `command_approval.command`; what judges commands is loaded by the first of them."""
    allowed: str = load("hermes_fs.tools.command_approval:command")(context, command, purpose)
    return allowed


def _run(context: ToolContext, command: str, timeout: float) -> Completed:
    def show(text: str) -> None:
        context.emit(ToolOutput("", text))

    return context.backend.run(command, timeout=timeout, cancel=context.cancel, output=show)


def told(done: Completed, timeout: float, more: Sequence[str]) -> str:
    """The output as the model reads it: what was printed, then in brackets what it has to know besides."""
    remarks = []
    if done.overflow:
        remarks.append(f"the whole output: read_file {done.overflow}")
    if done.code == 124:
        remarks.append(f"stopped after {timeout:.0f} s; give a longer timeout or use process")
    elif done.code:
        remarks.append(f"exit code {done.code}")
    elif not done.output:
        remarks.append("exit code 0, no output")
    text = done.output.rstrip("\n")
    return "\n".join([*([text] if text else []), *(f"[{remark}]" for remark in (*remarks, *more))])
