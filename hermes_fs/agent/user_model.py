"""The native user model: claims in model.yaml and USER.md, revised by a dialectic pass, asked through one. Every change
goes through the door, or to the proposals where the words come from a tainted session.

`run` is the learning loop's errand of kind `model`: what one turn, or one session, said of the person who wrote it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hermes_fs.agent import dialectic, json_reply
from hermes_fs.agent.json_reply import Unfit
from hermes_fs.core.clock import Clock
from hermes_fs.core.errors import Conflict, ProviderError
from hermes_fs.core.origins import least_trusted
from hermes_fs.core.people import Claim, Observed, Opinion, Said
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Commit, Doc, Provenance, Trigger
from hermes_fs.store import portraits
from hermes_fs.store.formats.memory import USER_LIMIT
from hermes_fs.store.formats.portrait import Portrait
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace

NEAREST = 5
"""Claims that are told where none fits."""
_ATTEMPTS = 3
_BY_HAND = Provenance(origin="owner", trigger="user", person="owner")


@dataclass(frozen=True, slots=True)
class NativeUserModel:
    """The model of `person`, a handle. `provider` makes the model that thinks, None where there is none; it may raise
    ProviderError or BudgetSpent. `limit` is USER.md's."""

    person: str
    workspace: Workspace
    proposals: Proposals
    clock: Clock
    provider: Callable[[], Provider] | None = None
    limit: int = USER_LIMIT
    trigger: Trigger = "reflection"

    @property
    def name(self) -> str:
        return "native"

    @property
    def remote(self) -> bool:
        return False

    def claims(self) -> list[Claim]:
        return list(portraits.person(self.workspace, self.person).claims)

    def observe(self, said: Sequence[Said], cancel: Cancel) -> Observed:
        if not said or self.provider is None:
            return Observed(problem="" if self.provider else "there is no model that could think about it")
        session = said[-1].session
        known = self._portrait(session).claims
        seen = {place for claim in known for place in claim.evidence}
        fresh = [one for one in said if one.span not in seen and one.text.strip()]
        if not fresh:
            return Observed()
        words = "\n".join(one.text for one in fresh)
        question = dialectic.pass_question(dialectic.relevant(known, words), fresh)
        with contextlib.closing(self.provider()) as provider:
            thought = json_reply.ask(
                provider, dialectic.ORDER, question, lambda answer: dialectic.steps(answer, fresh), cancel
            )
        if thought.value is None:
            return Observed(problem=f"its answer was none: {thought.problem}", usage=thought.usage)
        if not thought.value:
            return Observed(usage=thought.usage)
        return self._write(thought.value, fresh, thought)

    def ask(self, question: str, cancel: Cancel) -> Opinion:
        known = self.claims()
        near = tuple(dialectic.nearest(known, question, NEAREST))
        if not known:
            return Opinion("", problem="nothing is known of them yet")
        if self.provider is None:
            return Opinion("", nearest=near, problem="there is no model that could answer")
        shown = dialectic.relevant(known, question)
        try:
            with contextlib.closing(self.provider()) as provider:
                thought = json_reply.ask(
                    provider, dialectic.ASK, dialectic.ask_question(shown, question), _reader(shown), cancel, 500
                )
        except ProviderError as error:
            return Opinion("", nearest=near, problem=f"no model answers: {error}")
        if thought.value is None:
            return Opinion("", nearest=near, problem=f"its answer was none: {thought.problem}", usage=thought.usage)
        text, claims, confidence = thought.value
        if not claims:
            return Opinion("", nearest=near, problem="no claim bears on that", usage=thought.usage)
        return Opinion(text, claims, confidence, usage=thought.usage)

    def forget(self, which: str) -> Claim:
        return portraits.forget_by_hand(self.workspace, self.person, which, _BY_HAND)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _read(self, session: str) -> Callable[[str], Doc]:
        return lambda path: self.proposals.read(path, session)

    def _portrait(self, session: str) -> Portrait:
        return portraits.read(self.person, self._read(session))

    def _write(self, wanted: Sequence[dialectic.Step], said: Sequence[Said], thought: json_reply.Answered) -> Observed:
        """The edits on the files as they are by now: whoever wrote in between loses nothing."""
        told: list[str] = []
        day = f"{self.clock.now().astimezone():%Y-%m-%d}"

        def edit(before: Portrait) -> Portrait:
            after, lines = dialectic.apply(before, wanted, day, self.limit)
            told[:] = lines
            return after

        provenance = Provenance(
            least_trusted(["agent", *(one.origin for one in said)]),
            self.trigger,
            self.person,
            said[-1].session,
            said[-1].span if len(said) == 1 else _whole(said),
            thought.model or "unknown",
        )
        done = self._submit(edit, told, provenance)
        if done is None:
            return Observed(usage=thought.usage)
        lesson, proposal = (done.id, "") if isinstance(done, Commit) else ("", done.id)
        return Observed(tuple(told), lesson, proposal, usage=thought.usage)

    def _submit(self, edit: portraits.Edit, told: list[str], provenance: Provenance) -> Commit | Proposal | None:
        for left in reversed(range(_ATTEMPTS)):
            try:
                with self.workspace.locked():
                    change = portraits.draft(self.person, self._read(provenance.session), edit, "", provenance)
                    if change is None:
                        return None
                    return self.proposals.submit(replace(change, why="; ".join(told)))
            except Conflict:
                if not left:
                    raise
        return None


def _whole(said: Sequence[Said]) -> str:
    """From the first to the last of several places, where one transcript holds both."""
    (path, _, start), (same, _, end) = said[0].span.partition("#"), said[-1].span.partition("#")
    if path != same or not start or not end:
        return said[-1].span
    return f"{path}#{start.partition('..')[0]}..{end.rpartition('..')[2]}"


def _reader(shown: Sequence[Claim]) -> Callable[[dict[str, object]], tuple[str, tuple[Claim, ...], float]]:
    by_id = {claim.id: claim for claim in shown}

    def read(answer: dict[str, object]) -> tuple[str, tuple[Claim, ...], float]:
        text, listed, sure = answer.get("answer"), answer.get("claims"), answer.get("confidence")
        if not isinstance(text, str) or not isinstance(listed, list):
            raise Unfit('it needs "answer", a text, and "claims", a list of ids')
        named = [str(key).strip("[] ").lower() for key in listed]
        claims = tuple(by_id[key] for key in dict.fromkeys(named) if key in by_id)
        if text.strip() and named and not claims:
            raise Unfit("it names claims that are not there")
        bound = max((claim.confidence for claim in claims), default=0.0)
        return text.strip(), claims if text.strip() else (), min(_share(sure), bound)

    return read


def _share(value: object) -> float:
    return min(max(float(value), 0.0), 1.0) if isinstance(value, int | float) and value == value else 0.5
