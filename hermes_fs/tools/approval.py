"""Asks a person before anything that is not known to be harmless, and remembers what they allowed for the session.

Where nobody can answer, the answer is no.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NoReturn

from hermes_fs.core.errors import HermesError, Refused
from hermes_fs.core.types import Question
from hermes_fs.tools.context import Grant, ToolContext
from hermes_fs.tools.harmless import Judged, judge
from hermes_fs.tools.places import Place, is_below, locate

ONCE, SESSION, NO = "once", "session", "no"


def command(context: ToolContext, text: str, purpose: str = "Run this") -> str:
    """The command line to run in place of `text`: the same, once a person has allowed it, or a hardened form where it
    only reads. Raises Refused."""
    judged = judge(text)
    if judged is not None and _only_reads_what_it_may(context, judged):
        return judged.hardened
    _require(context, Grant("run", context.backend.cwd, text), f"{purpose} in {context.backend.cwd}?", text)
    return text


def write(context: ToolContext, place: Place, asked: str, diff: str) -> None:
    """Before a file is written. A grant for the session holds for its directory and all below. Raises Refused."""
    below = str(PurePosixPath(place.path).parent)
    if place.sensitive or place.zone == "outside":
        _require(context, Grant("write", below, place.path), f"Write {place.path}?", diff)
        return
    granted = any(grant.action == "write" and not grant.subject and is_below(below, grant.directory)
                  for grant in context.memo.grants)  # fmt: skip
    if not granted:
        prompt = f"Write {asked}? (session: whatever is written below {below})"
        _require(context, Grant("write", below), prompt, diff)


def read(context: ToolContext, place: Place) -> None:
    """Before a file is read: in the mind, the work directory and the trusted ones freely, but for what looks like
    credentials and for files with further names, which may lie anywhere. Raises Refused."""
    if place.zone in ("work", "mind") and not place.sensitive and not place.shared:
        return
    below = place.path if place.is_dir else str(PurePosixPath(place.path).parent)
    granted = any(grant.action == "read" and not grant.subject and is_below(below, grant.directory)
                  for grant in context.memo.grants)  # fmt: skip
    if place.sensitive:
        _require(context, Grant("read", below, place.path), "Read this? It looks like credentials.", place.path)
    elif not granted:
        what = "a file outside the work directory" if place.zone == "outside" else "a file with another name elsewhere"
        prompt = f"Read {what}? (session: whatever is below {below})"
        _require(context, Grant("read", below), prompt, place.path)


def input_to(context: ToolContext, job: str, running: str, text: str) -> None:
    """Before a background job is given input: to a shell that is a command. Raises Refused."""
    _require(context, Grant("run", f"job {job}", text), f"Send this to job {job} ({running})?", text)


def end(context: ToolContext, job: str, running: str) -> None:
    """Before a job is ended that this conversation did not start. Raises Refused."""
    _require(context, Grant("run", f"job {job}", ""), f"End job {job}, started elsewhere?", running)


def _only_reads_what_it_may(context: ToolContext, judged: Judged) -> bool:
    """The paths that a harmless command names, links followed: shown only where file tools may read without asking."""
    for path in (*judged.shown, *judged.named):
        if path == "-":
            continue
        try:
            place = locate(context, path)
        except HermesError:
            return False
        if place.sensitive or place.zone == "hidden" or (place.zone == "outside" and path in judged.shown):
            return False
    return True


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
        _refuse(answer)


def _refuse(answer: str | None) -> NoReturn:
    if answer is None:
        raise Refused(
            "not done: it needs approval, and nobody is there to give it",
            "do what needs no approval, or end with what you would do and why",
        )
    if answer in (NO, ""):
        raise Refused("not done: the user said no", "do something else, or ask what they want")
    raise Refused(f"not done: the user said no: {answer}", "do as they say")
