"""Sees to it that a command which changed the mind is told so, and that nothing of it stays. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hermes_fs.core.events import Notice, Proposed
from hermes_fs.store.quarantine import Quarantine, SetAside
from hermes_fs.tools import learning
from hermes_fs.tools.context import ToolContext

_NAMED = 5
_COMMAND = 200  # characters of it that a proposal shows


@contextmanager
def watched(context: ToolContext, command: str) -> Iterator[list[str]]:
    """Around a command that may write. The list is filled at the end with what the model must be told of it; a person
    sees the same as a warning, whatever else happens. While jobs run in the background the watch goes on."""
    remarks: list[str] = []
    if context.backend.capabilities.isolated:
        yield remarks
        return
    watch = context.memo.watch
    if watch is None:
        watch = Quarantine(context.workspace, learning.proposals(context))
        watch.begin()
    try:
        yield remarks
    finally:
        remarks += _look(context, watch, f"the command: {command[:_COMMAND]}")


def look(context: ToolContext) -> list[str]:
    """Before anything else is done: whether a job in the background wrote into the mind since the last look. What the
    model must be told of it; the person sees it."""
    watch = context.memo.watch
    return [] if watch is None else list(_look(context, watch, "a job in the background"))


def _look(context: ToolContext, watch: Quarantine, by: str) -> list[str]:
    found = watch.end(learning.provenance(context), f"Not said. It was written by {by}")
    context.memo.watch = watch if any(job.code is None for job in context.backend.jobs()) else None
    remarks = list(_told(found)) if found else []
    for remark in remarks:
        context.emit(Notice("warning", remark))
    for one in found.proposals if found else ():
        context.emit(Proposed(one.id, one.subject, one.because))
    return remarks


def _told(found: SetAside) -> Iterator[str]:
    if found.moved:
        old, new = (commit[:10] or "nothing" for commit in found.moved)
        yield (
            f"main of the mind moved from {old} to {new} while the command ran, and not through its own tools;"
            " tell the user, who can look at it with git log"
        )
    if not found.paths:
        return
    names = ", ".join(found.paths[:_NAMED]) + (f" and {len(found.paths) - _NAMED} more" * (len(found.paths) > _NAMED))
    said = f"the command changed the mind itself, which only the memory, note and skill tools may: {names}"
    if found.off:
        yield f"{said}; learning is off, so it was left as it is"
        return
    waits = f"; what it wrote waits for the user as {', '.join(one.id for one in found.proposals)}"
    kept = f"; what cannot be proposed is kept in {found.folder} for the user"
    yield f"{said}; it was put back{waits if found.proposals else ''}{kept if found.folder else ''}"
