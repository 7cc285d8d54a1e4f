"""process: background jobs of the backend, from start to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hermes_fs.core.errors import ToolError
from hermes_fs.core.events import ToolOutput
from hermes_fs.core.ports import JobState
from hermes_fs.core.types import Effects, Told
from hermes_fs.tools import approval
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.mind_watch import watched
from hermes_fs.tools.terminal import approve

WAIT_SECONDS = 60.0
LONGEST_SECONDS = 3600
FIRST_LOOK_SECONDS = 0.3
"""How long to wait after a start, so that a job which fails at once is seen to."""


class Process:
    name = "process"
    description = (
        "Background jobs. start a command; poll: new output; read: output from a byte offset; write to its input;"
        " wait until it ends; kill; list."
    )
    effects: Effects = "work"
    schema: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": ["start", "poll", "read", "write", "wait", "kill", "list"]},
            "command": {"type": "string"},
            "job": {"type": "string"},
            "text": {"type": "string"},
            "offset": {"type": "integer", "minimum": 0},
            "timeout": {"type": "integer", "minimum": 1, "maximum": LONGEST_SECONDS},
        },
        "required": ["action"],
    }

    def run(self, args: Mapping[str, Any], context: ToolContext) -> Told:
        actions: Mapping[str, Callable[[Mapping[str, Any], ToolContext], Told]] = {
            "start": _start,
            "poll": _poll,
            "read": _read,
            "write": _write,
            "wait": _wait,
            "kill": _kill,
            "list": _list,
        }
        if args["action"] in ("poll", "read", "list"):
            return actions[args["action"]](args, context)
        with watched(context, str(args.get("command") or "input to a job")) as remarks:
            done = actions[args["action"]](args, context)
        return replace(done, text="\n".join([done.text, *(f"[{remark}]" for remark in remarks)]))


def _need(args: Mapping[str, Any], name: str) -> str:
    value: str = args.get(name, "")
    if not value:
        raise ToolError(f"{args['action']} needs {name}", f"give {name}")
    return value


def _start(args: Mapping[str, Any], context: ToolContext) -> Told:
    command = _need(args, "command")
    approved = approve(context, command, "Start this in the background")
    context.cover()
    job = context.backend.start(approved)
    context.memo.started.add(job)
    context.memo.offsets[job] = 0
    _until_ended(context, job, FIRST_LOOK_SECONDS)
    first = _new_output(context, job)
    return replace(first, text=f"job {job} started\n{first.text}")


def _poll(args: Mapping[str, Any], context: ToolContext) -> Told:
    return _new_output(context, _need(args, "job"))


def _read(args: Mapping[str, Any], context: ToolContext) -> Told:
    return _told(context.backend.poll(_need(args, "job"), args.get("offset", 0)))


def _write(args: Mapping[str, Any], context: ToolContext) -> Told:
    job, text = _need(args, "job"), _need(args, "text")
    state = context.backend.poll(job, context.memo.offsets.get(job, 0))
    approval.input_to(context, job, state.command, text)
    context.backend.send(job, text.encode("utf-8", "replace"))
    _until_ended(context, job, FIRST_LOOK_SECONDS)
    return _new_output(context, job)


def _wait(args: Mapping[str, Any], context: ToolContext) -> Told:
    job = _need(args, "job")
    _until_ended(context, job, float(args.get("timeout", WAIT_SECONDS)))
    return _new_output(context, job)


def _kill(args: Mapping[str, Any], context: ToolContext) -> Told:
    job = _need(args, "job")
    state = context.backend.poll(job)
    if job not in context.memo.started and state.code is None:
        approval.end(context, job, state.command)
    context.backend.kill(job)
    return _new_output(context, job)


def _list(args: Mapping[str, Any], context: ToolContext) -> Told:
    jobs = context.backend.jobs()
    lines = [f"{state.id}\t{_status(state)}\t{state.command[:200]}" for state in jobs]
    ours = all(state.id in context.memo.started for state in jobs)  # another conversation's command may be misled
    return Told("\n".join(lines) or "there are no jobs", "agent" if ours else "tool")


def _until_ended(context: ToolContext, job: str, seconds: float) -> None:
    """Until the job ends, the time is over or the person interrupts; its output is shown as it comes."""
    offset = context.memo.offsets.get(job, 0)
    deadline = time.monotonic() + seconds
    while True:
        state = context.backend.poll(job, offset)
        if state.output:
            context.emit(ToolOutput("", state.output))
        offset = state.offset
        left = deadline - time.monotonic()
        if (state.code is not None and not state.output) or left <= 0:
            return
        if context.cancel.wait(min(0.05 if seconds < 1 else 0.2, left)):
            context.cancel.check()


def _new_output(context: ToolContext, job: str) -> Told:
    state = context.backend.poll(job, context.memo.offsets.get(job, 0))
    context.memo.offsets[job] = state.offset
    return _told(state)


def _told(state: JobState) -> Told:
    """What a job printed is a program's word; that it runs is ours."""
    text = state.output.rstrip("\n")
    said = f"{text}\n[{_status(state)}; read up to byte {state.offset}]".lstrip("\n")
    return Told(said, "tool" if text else "agent")


def _status(state: JobState) -> str:
    return "running" if state.code is None else f"ended with exit code {state.code}"
