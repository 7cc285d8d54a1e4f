"""The person's side of proposals: look, accept, edit, reject. What is accepted goes through the door as one lesson.

Each step can be repeated after a crash: what is on main already is not applied twice, and what was said is remembered
before a ref moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import Conflict, Refused
from hermes_fs.core.types import Change, Commit, Origin, Verdict
from hermes_fs.store import history
from hermes_fs.store.failpoint import reach
from hermes_fs.store.ledger import Rejection, digest_of
from hermes_fs.store.message import Approval, read_trailers
from hermes_fs.store.paths import skill_of
from hermes_fs.store.policy import REFUSED, Gate, Policy, Ungated
from hermes_fs.store.proposal import WAITING, Proposal, judged, refs
from hermes_fs.store.shelf import Shelf
from hermes_fs.store.workspace import Workspace

KEPT = 500
"""How many proposals that were put away are kept, the newest."""
_EDITED = "Hermes-Edited-By"


class Review:
    """What a person decides on. Cheap to make. `gate` tries a skill out once more before it counts."""

    def __init__(self, workspace: Workspace, policy: Policy | None = None, gate: Gate | None = None) -> None:
        self._workspace = workspace
        self._shelf = Shelf(workspace, (policy or Policy()).expire_days)
        self._gate = gate
        self._expired: list[str] = []

    def count(self) -> int:
        """How many wait; where none does, that costs one process of git."""
        return len(self.waiting()) if refs(self._workspace.git, (WAITING,)) else 0

    def waiting(self) -> list[Proposal]:
        """Those that wait, oldest first. What a crash left behind is put right, what expired is put away."""
        found = self._shelf.read(self._shelf.waiting())
        over = [one for one in found if self._is_late(one) or self._is_on_main(one)]
        if over and not self._workspace.read_only:
            self._clear([one.id for one in over])
            self._expired += [one.id for one in over if self._is_late(one)]
        return [one for one in found if one not in over]

    def take_expired(self) -> list[str]:
        """Ids of those that were put away since the last call because nobody looked at them in time."""
        expired, self._expired = self._expired, []
        return expired

    def put_away(self) -> list[Proposal]:
        """Those that were rejected or expired, oldest first: accepting brings one back."""
        return self._shelf.read([ref for ref in self._shelf.refs() if ref.put_away])

    def find(self, name: str) -> Proposal:
        """By its id or the beginning of one, put away or not. NotFound."""
        return self._shelf.find(name)

    def diff(self, one: Proposal) -> str:
        """What accepting it now would change, as a unified diff; of one that does not fit any more, what it changed
        when it was made."""
        git, head = self._workspace.git, self._workspace.head()
        if one.standing.state == "blocked" and not git.resolve(f"{one.commit}^"):
            return ""
        if one.standing.state == "waiting" or not one.standing.fits:
            return history.diff(git, f"{one.commit}^", one.commit)
        files = {
            path: ("100644", git.hash_blob(data)) if data is not None else None
            for path, data in self._shelf.content(one).items()
        }
        return history.diff(git, head, git.write_tree_with(head, files), one.paths)

    def judged(self, one: Proposal) -> list[tuple[str, str]]:
        """Of a skill, what gate and evals said when it was made; nothing of a stranger's, who could write anything
        there."""
        if one.foreign or one.standing.state == "blocked" or not any(map(skill_of, one.files)):
            return []
        text = self._workspace.git.read("commit", one.commit).decode("utf-8", "replace")
        found = list(judged(one, read_trailers(text)))
        merged = " as merged, for main changed since" if one.standing.state == "stale" else ""
        return [*found, ("then", f"accepting has the gate try it once more{merged}")] if one.standing.fits else found

    def content(self, one: Proposal) -> dict[str, bytes | None]:
        """What its files become if it is accepted now; of one that does not fit any more, what they were to become."""
        if one.standing.fits:
            return self._shelf.content(one)
        git = self._workspace.git
        return {path: git.read_blob(ends.new) if ends.new else None for path, ends in one.files.items()}

    def accept(self, name: str, by: str, seen: str = "", override: str = "") -> Commit:
        """Makes it a lesson. `seen` is the commit that the person looked at: Conflict if it is another by now. Conflict
        where it does not fit any more, Refused where the door does not let it in, NotFound where nobody knows it.
        Ungated where the gate refuses it, unless an `override` says why the person wants it all the same."""
        tried = self._tried(self._require(name, seen))
        with self._workspace.locked():
            one = self._require(name, seen)
            if self._shelf.is_on_main(one):
                return self._accepted_before(one)
            change = self._change(one)
            if tried and change.files != tried[0].files:
                raise Conflict(f"proposal {one.id} changed while it was tried out", "accept it again")
            verdict = tried[1] if tried else None
            if verdict and not verdict.passed and not override:
                raise Ungated(verdict, f'if you want it all the same: hermes review accept {one.id} --override "WHY"')
            against = override if verdict is None or not verdict.passed else ""
            approval = Approval(one.change or self._workspace.ids(), by, self._edited(one), override=against)
            done = self._workspace.commit(replace(change, verdict=verdict), approval)
            reach("review.committed")
            self._shelf.drop(one)
            reach("review.dropped")
            self._forgive(one)
            return done

    def reject(self, name: str, by: str, reason: str = "", origin: Origin = "owner") -> Proposal:
        """Puts it away, and remembers the no: the same is not proposed again. `origin` is whose words the reason is.
        NotFound, Conflict."""
        with self._workspace.locked():
            self._workspace.require_learning()
            one = self._shelf.find(name)
            digest = "" if one.standing.state == "blocked" else self._digest(one)
            ledger = self._shelf.ledger()
            when = iso(self._workspace.clock.now())
            ledger.rejected.append(Rejection(one.id, digest, reason, by, when, origin))
            self._shelf.save(ledger)
            reach("review.said")
            self._shelf.put_away(one)
            self._trim()
            return replace(one, standing=replace(one.standing, state="rejected"))

    def edit(self, name: str, files: Mapping[str, bytes | None], by: str) -> Proposal:
        """Changes what it proposes; accepting it then credits the person. `files` are some of its paths. Refused where
        the door would not let it in."""
        with self._workspace.locked():
            one = self._require(name, "")
            if one.standing.state in ("expired", "rejected"):
                raise Refused(f"proposal {one.id} is put away", f"bring it back: `hermes review accept {one.id}`")
            strange = next((path for path in files if path not in one.files), "")
            if strange:
                raise Refused(f"proposal {one.id} does not touch {strange}", f"it touches {', '.join(one.paths)}")
            whole = {**self.content(one), **files}
            change = Change(whole, one.kind, one.why, one.provenance)
            kept = Approval("", by, override=one.because) if one.because.startswith(REFUSED) else None
            weighed = self._workspace.weigh(change, reviewed=True, approval=kept)
            made = self._shelf.ledger().made.get(one.id)
            said = {"Hermes-Review": f"proposed: {one.because}", _EDITED: by}
            return self._shelf.put(weighed, one, said, made.session if made else "")

    # -- inside -------------------------------------------------------------------------------------------------------

    def _require(self, name: str, seen: str) -> Proposal:
        """One that can be decided on."""
        one = self._shelf.find(name)
        if seen and one.commit != seen:
            raise Conflict(f"proposal {one.id} is another by now", f"look at it again: `hermes review show {one.id}`")
        if one.standing.state == "blocked":
            raise Refused(f"proposal {one.id} cannot be accepted: {one.standing.detail}", "reject it")
        return one

    def _change(self, one: Proposal) -> Change:
        """What accepting it does."""
        provenance = one.provenance
        ordered = one.kind == "revert" and not provenance.model
        if provenance.origin == "owner" and not ordered:  # the owner's words, the model's change: limits bind it
            provenance = replace(provenance, origin="agent")
        modes = {path: entry.mode for path in one.files if (entry := self._workspace.git.entry_at(one.commit, path))}
        kept = modes if one.kind == "revert" else {}
        return Change(self._shelf.content(one), one.kind, one.why, provenance, modes=kept)

    def _tried(self, one: Proposal) -> tuple[Change, Verdict | None] | None:
        """The change with what the gate says of it, which may take minutes: nobody is kept waiting for the lock. None
        where there is nothing to try."""
        if not self._gate or self._shelf.is_on_main(one) or not any(map(skill_of, one.files)):
            return None
        change = self._change(one)
        return change, self._gate(change)

    def _is_late(self, one: Proposal) -> bool:
        return one.expires <= self._workspace.clock.now()

    def _is_on_main(self, one: Proposal) -> bool:
        return one.standing.state != "blocked" and self._shelf.is_on_main(one)

    def _clear(self, ids: Sequence[str]) -> None:
        with self._workspace.locked():
            refs = self._shelf.refs()
            for one in self._shelf.read([ref for ref in refs if ref.id in ids and not ref.put_away]):
                if self._is_on_main(one):
                    self._shelf.drop(one)
                elif self._is_late(one):
                    self._shelf.put_away(one)
            self._trim()

    def _trim(self) -> None:
        """Lets go of the oldest that were put away. What git cannot read goes first."""
        refs = {ref.id: ref for ref in self._shelf.refs() if ref.put_away}
        if len(refs) > KEPT:
            kept = {one.id for one in self._shelf.read(list(refs.values()))[-KEPT:]}
            for ref in (ref for id, ref in refs.items() if id not in kept):
                self._workspace.git.update_ref(ref.name, "", ref.commit)

    def _accepted_before(self, one: Proposal) -> Commit:
        lesson = self._shelf.lesson_of(one)
        self._shelf.drop(one)
        if not lesson:
            raise Refused(f"proposal {one.id} would change nothing: main is so already", "see it with `hermes log`")
        found = history.these(self._workspace.git, [lesson])[0]
        return Commit(found.commit, one.change, found.subject, found.when)

    def _digest(self, one: Proposal) -> str:
        made = self._shelf.ledger().made.get(one.id)
        if made and made.commit == one.commit:
            return made.digest
        git = self._workspace.git
        ends = {path: (each.old, each.new) for path, each in one.files.items()}
        blob = {oid: git.read_blob(oid) if oid else None for pair in ends.values() for oid in pair}
        return digest_of({path: (blob[old], blob[new]) for path, (old, new) in ends.items()})

    def _edited(self, one: Proposal) -> bool:
        """Whether a person here changed its words."""
        made = self._shelf.ledger().made.get(one.id)
        text = self._workspace.git.read("commit", one.commit).decode("utf-8", "replace")
        return bool(made and made.commit == one.commit and read_trailers(text).get(_EDITED))

    def _forgive(self, one: Proposal) -> None:
        """Accepted after all."""
        ledger = self._shelf.ledger()
        kept = [no for no in ledger.rejected if no.id != one.id]
        if len(kept) < len(ledger.rejected):
            self._shelf.save(replace(ledger, rejected=kept))
