"""Slash commands about what the agent proposes: look, accept, reject. What is accepted is what was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_fs.commands import trying
from hermes_fs.commands.talk import Outcome, Said, Talk, local
from hermes_fs.commands.undoing import reason_of
from hermes_fs.core.errors import Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import one_line, spell_out
from hermes_fs.store.paths import skill_of
from hermes_fs.store.policy import Gate, Policy, Ungated

if TYPE_CHECKING:  # a chat in which nobody reviews does without it
    from hermes_fs.store.proposal import Proposal
    from hermes_fs.store.review import Review


def review(talk: Talk, argument: str) -> Outcome:
    proposals = _review(talk)
    if argument:
        return _shown(talk, proposals, proposals.find(argument), "")
    lines = [
        f"{one.id}  {local(one.when)}  {one_line(one.subject)}  ({one_line(one.standing.detail or one.because)})"
        for one in proposals.waiting()
    ]
    return Said("\n".join([*lines, "", "/review ID shows one."]) if lines else "Nothing waits for you.")


def _shown(talk: Talk, proposals: Review, one: Proposal, also: str) -> Outcome:
    """All of it, and that the person has looked at exactly this. Split at line feeds alone: a reader of other line ends
    would take the middle of a line for the beginning of one."""
    talk.seen[one.id] = one.commit
    patch = [line for line in proposals.diff(one).split("\n") if not line.startswith(("diff --git ", "index "))]
    why = ["why, in its own words:", *(f"  > {one_line(line)}" for line in one.why.split("\n"))] if one.why else []
    head = [
        *([also, ""] if also else []),
        f"{one.id}  {one_line(one.subject)}",
        f"waits: {one_line(one.because)}",
        *(f"{name}: {one_line(how)}" for name, how in proposals.judged(one)),
        *why,
    ]
    keys = ["", f"/accept {one.id} makes it a lesson, /reject {one.id} WHY puts it away."]
    return Said(spell_out("\n".join([*head, "", *patch, *keys])), diff=True)


def accept(talk: Talk, argument: str) -> Outcome:
    if not argument:
        raise UsageError("/accept needs the id of a proposal", "see what waits with /review")
    name, override = reason_of(argument, "/accept")
    proposals = _review(talk)
    one = proposals.find(name)
    if one.id not in talk.seen:
        return _shown(
            talk, proposals, one, f"Not accepted yet: nobody has looked at it here. /accept {one.id} says yes."
        )
    if any(map(skill_of, one.files)):  # its tests and evals may take minutes
        return trying.played(talk, "accept", one.id, lambda trial: _tried(talk, one, override, trial))
    return Said(_accepted(talk, proposals, one, override))


def _tried(talk: Talk, one: Proposal, override: str, trial: trying.Trial) -> str:
    try:
        return _accepted(talk, _review(talk, trying.gate(talk, trial, replays=True)), one, override)
    except Ungated as error:
        raise Refused(error.message, f"if you want it all the same: /accept {one.id} --override WHY") from error


def _accepted(talk: Talk, proposals: Review, one: Proposal, override: str) -> str:
    done = proposals.accept(one.id, talk.runtime.person, talk.seen[one.id], override)
    talk.conversation.remark(f"The person accepted the proposal {one.id}: {done.subject}. It holds now.")
    return f"Accepted: {done.subject}\n/undo takes it back; /reload makes this session know."


def reject(talk: Talk, argument: str) -> Outcome:
    name, _, why = argument.partition(" ")
    if not name:
        raise UsageError("/reject needs the id of a proposal", "see what waits with /review")
    one = _review(talk).reject(name, talk.runtime.person, why.strip())
    said = f", saying: {why.strip()}" if why.strip() else ""
    what = "" if one.foreign else f": {one.subject}"  # a stranger's words are none of ours
    talk.conversation.remark(f"The person rejected the proposal {one.id}{what}{said}. Don't propose it again.")
    return Said(f"Rejected: {one_line(one.subject)}\n/accept {one.id} brings it back.")


def proposal_words(talk: Talk) -> list[tuple[str, str]]:
    """What waits, for completion."""
    return [(one.id, one_line(one.subject)) for one in _review(talk).waiting()]


def _review(talk: Talk, gate: Gate | None = None) -> Review:
    policy = Policy(**talk.runtime.config.review.model_dump())
    made: Review = load("hermes_fs.store.review:Review")(talk.runtime.workspace, policy, gate)
    return made
