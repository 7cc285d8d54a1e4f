"""`hermes learn`: looks back on a session while you look on; with --pending, does quietly what was left to do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.agent import worse
from hermes_fs.agent.aftermath import ANYTHING, ASKED
from hermes_fs.agent.learner import Finished
from hermes_fs.apps.chat import describe
from hermes_fs.apps.chat.interrupts import interrupting
from hermes_fs.cli.app import example, single
from hermes_fs.cli.output import bold, dim, good, print_json, warning
from hermes_fs.core.errors import Cancelled, Conflict, Failed, Refused, UsageError
from hermes_fs.core.events import Appended, Event, Learned, Notice, Proposed, ToolFinished
from hermes_fs.core.ports import Cancel
from hermes_fs.core.terminal import one_line
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import locate
from hermes_fs.store.errands import Errand
from hermes_fs.store.policy import Policy

app = single()

_PATIENCE = 60.0
"""Seconds to wait for another process that learns."""
_SAID = 300


@dataclass(slots=True)
class Progress:
    """What happened, shown line by line as it happens unless it is for a program. What a call led to is `held` until
    the call itself was shown, which ends after it."""

    quiet: bool
    said: str = ""
    held: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    lessons: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        match event:
            case ToolFinished(call, result):
                what = f"{call.name} {describe.argument(call)}".rstrip()
                if result.failed:
                    self.refused.append(one_line(result.text, _SAID))
                    self._print(f"  {dim(one_line(what, 100))}  {warning(one_line(result.text, _SAID))}")
                else:
                    self._print(f"  {dim(one_line(what, 100))}")
                self.show_held()
            case Learned(commit):
                self.lessons.append({"commit": commit.id, "subject": commit.subject})
                self.held.append(f"  {good('learned')}  {one_line(commit.subject)} · hermes show {commit.id[:8]}")
            case Proposed(id, subject, why):
                self.proposals.append({"id": id, "subject": subject, "because": why})
                self.held.append(
                    f"  {warning('proposed')}  {one_line(subject)} ({one_line(why)}) · hermes review show {id}"
                )
            case Notice("warning", text):
                self._print(f"  {warning(one_line(text))}")
            case Appended(message) if message.role == "assistant" and message.text.strip():
                self.said = message.text.strip()
            case _:
                return

    def show_held(self) -> None:
        for line in self.held:
            self._print(line)
        self.held.clear()

    def _print(self, line: str) -> None:
        if not self.quiet:
            print(line, flush=True)


@app.command(epilog=example("hermes learn", 'hermes learn "how we deploy"', "hermes learn --session 01KG9Q3V7W --json"))
def learn(
    context: typer.Context,
    what: Annotated[list[str] | None, typer.Argument(metavar="WHAT", help="What of it to keep, in your words.")] = None,
    session: Annotated[str, typer.Option(help="The session: beginning or end of its id, or `last`.")] = "last",
    pending: Annotated[bool, typer.Option("--pending", help="Do what is left to do, quietly.")] = False,
    model: Annotated[str, typer.Option(help="The model that looks back: NAME or PROVIDER/NAME.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Look back on a session and keep what will matter later. hermes does so by itself after a task that was complex or
    went wrong at first, or when you put it right; see `learning` in the configuration."""
    if pending and what:
        raise UsageError("--pending does what is in the queue", "leave the words out")
    root = locate.find(context.obj.workspace, Path.cwd(), os.environ)
    with Runtime.open(Options(root, Path.cwd(), os.environ, model)) as runtime:
        if runtime.workspace.read_only:
            raise Refused("nothing can be learned here", runtime.workspace.read_only)
        if pending:
            _drain(runtime)
            return
        errand = _errand(runtime, session, " ".join(what or ()), model)
        progress = Progress(quiet=as_json)
        if not as_json:
            title = runtime.sessions.find(errand.session).header.title
            print(f"Looking back on {bold(one_line(title))} {dim(errand.session)}")
        finished = _foreground(runtime, errand, progress)
    _show(finished, progress, as_json)


def _errand(runtime: Runtime, session: str, what: str, model: str) -> Errand:
    found = runtime.sessions.find(session)
    return runtime.errands().add(Errand("reflect", found.id, "", (ASKED,), what or ANYTHING, model))


def _foreground(runtime: Runtime, errand: Errand, progress: Callable[[Event], None]) -> Finished:
    """Waits for a process that learns at the moment. Raises Cancelled, Conflict."""
    cancel, deadline = Cancel(), time.monotonic() + _PATIENCE
    learner = runtime.learner(progress, cancel)
    with interrupting(cancel.set):
        while time.monotonic() < deadline:
            try:
                finished = learner.fulfil(errand)
            except Cancelled:  # who stops it does not want it done later
                runtime.errands().done(errand)
                raise
            if finished:
                return finished
            if errand.id not in {one.id for one in runtime.errands().waiting()}:
                raise Conflict("another hermes has just done this", "see what it kept: hermes log")
            if cancel.wait(0.2):
                raise Cancelled
    raise Conflict("another hermes is learning at the moment", "it is in the queue and will be done: hermes log")


def _drain(runtime: Runtime) -> None:
    cancel = Cancel()
    runtime.order_upkeep()
    with interrupting(cancel.set):
        for _ in runtime.learner(lambda event: None, cancel).drain():
            continue
        policy = Policy(**runtime.config.review.model_dump())
        for one in worse.propose(runtime.workspace, policy):
            runtime.errands().tell(f"{worse.BECAUSE}: {one_line(one.why)} · hermes review show {one.id}")


def _show(finished: Finished, progress: Progress, as_json: bool) -> None:
    progress.show_held()
    usage = finished.done.usage
    if as_json:
        print_json({
            "session": finished.errand.session, "done": not finished.why, "why": finished.why, "said": progress.said,
            "lessons": progress.lessons, "proposals": progress.proposals, "refused": progress.refused,
            "tokens": usage.total, "cost": usage.cost,
        })  # fmt: skip
        raise typer.Exit(1 if finished.why else 0)
    if finished.why:
        raise Failed(finished.why)
    if progress.said:
        print(one_line(progress.said, _SAID))
    lessons, waiting = len(progress.lessons), len(progress.proposals)
    made = [f"{lessons} lesson{'s' * (lessons != 1)}", f"{waiting} waiting for you: hermes review"][: 1 + (waiting > 0)]
    print(dim(" · ".join([*made, describe.spent(usage)])))
