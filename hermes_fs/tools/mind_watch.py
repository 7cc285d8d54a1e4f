"""Sees to it that a command which changed the mind is told so, and that nothing of it stays. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hermes_fs.core.events import Notice
from hermes_fs.store.quarantine import Quarantine, SetAside
from hermes_fs.tools.context import ToolContext

_NAMED = 5


@contextmanager
def watched(context: ToolContext) -> Iterator[list[str]]:
    """Around a command that may write. The list is filled at the end with what the model must be told of it; a person
    sees the same as a warning, whatever else happens."""
    remarks: list[str] = []
    if context.backend.capabilities.isolated:
        yield remarks
        return
    quarantine = Quarantine(context.workspace)
    quarantine.begin()
    try:
        yield remarks
    finally:
        found = quarantine.end()
        if found is not None:
            remarks.extend(_told(found))
            for remark in remarks:
                context.emit(Notice("warning", remark))


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
    if found.folder is None:
        yield f"the command changed the mind itself: {names}; learning is off, so it was left as it is"
    else:
        yield (
            f"the command changed the mind itself, which only the memory, note and skill tools may: {names};"
            f" it was put back, and what the command wrote is kept in {found.folder} for the user"
        )
