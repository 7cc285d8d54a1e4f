"""Asks a person before a file is read or written where that is not free, or a job is touched, and remembers what they
allowed for the session. Commands are decided on in command_approval.

Where nobody can answer, the answer is no.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NoReturn

from hermes_fs.core.errors import Refused
from hermes_fs.core.terminal import spelled_line
from hermes_fs.core.types import Question
from hermes_fs.tools.context import Grant, ToolContext
from hermes_fs.tools.places import Place, is_below, is_of_skill

ONCE, SESSION, NO = "once", "session", "no"


def write(context: ToolContext, place: Place, asked: str, diff: str) -> None:
    """Before a file is written. In the work directory that is free, as it is for commands: /rewind takes it back; but
    not on the word of others, where no sandbox holds. A grant for the session holds for its directory and all below.
    Raises Refused."""
    free = context.backend.capabilities.isolated or not context.memo.tainted
    if place.zone == "work" and not place.sensitive and free:
        return
    below = str(PurePosixPath(place.path).parent)
    if place.sensitive or place.zone == "outside":
        _require(context, Grant("write", below, place.path), f"Write {spelled_line(place.path)}?", diff)
        return
    if not may_write(context, below):
        prompt = f"Write {spelled_line(asked)}? (session: whatever is written below {spelled_line(below)})"
        _require(context, Grant("write", below), prompt, diff)


def may_write(context: ToolContext, path: str) -> bool:
    """Whether the person has allowed writing there for the session."""
    return any(
        grant.action == "write" and not grant.subject and is_below(path, grant.directory)
        for grant in context.memo.grants
    )


def read(context: ToolContext, place: Place) -> None:
    """Before a file is read: in the mind, skills beside it, the work directory and the trusted ones freely, but for
    what looks like credentials and for files with further names, which may lie anywhere. Raises Refused."""
    known = place.zone in ("work", "mind") or is_of_skill(context, place.path)
    if known and not place.sensitive and not place.shared:
        return
    below = place.path if place.is_dir else str(PurePosixPath(place.path).parent)
    granted = any(grant.action == "read" and not grant.subject and is_below(below, grant.directory)
                  for grant in context.memo.grants)  # fmt: skip
    if place.sensitive:
        _require(context, Grant("read", below, place.path), "Read this? It looks like credentials.", place.path)
    elif not granted:
        what = "a file outside the work directory" if place.zone == "outside" else "a file with another name elsewhere"
        prompt = f"Read {what}? (session: whatever is below {spelled_line(below)})"
        _require(context, Grant("read", below), prompt, place.path)


def input_to(context: ToolContext, job: str, running: str, text: str) -> None:
    """Before a background job is given input: to a shell that is a command. Raises Refused."""
    _require(context, Grant("run", f"job {job}", text), f"Send this to job {job} ({spelled_line(running, 200)})?", text)


def end(context: ToolContext, job: str, running: str) -> None:
    """Before a job is ended that this conversation did not start. Raises Refused."""
    _require(context, Grant("run", f"job {job}", ""), f"End job {job}, started elsewhere?", running)


def sending(context: ToolContext, name: str, text: str) -> None:
    """Before words of a tainted conversation go to a server that keeps them. Raises Refused."""
    if context.memo.tainted:
        prompt = f"Send this to {name}? The model has read words of others. (session: whatever it asks there)"
        _require(context, Grant("run", f"questions to {name}"), prompt, text)


def _require(context: ToolContext, grant: Grant, prompt: str, subject: str) -> None:
    memo = context.memo
    if memo.settings.approvals == "allow" or grant in memo.grants:
        return
    if memo.settings.approvals == "deny":
        raise Refused(
            "not done: approvals are set to deny", "do what needs no approval, or tell the user what you need"
        )
    answer = context.ask(Question("approve", prompt, subject, (ONCE, SESSION, NO))).value
    context.cancel.check()
    if answer == SESSION:
        memo.grants.add(grant)
    elif answer != ONCE:
        refuse(answer)


def refuse(answer: str | None) -> NoReturn:
    """Raise Refused in the words that the model needs; `answer` is what the person said, None: nobody was there."""
    if answer is None:
        raise Refused(
            "not done: it needs approval, and nobody is there to give it",
            "do what needs no approval, or end with what you would do and why",
        )
    if answer in (NO, ""):
        raise Refused("not done: the user said no", "do something else, or ask what they want")
    raise Refused(f"not done: the user said no: {answer}", "do as they say")
