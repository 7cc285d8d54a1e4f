"""Drains the queue of the learning loop's background work: one table of what does which kind. Does none itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hermes_fs.core.clock import Clock, iso
from hermes_fs.core.config import Config
from hermes_fs.core.errors import BudgetSpent, Cancelled, HermesError, NotFound, ProviderError
from hermes_fs.core.ids import Ulids
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Backend, Cancel, Emit, Provider
from hermes_fs.core.types import Usage
from hermes_fs.providers.select import Task
from hermes_fs.store.errands import Errand, Errands, Kind
from hermes_fs.store.index import Index
from hermes_fs.store.policy import Gate, Policy
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.skill_places import Place, beyond
from hermes_fs.store.workspace import Workspace

WORK: Mapping[Kind, str] = {
    "audit": "hermes_fs.agent.audit:run",
    "model": "hermes_fs.agent.user_pass:run",
    "consolidate": "hermes_fs.agent.consolidate:run",
    "reflect": "hermes_fs.agent.reflect:run",
    "summarise": "hermes_fs.agent.summarise:run",
}
"""Kind → `module:function`, loaded on use. A function takes an errand and the bench, blocks, and returns what it did.
What it does, it does once: an errand may be handed out again after a kill. It raises BudgetSpent where the errand is to
wait until tomorrow, Cancelled where it was stopped and stays, any other HermesError where it failed."""


_LOOKS, _LOOK_SECONDS = 4, 0.1


@dataclass(frozen=True, slots=True)
class Bench:
    """What background work is given. `provider` makes the model for a task, metered against the learning budget, and
    raises BudgetSpent where nothing is left of it; its second argument is who answered in the session, "" for the
    configured model. `backend` makes a place for commands, to be closed; `emit` shows what happens."""

    workspace: Workspace
    index: Index
    sessions: Sessions
    config: Config
    clock: Clock
    ulids: Ulids
    provider: Callable[[Task, str], Provider]
    backend: Callable[[], Backend]
    gate: Gate | None
    cancel: Cancel
    emit: Emit
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        return Policy(**self.config.review.model_dump())

    @property
    def places(self) -> tuple[Place, ...]:
        """Folders of skills beside the mind's own, but for those of a project: nobody works in one here."""
        home = Path(self.environ["HOME"]) if self.environ.get("HOME") else None
        return beyond(self.config.skills.directories, self.workspace.root, (), home)

    @property
    def proposals(self) -> Proposals:
        """The way to a durable change."""
        return Proposals(self.workspace, self.policy, self.gate)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an errand: lines for the person, none where nothing is worth one, and what it cost."""

    told: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


Work = Callable[[Errand, Bench], Done]


@dataclass(frozen=True, slots=True)
class Finished:
    """An errand that was done, or not: then `why` says so and what becomes of it."""

    errand: Errand
    done: Done
    why: str = ""


class Learner:
    """Works on the queue until it is empty. One process at a time does; for another one the queue is empty."""

    def __init__(self, errands: Errands, bench: Bench, work: Callable[[Kind], Work] | None = None) -> None:
        self._errands = errands
        self._bench = bench
        self._work = work or (lambda kind: load(WORK[kind]))

    def drain(self) -> Iterator[Finished]:
        """Yields after each errand. What was done is acknowledged before the next is taken."""
        while not self._bench.cancel.is_set and self._claimed():
            with self._errands:
                while not self._bench.cancel.is_set and (errand := self._errands.take(WORK)):
                    yield self.do(errand)
            if not self._errands.is_due():  # what came while the queue was still ours, nobody else would have taken
                return

    def _claimed(self) -> bool:
        """Whether the queue is ours. A moment's patience: somebody may only look whether it is free."""
        tries = itertools.repeat(self._errands.claim, _LOOKS)
        return any(claim() or self._bench.cancel.wait(_LOOK_SECONDS) for claim in tries) and self._errands.claim()

    def fulfil(self, errand: Errand) -> Finished | None:
        """This one now, for somebody who looks on: nothing is kept to be told later. None where another process works
        on the queue."""
        with self._errands:
            taken = self._errands.take(WORK, errand.id)
            return self.do(taken, watched=True) if taken else None

    def do(self, errand: Errand, watched: bool = False) -> Finished:
        """One errand that was taken. Raises Cancelled, and Failed where the queue itself cannot be written."""
        try:
            done = self._work(errand.kind)(errand, self._bench)
        except BudgetSpent as spent:
            return self._waits(errand, self._midnight(), f"{spent.message}: what is left to learn waits until tomorrow")
        except Cancelled:
            self._errands.postpone(errand, "", "it was stopped")
            raise
        except ProviderError as error:  # nobody answers: no fault of the errand's
            if error.transient or error.fault == "auth":
                return self._waits(errand, self._errands.soon(), f"nothing can be learned at the moment: {error}")
            return self._failed(errand, str(error))
        except HermesError as error:
            return self._failed(errand, str(error), final=isinstance(error, NotFound))
        self._errands.done(errand)
        for line in done.told if not watched else ():
            self._errands.tell(line)
        return Finished(errand, done)

    def _waits(self, errand: Errand, until: str, why: str) -> Finished:
        """Said once, however many errands wait for the same."""
        if why not in (other.said for other in self._errands.waiting()):
            self._errands.tell(why)
        self._errands.postpone(errand, until, why)
        return Finished(errand, Done(), why)

    def _failed(self, errand: Errand, why: str, final: bool = False) -> Finished:
        """`final`: what it is about is not there, so no further try will do."""
        if self._errands.fail(errand, why, final):
            return Finished(errand, Done(), f"{why}; it is tried again later")
        about = f" from session {errand.session}" if errand.session else ""
        self._errands.tell(f"nothing was learned{about}, and it is not tried again: {why}")
        return Finished(errand, Done(), f"{why}; it is not tried again")

    def _midnight(self) -> str:
        tomorrow = self._bench.clock.now().astimezone() + timedelta(days=1)
        return iso(tomorrow.replace(hour=0, minute=0, second=0, microsecond=0))
