"""Syncs a workspace with its primary remote: fetch, merge, push, and again where somebody was quicker. Never forces.

Every step can be repeated: a kill leaves what is acknowledged on main, and the next sync goes on.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hermes_fs.core.errors import Conflict, Failed, HermesError
from hermes_fs.core.loading import Later
from hermes_fs.store.failpoint import reach
from hermes_fs.store.forgetting.asked import PURGES, Wanted, any_here
from hermes_fs.store.lock import Lock
from hermes_fs.store.proposal import WAITING
from hermes_fs.store.session_refs import REFS, SessionRefs
from hermes_fs.store.state import BRANCH
from hermes_fs.store.syncing import exchange, held
from hermes_fs.store.syncing.exchange import Moved, Remote
from hermes_fs.store.syncing.joining import count, is_ancestor, join
from hermes_fs.store.syncing.proposals import Steps, compared, take_over
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:
    from hermes_fs.store.forgetting import following, pushing
else:  # for those who purged something
    following = Later("hermes_fs.store.forgetting.following")
    pushing = Later("hermes_fs.store.forgetting.pushing")

RESCUE = "refs/hermes/rescue"
_ATTEMPTS = 6
_PATIENCE = 0.2  # seconds that a second sync waits for a first
_PAUSE = 0.3  # seconds, at most, before trying again where another machine pushed meanwhile


@dataclass(frozen=True, slots=True)
class Wishes:
    """What this machine wants of a sync. `remote` and `mirrors` are names of git remotes, mirrors also addresses;
    `sessions` is the remote that gets this host's transcripts, "" for none; `keep`: of others' transcripts all, 90d or
    none; `days` until a proposal expires; `join`: merge histories that do not continue one another; `patience`: seconds
    of silence after which a remote is given up."""

    remote: str = "origin"
    mirrors: Sequence[str] = ()
    sessions: str = ""
    keep: str = "90d"
    days: int = 14
    join: bool = False
    patience: float = 300.0
    purges: Wanted = field(default_factory=Wanted)


@dataclass(slots=True)
class Outcome:
    """What a sync did. `received` and `sent` count lessons, `sessions` months of transcripts brought and sent;
    `conflicts` are the files that clashed; `lines` say the rest, and `asks` what needs a person, a line each."""

    remote: str
    received: int = 0
    sent: int = 0
    merged: bool = False
    sessions: tuple[int, int] = (0, 0)
    proposals: tuple[int, int] = (0, 0)
    conflicts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        """Whether both sides were the same already."""
        return not (self.received or self.sent or any((*self.sessions, *self.proposals)) or self.lines)


class Sync:
    """One workspace with its remotes. `sessions` commits and brings transcripts. Not thread-safe; beside another sync
    of the same workspace it says so and does nothing."""

    def __init__(self, workspace: Workspace, sessions: SessionRefs, wishes: Wishes) -> None:
        self._workspace = workspace
        self._git = workspace.git
        self._sessions = sessions
        self._wishes = wishes

    def run(self) -> Outcome:
        """Once, with the primary remote and then the mirrors. Raises NotFound where there is no remote, Failed where it
        cannot be reached or another sync is under way, Conflict where its history was rewritten or is another's; then
        nothing here has changed but edits of a person, which were committed."""
        self._workspace.require_learning()
        other = exchange.primary(self._git, self._wishes.remote, self._wishes.patience)
        outcome = Outcome(other.name)
        with self._alone():
            self._sessions.commit_due()
            self._workspace.commit_pending()
            self._exchange(other, outcome)
            outcome.lines += [*dict.fromkeys(other.said), *self._sessions.take_reports()]
            outcome.lines += self._to_mirrors()
        return outcome

    # -- the primary --------------------------------------------------------------------------------------------------

    def _exchange(self, other: Remote, outcome: Outcome) -> None:
        for attempt in range(_ATTEMPTS):
            there = other.look()
            if self._git.resolve(PURGES) != there.get(PURGES, ""):
                met = following.meet(self._workspace, other, there, self._wishes.purges)
                outcome.lines += met.lines
                there = other.look() if met.again else there
            try:
                steps = self._receive(other, there, outcome)
            except Moved:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            left = self._send(other, there, steps, outcome)
            if not left:
                return
            if any(not _was_raced(why) for why in left.values()):
                ref, why = next((ref, why) for ref, why in left.items() if not _was_raced(why))
                raise Failed(f"{other.name} does not take {ref}: {why}", "ask who runs it; what is here stays here")
            time.sleep(random.uniform(0, _PAUSE * (attempt + 1)))
        raise Failed(f"others push to {other.name} all the time", "try again in a minute")

    def _receive(self, other: Remote, there: Mapping[str, str], outcome: Outcome) -> Steps:
        """What of proposals is to be done; those of them that came are taken over."""
        main = there.get(BRANCH, "")
        months = {ref: there[ref] for ref in exchange.wanted_sessions(there, self._wishes.keep, self._workspace.host)}
        proposals = {ref: oid for ref, oid in there.items() if ref.startswith(f"{WAITING}/")}
        news = {ref: oid for ref, oid in {**months, **proposals}.items() if self._git.resolve(ref) != oid}
        other.fetch({**({BRANCH: main} if main else {}), **news})
        self._refuse_purged(other, {**({BRANCH: main} if main else {}), **news})
        reach("sync.fetched")
        if main:
            self._join(other, main, outcome)
        fresh = {ref: oid for ref, oid in months.items() if ref in news and ref not in other.left_out}
        brought = sum(self._take_month(other, ref, oid) for ref, oid in fresh.items())
        if brought:
            self._sessions.materialise()
        steps = compared(self._git, other, there)
        outcome.lines += take_over(self._workspace, other, steps, self._wishes.days)
        outcome.sessions = outcome.sessions[0] + brought, outcome.sessions[1]
        outcome.proposals = outcome.proposals[0] + len(steps.bring), outcome.proposals[1]
        other.release()
        return steps

    def _refuse_purged(self, other: Remote, fetched: Mapping[str, str]) -> None:
        """Raises Conflict where something that came would bring back what was purged; it is deleted again."""
        bad = following.refused(self._workspace, fetched) if any_here(self._git) else []
        if bad:
            other.release()
            following.drop(self._workspace, [fetched[ref] for ref in bad])
            raise Conflict(
                f"{bad[0]} of {other.name} would bring back what was purged: refused",
                "take it out there: a person, or a machine that has not followed the purge, pushed it",
            )

    def _join(self, other: Remote, main: str, outcome: Outcome) -> None:
        if main == other.known(BRANCH) and is_ancestor(self._git, main, self._workspace.head()):
            outcome.lines += held.propose(self._workspace, self._wishes.days)  # of a sync that was killed
            return
        self._require_continued(other, main)
        joined = join(self._workspace, main)
        reach("sync.joined")
        outcome.received += joined.lessons
        outcome.merged |= joined.merged
        outcome.conflicts += [clash.path for clash in joined.clashes]
        outcome.lines += [*joined.said, *held.propose(self._workspace, self._wishes.days)]
        other.agree(BRANCH, main)
        self._git.update_ref(
            f"refs/remotes/{other.name}/main", main, self._git.resolve(f"refs/remotes/{other.name}/main")
        )

    def _require_continued(self, other: Remote, main: str) -> None:
        """Raises Conflict, and keeps what was there under a name of its own, unless main over there goes on from what
        it was, or has something to do with ours."""
        known = other.known(BRANCH) or self._git.resolve(f"refs/remotes/{other.name}/main")
        head = self._workspace.head()
        if self._wishes.join:
            return
        hint = "look at both; `hermes sync --join` merges them, and nothing is lost"
        apart = bool(self._git.ask("merge-base", head, main).code)
        if known and self._git.kind_of(known) and not is_ancestor(self._git, known, main):
            place = f"{RESCUE}/{other.name}-{known[:12]}"
            self._git.update_ref(place, known, self._git.resolve(place))
            what = f"the history of {other.name} was rewritten"
            if apart:  # as where the remote's address is another since
                what = f"{other.name} holds another mind, or its history was rewritten from the start"
            raise Conflict(f"{what}; what it was is kept as {place}", hint)
        if apart:
            raise Conflict(f"{other.name} holds another mind: it has no lesson in common with this one", hint)

    def _take_month(self, other: Remote, ref: str, oid: str) -> bool:
        """A month of transcripts goes forward only; its host alone writes it."""
        here = self._git.resolve(ref)
        if here and not is_ancestor(self._git, here, oid):
            if not is_ancestor(self._git, oid, here):
                other.said.append(f"{ref} of {other.name} does not go on from what is here: left as it is")
                other.left_out.add(ref)
            return False
        self._git.update_ref(ref, oid, here)
        other.agree(ref, oid)
        return True

    def _send(self, other: Remote, there: Mapping[str, str], steps: Steps, outcome: Outcome) -> dict[str, str]:
        head, far = self._workspace.head(), there.get(BRANCH, "")
        wanted: dict[str, tuple[str, str]] = {BRANCH: (head, far)} if head != far else {}
        ground = [far] if far else []
        if wanted and any_here(self._git) and following.refused(self._workspace, {BRANCH: head}, ground):
            raise Conflict("main here holds again what was purged: not sent", "purge it again: hermes forget --purge")
        months = self._months(other, there) if self._wishes.sessions == other.name else {}
        left = other.push({**wanted, **months, **steps.send})
        reach("sync.pushed")
        if BRANCH in wanted and BRANCH not in left:
            outcome.sent += (
                count(self._git, far, head) if far else int(self._git.run("rev-list", "--count", head, "--"))
            )
        outcome.sessions = outcome.sessions[0], outcome.sessions[1] + len(months.keys() - left.keys())
        outcome.proposals = outcome.proposals[0], outcome.proposals[1] + len(steps.send.keys() - left.keys())
        return left

    def _months(self, other: Remote, there: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """This host's transcripts that are not there as they are here."""
        prefix = f"{REFS}/{self._workspace.host}/"
        said = self._git.run("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        here = dict(line.split(" ") for line in said.decode("utf-8", "replace").splitlines())
        return {
            ref: (oid, there.get(ref, ""))
            for ref, oid in here.items()
            if there.get(ref) != oid and ref not in other.left_out
        }

    # -- the rest -----------------------------------------------------------------------------------------------------

    def _to_mirrors(self) -> Iterator[str]:
        found, said = exchange.mirrors(self._git, self._wishes.mirrors)
        yield from said
        for mirror in found:
            try:
                if self._wishes.purges.push:
                    yield from pushing.push_to(self._workspace, mirror, mirror.look())
                left = mirror.push({BRANCH: (self._workspace.head(), "")})
                yield from (f"{mirror.address} does not take {ref}: {why}" for ref, why in left.items())
            except HermesError as error:
                yield f"the mirror {mirror.address} was not reached: {error.message}"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(Lock(self._workspace.state_dir / "sync.lock", _PATIENCE))
            except Failed as error:
                raise Failed("another sync of this workspace is under way", "wait for it, then try again") from error
            yield


def _was_raced(why: str) -> bool:
    """Whether another machine was quicker, which the next attempt sees."""
    return any(
        word in why for word in ("fetch first", "non-fast-forward", "stale info", "cannot lock", "failed to lock")
    )
