"""What the tools that change the mind share: where a change comes from, where it goes, and that the person is told."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hermes_fs.core.errors import Refused
from hermes_fs.core.events import Learned, Proposed
from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit, Doc, Kind, Provenance
from hermes_fs.store.paths import skill_of
from hermes_fs.store.policy import Ungated
from hermes_fs.tools.context import ToolContext

if TYPE_CHECKING:  # loaded by the first change that a conversation makes
    from hermes_fs.store.proposal import Proposal
    from hermes_fs.store.proposals import Proposals

TRIES = 3
"""Versions of a skill that the gate may refuse in a conversation; the last of them is kept for a person."""


def provenance(context: ToolContext) -> Provenance:
    """The agent, at a person's word or whatever else led to it, with the part of the transcript that shows it. What is
    made in a tainted context has the origin that tainted it."""
    where = context.session
    span = context.memo.evidence()
    evidence = f"{where.transcript}#{span}" if where.transcript and span else ""
    return Provenance(context.memo.origin, where.trigger, where.person, where.session, evidence, where.model)


def read(context: ToolContext, path: str) -> Doc:
    """A file of the mind as this conversation left it: what it proposed counts. Raises as `Workspace.read`."""
    return proposals(context).read(path, context.session.session)


def commit(
    context: ToolContext, files: Mapping[str, bytes | None], expect: Mapping[str, str], kind: Kind, why: str
) -> Commit | Proposal:
    """Through the door, or to the proposals; announced either way. Raises Refused, Conflict."""
    change = Change(files, kind, why, provenance(context), expect)
    try:
        done = announce(context, proposals(context).submit(change))
    except Ungated as error:
        return announce(context, _once_more(context, change, error))
    context.memo.refused.pop(_skill(change), None)
    return done


def _once_more(context: ToolContext, change: Change, error: Ungated) -> Proposal:
    """What becomes of a skill that the gate refused: the model may try again twice, the third version is kept for the
    person. Raises Refused otherwise."""
    counted, skill = context.memo.refused, _skill(change)
    counted[skill] += 1
    left = TRIES - counted[skill]
    if left > 0:
        times = "once" if left == 1 else "twice"
        raise Refused(error.message, f"mend that and try again, at most {times} more") from error
    if left < 0:
        raise Refused(error.message, "a version waits for the user already: leave this skill, and say so") from error
    return proposals(context).keep(change, error.verdict)


def _skill(change: Change) -> str:
    return next(filter(None, map(skill_of, change.files)), "")


def update(
    context: ToolContext, path: str, transform: Callable[[str], str], kind: Kind, why: str
) -> Commit | Proposal | None:
    """As `commit`, of what a function makes of a text file; None where it changed nothing."""
    done = proposals(context).update(path, transform, Change({}, kind, why, provenance(context)))
    return announce(context, done) if done else None


def proposals(context: ToolContext) -> Proposals:
    settings = context.memo.settings
    gate = functools.partial(settings.gate, cancel=context.cancel) if settings.gate else None
    made: Proposals = load("hermes_fs.store.proposals:Proposals")(context.workspace, settings.review, gate)
    return made


def announce(context: ToolContext, done: Commit | Proposal) -> Commit | Proposal:
    """Show the person a lesson or a proposal."""
    if isinstance(done, Commit):
        context.emit(Learned(done))
    elif done.standing.state != "withdrawn":
        context.emit(Proposed(done.id, done.subject, done.because))
    return done


def told(done: Commit | Proposal) -> str:
    """What the model is told of it."""
    if isinstance(done, Commit):
        return f"{done.subject} (lesson {done.id[:8]})"
    if done.standing.state == "withdrawn":
        return f"the proposal {done.id} is taken back: nothing is left of it"
    return (
        f"{done.subject}: proposed as {done.id}, because {done.because}."
        " It waits for the user's review and holds once they accept it; don't repeat it."
    )
