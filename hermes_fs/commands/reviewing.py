"""Slash commands about what the agent proposes: look, accept, reject. What is accepted is what was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_fs.commands.talk import Outcome, Said, Talk, local
from hermes_fs.core.errors import UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import spell_out
from hermes_fs.store.policy import Policy

if TYPE_CHECKING:  # a chat in which nobody reviews does without it
    from hermes_fs.store.review import Review


def review(talk: Talk, argument: str) -> Outcome:
    proposals = _review(talk)
    if not argument:
        lines = [
            f"{one.id}  {local(one.when)}  {one.subject}  ({one.standing.detail or one.because})"
            for one in proposals.waiting()
        ]
        return Said("\n".join([*lines, "", "/review ID shows one."]) if lines else "Nothing waits for you.")
    one = proposals.find(argument)
    talk.seen[one.id] = one.commit
    patch = [line for line in proposals.diff(one).splitlines() if not line.startswith(("diff --git ", "index "))]
    head = [f"{one.id}  {one.subject}", f"waits: {one.because}", *one.why.splitlines(), ""]
    keys = ["", f"/accept {one.id} makes it a lesson, /reject {one.id} WHY puts it away."]
    return Said(spell_out("\n".join([*head, *patch, *keys])), diff=True)


def accept(talk: Talk, argument: str) -> Outcome:
    if not argument:
        raise UsageError("/accept needs the id of a proposal", "see what waits with /review")
    proposals = _review(talk)
    one = proposals.find(argument)
    done = proposals.accept(one.id, talk.runtime.options.person, talk.seen.get(one.id, ""))
    talk.conversation.remark(f"The person accepted the proposal {one.id}: {done.subject}. It holds now.")
    return Said(f"Accepted: {done.subject}\n/undo takes it back; /reload makes this session know.")


def reject(talk: Talk, argument: str) -> Outcome:
    name, _, why = argument.partition(" ")
    if not name:
        raise UsageError("/reject needs the id of a proposal", "see what waits with /review")
    one = _review(talk).reject(name, talk.runtime.options.person, why.strip())
    said = f", saying: {why.strip()}" if why.strip() else ""
    talk.conversation.remark(f"The person rejected the proposal {one.id}: {one.subject}{said}. Don't propose it again.")
    return Said(f"Rejected: {one.subject}\n/accept {one.id} brings it back.")


def proposal_words(talk: Talk) -> list[tuple[str, str]]:
    """What waits, for completion."""
    return [(one.id, one.subject) for one in _review(talk).waiting()]


def _review(talk: Talk) -> Review:
    policy = Policy(**talk.runtime.config.review.model_dump())
    made: Review = load("hermes_fs.store.review:Review")(talk.runtime.workspace, policy)
    return made
