"""Owns where proposals lie: their refs, and the ledger of what this machine knows of them. Judges no content.

Every move is a compare-and-swap of one ref, so a crash leaves a proposal where it was or where it goes, or in both
places, which the next look puts right.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from hermes_fs.core.errors import Conflict, HermesError, NotFound, Refused
from hermes_fs.store import identity, message, proposal
from hermes_fs.store.failpoint import reach
from hermes_fs.store.formats.format import headline
from hermes_fs.store.judging import Weighed
from hermes_fs.store.ledger import Ledger, Made, digest_of
from hermes_fs.store.objects import ObjectKind, commit_text
from hermes_fs.store.proposal import PUT_AWAY, WAITING, Ends, Proposal, Ref, Standing
from hermes_fs.store.workspace import Workspace

_SHORTEST_ID = 6
_STRANGERS = 200  # proposals that came from elsewhere, of which a person is shown no more
_CLOCKS_DIFFER = timedelta(days=1)
_BOTH = (WAITING, PUT_AWAY)


class Shelf:
    """The proposals of a workspace. Who writes holds the workspace's lock. `days` until one expires."""

    def __init__(self, workspace: Workspace, days: int) -> None:
        self._workspace = workspace
        self._git = workspace.git
        self._path = workspace.state_dir / "proposals.json"
        self._days = days

    # -- reading ------------------------------------------------------------------------------------------------------

    def ledger(self) -> Ledger:
        return Ledger.read(self._path)

    def refs(self) -> list[Ref]:
        """Of all that wait and all that are put away."""
        return proposal.refs(self._git, _BOTH)

    def waiting(self) -> list[Ref]:
        """Of those that wait: all of this machine's, and the first few of others'."""
        made = self.ledger().made
        refs = [ref for ref in self.refs() if not ref.put_away]
        strangers = [ref for ref in refs if ref.id not in made]
        return [ref for ref in refs if ref.id in made] + strangers[:_STRANGERS]

    def find(self, name: str) -> Proposal:
        """By its id or the beginning of one. NotFound."""
        ref = proposal.require(self.refs(), name)
        found = self.read([ref])
        if not found:
            raise NotFound(f"proposal {ref.id} cannot be read", f"look at it: git cat-file -t {ref.name}")
        return found[0]

    def waits(self, id: str, made: Made) -> bool:
        """Whether a proposal that was made here still waits as it was made. Costs no process."""
        return self._git.resolve(f"{WAITING}/{id}") in (made.commit, made.before)

    def read(self, refs: Sequence[Ref]) -> list[Proposal]:
        """Their proposals, oldest first, each as it stands now; what cannot be read is left out."""
        ledger = self.ledger()
        made = ledger.made
        files: dict[str, dict[str, Ends] | str] = {
            ref.commit: {path: Ends(*ends) for path, ends in made[ref.id].files.items()}
            for ref in refs
            if ref.id in made and made[ref.id].commit == ref.commit
        }
        files |= proposal.differences(self._git, [ref.commit for ref in refs if ref.commit not in files])
        found: list[Proposal] = []
        for ref in refs:
            with contextlib.suppress(NotFound):  # a stranger's, or git has lost it: nothing that could be shown
                one = proposal.read(self._git, ref, files[ref.commit], made.get(ref.id), self._days)
                one = self._dated(one)
                found.append(replace(one, standing=self._standing(one, ref, ledger)))
        return sorted(found, key=lambda one: (one.when, one.change, one.id))

    def content(self, one: Proposal) -> dict[str, bytes | None]:
        """What the files become if it is accepted now: merged where they changed meanwhile. Conflict where that does
        not go."""
        files: dict[str, bytes | None] = {}
        for path, ends in one.files.items():
            now, theirs = self._workspace.read_bytes(path), self._blob(ends.new)
            merged = self._workspace.formats(path).merge(self._blob(ends.old), now, theirs)
            if merged.conflicts:
                hint = f"look at it: `hermes review show {one.id}`, then edit or reject it"
                raise Conflict(
                    f"proposal {one.id} does not fit any more: {path}: {headline(merged.conflicts[0])}", hint
                )
            files[path] = merged.content
        return files

    def is_on_main(self, one: Proposal) -> bool:
        """Whether main has it already: every file is as it wants it, or a lesson there bears its change id."""
        head = self._workspace.head()
        if all(self._git.blob_at(head, path) == ends.new for path, ends in one.files.items()):
            return bool(one.files)
        return one.standing.state == "stale" and bool(self.lesson_of(one))

    def lesson_of(self, one: Proposal) -> str:
        """Id of the lesson on main that a proposal became, "" if none did."""
        if not one.change:
            return ""
        words = ("log", "-1", "--format=%H", "--fixed-strings", f"--grep=Hermes-Change: {one.change}")
        return self._git.run(*words, f"{one.commit}^..{self._workspace.head()}", "--").decode().strip()

    # -- writing ------------------------------------------------------------------------------------------------------

    def put(
        self, weighed: Weighed, was: Proposal | None, trailers: Mapping[str, str], session: str = "", most: int = 0
    ) -> Proposal:
        """Makes a proposal durable, as a new one or in the place of one that waits, whose id and change id it keeps.
        `trailers` say more than those of a lesson; `session` is whose own it is, to go on from. Refused where `most`
        wait already (0: no bound)."""
        refs, ledger = self.refs(), self.ledger()
        waiting = sum(not one.put_away and one.id in ledger.made for one in refs)  # strangers' fill no place
        if most and waiting >= most and not was:
            raise Refused(f"{waiting} proposals wait for the user already", "tell them to go through `hermes review`")
        change_id = (was.change if was else "") or self._workspace.ids()
        ref = Ref(was.id if was else _free_id(change_id, {one.id for one in refs} | ledger.made.keys()), "")
        commit = self._write(weighed, {**message.trailers_of(weighed.change, change_id), **trailers}, ref.id)
        reach("propose.objects")
        kept = {one.id for one in refs} | {ref.id}
        ledger.made = {id: made for id, made in ledger.made.items() if id in kept}
        before = was.commit if was else ""
        files = {move.path: (move.old, move.new) for move in weighed.moves}
        ledger.made[ref.id] = Made(commit, digest_of(weighed.versions), session, before, files)
        ledger.write(self._path)
        reach("propose.ledger")
        self._move(ref.name, commit, before)
        reach("propose.ref")
        return self.read([replace(ref, commit=commit)])[0]

    def save(self, ledger: Ledger) -> None:
        ledger.write(self._path)

    def drop(self, one: Proposal) -> None:
        """Takes its refs away, if they are still at this commit."""
        for prefix in _BOTH:
            if self._git.resolve(f"{prefix}/{one.id}") == one.commit:
                self._move(f"{prefix}/{one.id}", "", one.commit)

    def put_away(self, one: Proposal) -> None:
        """From those that wait to those that can still be brought back."""
        self._move(f"{PUT_AWAY}/{one.id}", one.commit, self._git.resolve(f"{PUT_AWAY}/{one.id}"))
        reach("review.kept")
        self._move(f"{WAITING}/{one.id}", "", one.commit)

    def _write(self, weighed: Weighed, trailers: Mapping[str, str], id: str) -> str:
        """The commit, on the disk; no ref names it yet."""
        change = weighed.change
        new: list[tuple[ObjectKind, bytes]] = [("blob", data) for data in change.files.values() if data is not None]
        files = {move.path: (move.new_mode, move.new) if move.new else None for move in weighed.moves}
        tree = self._git.plan_tree(weighed.head, files, new)
        _, text = self._workspace.wording(weighed, {**trailers, "Hermes-Proposal": id})
        agent = identity.agent_on(self._workspace.host, self._workspace.clock.now())
        new.append(self._git.commit_of(commit_text(tree, [weighed.head], text, agent, agent)))
        return self._git.write(new)[-1]

    def _move(self, name: str, new: str, old: str) -> None:
        folder = (self._git.common_dir / name).parent
        first = not folder.exists()
        self._git.update_ref(name, new, old)
        if first:  # the folders are new, too
            self._git.syncer.sync([folder, folder.parent, folder.parent.parent])

    def _dated(self, one: Proposal) -> Proposal:
        """A stranger's that claims to be from the future would never expire."""
        now = self._workspace.clock.now()
        return replace(one, expires=now) if one.foreign and one.when > now + _CLOCKS_DIFFER else one

    def _standing(self, one: Proposal, ref: Ref, ledger: Ledger) -> Standing:
        standing = one.standing if one.standing.state == "blocked" else self._fit(one)
        if standing.state == "blocked":
            return standing
        no = next((no for no in reversed(ledger.rejected) if no.id == one.id), None) if ref.put_away else None
        if no:
            said = f"by {no.by} on {no.when[:10]}{f': {no.reason}' if no.reason else ''}"
            return replace(standing, state="rejected", detail=said)
        if ref.put_away or one.expires <= self._workspace.clock.now():
            return replace(standing, state="expired")
        return standing

    def _fit(self, one: Proposal) -> Standing:
        """Against the files on the disk: what a person edited and did not commit counts."""
        try:
            changed = [path for path, ends in one.files.items() if self._oid(path) != ends.old]
            if changed:
                self.content(one)
        except Conflict as error:
            return Standing("stale", False, error.message.partition(": ")[2])
        except HermesError as error:
            return Standing("blocked", False, error.message)
        if not changed:
            return Standing("waiting", True)
        return Standing("stale", True, f"{', '.join(changed[:3])} changed since; it applies with a merge")

    def _oid(self, path: str) -> str:
        data = self._workspace.read_bytes(path)
        return self._git.oid_of("blob", data) if data is not None else ""

    def _blob(self, oid: str) -> bytes | None:
        return self._git.read_blob(oid) if oid else None


def _free_id(change_id: str, taken: set[str]) -> str:
    """The end of a change id, as short as nothing else is called: what a person types."""
    name = change_id.lower()
    lengths = range(min(_SHORTEST_ID, len(name)), len(name) + 1)
    return next((name[-length:] for length in lengths if name[-length:] not in taken), name)
