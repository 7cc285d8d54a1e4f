"""Plays work of a slash command that may take minutes: shown while it goes on, stopped by Ctrl-C. Decides nothing."""

from __future__ import annotations

import functools
import json
import queue
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hermes_fs.commands.talk import Events, Played, Talk
from hermes_fs.core.events import Event, Notice, ToolFinished, ToolOutput, ToolStarted
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Cancel, Emit
from hermes_fs.core.types import ToolCall, ToolResult
from hermes_fs.store.policy import Gate

if TYPE_CHECKING:  # loaded by the first skill that is tried out
    from hermes_fs.agent.evals.replay import Replay
    from hermes_fs.store.formats.format import By


@dataclass(frozen=True, slots=True)
class Trial:
    """What the work is given: where to tell what happens, and what stops it."""

    call: ToolCall
    emit: Emit
    cancel: Cancel

    def note(self, line: str) -> None:
        self.emit(Notice("warning", line))

    def progress(self, done: int, total: int) -> None:
        self.emit(ToolOutput(self.call.id, f"{done} of {total} attempts\n"))


def played(talk: Talk, name: str, subject: str, work: Callable[[Trial], str]) -> Played:
    """The work as events, done beside the thread that shows them; what it returns is said line by line at the end, what
    it raises is raised then."""
    return Played(_events(talk, ToolCall("command", name, json.dumps({"id": subject})), work))


def gate(talk: Talk, trial: Trial, by: By = "agent", replays: bool = False) -> Gate:
    """The gate for the person of this chat, as the commands of the shell have it. `replays`: with the evals."""
    runtime = talk.runtime

    def replay() -> Replay | None:
        means, wanted = functools.partial(runtime.means, "", trial.cancel), runtime.config.evals
        made: Replay = load("hermes_fs.agent.evals.replay:replay")(runtime.workspace.git, means, wanted, trial.progress)
        return made if wanted.replay else None

    evaluate = load("hermes_fs.agent.evals.replay:announced")(replay, trial.note) if replays else None
    made: Gate = load("hermes_fs.agent.gating:anew")(runtime.workspace, runtime.options.environ, by, evaluate)
    return functools.partial(made, cancel=trial.cancel)


def _events(talk: Talk, call: ToolCall, work: Callable[[Trial], str]) -> Events:
    told: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    trial = Trial(call, told.put, talk.conversation.stoppable())
    begun = time.monotonic()
    with ThreadPoolExecutor(1, thread_name_prefix="command") as pool:
        done: Future[str] = pool.submit(work, trial)
        done.add_done_callback(lambda _: told.put(None))
        try:
            yield ToolStarted(call)
            while (event := told.get()) is not None:
                yield event
        finally:
            trial.cancel.set()  # where nobody looks on any more
    failed = done.exception() is not None
    result = ToolResult(call.id, "not done" if failed else "", failed)
    yield ToolFinished(call, result, time.monotonic() - begun)
    yield from (Notice("lesson", line) for line in done.result().split("\n"))
