"""Does what a plan says: lessons through the door, skills through the gate, a proposal, transcripts beside main.

Each part is whole by itself, so an import that was interrupted is finished by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hermes_fs.core.errors import HermesError
from hermes_fs.core.types import Commit
from hermes_fs.store.carrying import talks
from hermes_fs.store.carrying.planning import Plan
from hermes_fs.store.carrying.things import LeftOut, Talk
from hermes_fs.store.installing import accepting
from hermes_fs.store.policy import Gate, Policy
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import info_of
from hermes_fs.store.workspace import Workspace

_WAITS = "imported; it would change how the agent speaks"
_BATCH = 200  # conversations that are committed at once


@dataclass(slots=True)
class Done:
    """What was done. `talks` counts conversations that came in or grew, `messages` what was said in them; `left_out`
    is what did not come after all."""

    lessons: list[Commit] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)
    proposal: str = ""
    talks: int = 0
    messages: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


def bring(
    workspace: Workspace, plan: Plan, policy: Policy, gate: Gate | None, refs: SessionRefs, seen: Callable[[int], None]
) -> Done:
    """Carries a plan out; what fails is left out, and the rest goes on. `seen` is told how many conversations are done.
    Conflict, Failed for a lesson that cannot be made."""
    workspace.require_learning()
    done = Done()
    for change in plan.lessons:
        done.lessons.append(workspace.commit(change))
    for one in plan.skills:
        why = f"imported from {plan.home.kind}: {one.source.text}, sha256 {one.sha256}"
        try:
            done.lessons.append(accepting.install(workspace, one, accepting.Yes(why, gate=gate, unread=True)))
            done.skills.append(one.name)
        except HermesError as error:
            done.left_out.append(LeftOut(f"skill {one.name}", error.message))
    if plan.proposal:
        try:
            done.proposal = Proposals(workspace, policy).propose(plan.proposal, _WAITS).id
        except HermesError as error:
            done.left_out.append(LeftOut("SOUL.md", error.message))
    _bring_talks(workspace, plan, done, refs, seen)
    return done


def _bring_talks(workspace: Workspace, plan: Plan, done: Done, refs: SessionRefs, seen: Callable[[int], None]) -> None:
    waiting: list[Path] = []
    for number, path in enumerate(_written(workspace, plan, done), 1):
        waiting.append(path)
        if len(waiting) == _BATCH:
            _commit(refs, waiting)
        seen(number)
    _commit(refs, waiting)


def _written(workspace: Workspace, plan: Plan, done: Done) -> Iterator[Path]:
    sessions: dict[str, str] = {}  # of each conversation, what it is called here
    for talk in plan.home.talks():
        if isinstance(talk, LeftOut):
            continue  # said by the plan
        try:
            made = talks.write(workspace.root, workspace.host, talk, sessions.get(talk.parent, ""))
            if place := talks.place_of(workspace.root, talk):
                sessions[talk.key] = place.stem
        except HermesError as error:
            done.left_out.append(LeftOut(_label(talk), error.message))
            continue
        if made:
            done.talks += 1
            done.messages += made.messages
            yield made.path


def _label(talk: Talk) -> str:
    return f"conversation {talk.key[-40:]}"


def _commit(refs: SessionRefs, paths: list[Path]) -> None:
    os.sync()  # once for all of them: what a crash of the machine cut off would be brought again
    refs.commit([info_of(path) for path in paths])
    paths.clear()
