"""What the tools that change the mind share: where a lesson comes from, and that the person is shown it."""

from __future__ import annotations

from collections.abc import Mapping

from hermes_fs.core.events import Learned
from hermes_fs.core.types import Change, Commit, Kind, Provenance
from hermes_fs.tools.context import ToolContext


def provenance(context: ToolContext) -> Provenance:
    """The agent, at a person's word, with the part of the transcript that led to it. What is made in a tainted context
    has the origin that tainted it."""
    where = context.session
    span = context.memo.evidence()
    evidence = f"{where.transcript}#{span}" if where.transcript and span else ""
    return Provenance(context.memo.origin, "user", where.person, where.session, evidence, where.model)


def commit(
    context: ToolContext, files: Mapping[str, bytes | None], expect: Mapping[str, str], kind: Kind, why: str
) -> Commit:
    """Through the door, and announced. Raises Refused, Conflict."""
    return announce(context, context.workspace.commit(Change(files, kind, why, provenance(context), expect)))


def announce(context: ToolContext, done: Commit) -> Commit:
    """Show the person a lesson."""
    context.emit(Learned(done))
    return done
