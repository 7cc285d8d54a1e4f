"""The slash command that takes a lesson back, by the same road as `hermes undo`: through the gate where there is
something to try."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hermes_fs.commands import trying
from hermes_fs.commands.talk import Outcome, Said, Talk
from hermes_fs.core.errors import Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import history, taking_back
from hermes_fs.store.history import Lesson
from hermes_fs.store.policy import Gate, Policy, Ungated
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:  # a chat in which nothing is taken back does without it
    from hermes_fs.store.proposal import Proposal

Takes = Callable[[Workspace, Change, Gate, str], Commit]


def undo(talk: Talk, argument: str) -> Outcome:
    name, override = reason_of(argument, "/undo")
    workspace = talk.runtime.workspace
    lesson = history.find(workspace.git, name) if name else taking_back.last_standing(workspace)
    if lesson.reverted_by:
        raise Refused(f"{lesson.short} is taken back already", f"bring it back: /undo {lesson.reverted_by}")
    by_hand = Provenance("owner", "user", person="owner", session=talk.conversation.id)
    policy = Policy(**talk.runtime.config.review.model_dump())
    made: Change | Proposal = load("hermes_fs.agent.gating:reverted")(workspace, [lesson], "", by_hand, policy)
    if not isinstance(made, Change):
        return Said(f"Nothing was taken back yet: {made.because}\n/review shows what would be.")
    if not load("hermes_fs.agent.gating:to_try")(workspace, made):
        return Said(_done(lesson, workspace.commit(made)))
    return trying.played(talk, "undo", lesson.short, lambda trial: _tried(talk, lesson, made, override, trial))


def _tried(talk: Talk, lesson: Lesson, change: Change, override: str, trial: trying.Trial) -> str:
    take: Takes = load("hermes_fs.agent.gating:take_back")
    try:
        done = take(talk.runtime.workspace, change, trying.gate(talk, trial, "publisher"), override)
    except Ungated as error:
        hint = f"if you want it all the same: /undo {lesson.short} --override WHY"
        raise Refused(error.message, hint) from error
    return _done(lesson, done)


def _done(lesson: Lesson, done: Commit) -> str:
    return f"Taken back: {lesson.subject}\n/undo {done.id[:8]} brings it back; /reload makes this session know."


def reason_of(argument: str, command: str) -> tuple[str, str]:
    """The id, and the reason after --override; "" for what is not said."""
    name, flag, reason = argument.partition("--override")
    if len(name.split()) > 1 or (flag and not reason.strip()):
        raise UsageError(f"{command} does not understand {argument!r}", f"{command} ID, or {command} ID --override WHY")
    return name.strip(), reason.strip().strip("\"'")
