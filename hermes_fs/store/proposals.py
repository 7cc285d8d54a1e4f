"""Where the agent's changes go: through the door, or to the proposals that wait for a person, as the policy says.

Writes no file of the mind and moves no branch of its own; review.py is the person's side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hermes_fs.core import origins
from hermes_fs.core.errors import Failed, Refused
from hermes_fs.core.types import Change, Commit, Doc, Provenance, Verdict
from hermes_fs.store.judging import credentials_in
from hermes_fs.store.ledger import Ledger, digest_of
from hermes_fs.store.message import Approval
from hermes_fs.store.paths import skill_of
from hermes_fs.store.policy import REFUSED, Gate, Policy, Ungated, told
from hermes_fs.store.proposal import WAITING, Proposal, Ref, Standing
from hermes_fs.store.shelf import Shelf
from hermes_fs.store.workspace import Outdated, Workspace

_ATTEMPTS = 4
_GOES_ON = "it goes on from what waits already"
_LATER = Approval("", "", override="a person will say")
_WORDS = 1500  # of the reasons of a proposal that grew


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a session proposed already and goes on from: its proposals, and the files as they would make them."""

    proposals: tuple[Proposal, ...]
    files: dict[str, bytes | None]


class Proposals:
    """The agent's way to a durable change. Cheap to make; thread-safe as the workspace is. `gate` tries skills out."""

    def __init__(self, workspace: Workspace, policy: Policy | None = None, gate: Gate | None = None) -> None:
        self._workspace = workspace
        self._policy = policy or Policy()
        self._gate = gate
        self._shelf = Shelf(workspace, self._policy.expire_days)

    def read(self, path: str, session: str) -> Doc:
        """A file as a session left it: what it proposed and nobody decided on yet counts. As `Workspace.read`."""
        ground = self._ground(session, (path,)).files
        if path not in ground:
            return self._workspace.read(path)
        data = ground[path]
        if data is None:
            return Doc("", "")
        try:
            return Doc(data.decode(), self._workspace.git.oid_of("blob", data))
        except UnicodeDecodeError as error:
            raise Failed(f"{path} is no UTF-8 text (byte {error.start})", "save it as UTF-8") from error

    def submit(self, change: Change) -> Commit | Proposal:
        """Makes it a lesson, or a proposal where the policy wants a person to see it first. Either is durable when this
        returns. Raises as `Workspace.commit`; Refused also where a person rejected the same, or too many wait; Ungated
        where the gate does not pass it."""
        ground = self._ground(change.provenance.session, tuple(change.files))
        change = self._gated(change, ground)
        because = self._policy.objection(change) or (_GOES_ON if ground.proposals else "")
        return self._add(change, because, ground) if because else self._workspace.commit(change)

    def propose(self, change: Change, because: str) -> Proposal:
        """As `submit`, whatever the policy says of it, and on its own."""
        return self._add(self._gated(change, _Ground((), {})), because, None)

    def keep(self, change: Change, verdict: Verdict) -> Proposal:
        """A proposal of what the gate refused with this verdict, for a person, who alone can want it all the same.
        Nothing goes on from it. Raises as `propose`; Refused for a credential, which is never kept."""
        whole = _joined(change, self._ground(change.provenance.session, tuple(change.files)))
        return self._add(replace(whole, verdict=None), f"{REFUSED}{told(verdict)}", None, despite=True)

    def update(self, path: str, transform: Callable[[str], str], draft: Change) -> Commit | Proposal | None:
        """Submits what a function makes of a text file ("" where there is none); None if that is no change. `draft` is
        the change but for its files. `transform` may be called again; it must not commit."""
        with self._workspace.locked():
            for left in reversed(range(_ATTEMPTS)):
                doc = self.read(path, draft.provenance.session)
                fresh = transform(doc.text)
                if fresh == doc.text:
                    return None
                try:
                    return self.submit(replace(draft, files={path: fresh.encode()}, expect={path: doc.blob}))
                except Outdated:
                    if not left:
                        raise
        return None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _ground(self, session: str, paths: Sequence[str]) -> _Ground:
        """The session's own proposals that touch these files, or make or delete the skill that they belong to."""
        wanted = {*paths, *(f"{skill}/SKILL.md" for path in paths if (skill := skill_of(path)))}
        mine = {
            id: made
            for id, made in self._shelf.ledger().made.items()
            if session and made.session == session and wanted & made.files.keys()
        }
        refs = [Ref(id, self._at(id)) for id, made in mine.items() if self._shelf.waits(id, made)]
        proposals: list[Proposal] = []
        files: dict[str, bytes | None] = {}
        for one in self._shelf.read(refs) if refs else ():
            if wanted & one.files.keys() and one.standing.fits and one.standing.state in ("waiting", "stale"):
                proposals.append(one)
                files |= self._shelf.content(one)
        return _Ground(tuple(proposals), files)

    def _at(self, id: str) -> str:
        return self._workspace.git.resolve(f"{WAITING}/{id}")

    def _gated(self, change: Change, ground: _Ground) -> Change:
        """With the gate's verdict of what it makes together with what it goes on from."""
        if not self._gate or not any(map(skill_of, change.files)):
            return change
        self._require_unrejected(self._shelf.ledger(), change, ground)
        verdict = self._gate(_joined(change, ground))
        if verdict and not verdict.passed:
            raise Ungated(verdict)
        return replace(change, verdict=verdict)

    def _add(self, change: Change, because: str, own: _Ground | None, despite: bool = False) -> Proposal:
        """`own` is what it goes on from, None for what nothing goes on from; `despite`: whatever is wrong with it."""
        workspace, ground = self._workspace, own or _Ground((), {})
        with workspace.locked():
            workspace.require_learning()
            ledger = self._shelf.ledger()
            self._require_expected(change, ground)
            self._require_unrejected(ledger, change, ground)
            whole = _joined(change, ground)
            if ground.proposals and all(workspace.read_bytes(path) == data for path, data in whole.files.items()):
                return self._withdraw(ground.proposals)
            if not workspace.head():
                raise Refused("nothing can be proposed before the first lesson", "commit something on main")
            weighed = workspace.weigh(whole, reviewed=True, approval=_LATER if despite else None)
            if despite and (found := credentials_in(weighed, workspace.formats, workspace.trust.knows_secret)):
                raise Refused(found[0], "leave the credential out")
            digest = digest_of(weighed.versions)
            same = self._same(ledger, digest)
            if same:
                return same
            first = ground.proposals[0] if ground.proposals else None
            session = change.provenance.session if own else ""
            said = {"Hermes-Review": f"proposed: {because}"}
            made = self._shelf.put(weighed, first, said, session, self._policy.waiting)
            for other in ground.proposals[1:]:
                self._shelf.drop(other)
            return made

    def _require_expected(self, change: Change, ground: _Ground) -> None:
        for path, wanted in change.expect.items():
            if path in ground.files:
                data = ground.files[path]
                if (self._workspace.git.oid_of("blob", data) if data is not None else "") != wanted:
                    raise Outdated(f"{path} was changed in between", "read it again and redo the change")

    def _require_unrejected(self, ledger: Ledger, change: Change, ground: _Ground) -> None:
        """What a person said no to is not put before them again."""
        read = self._workspace.read_bytes
        versions = {
            path: (ground.files[path] if path in ground.files else read(path), data)
            for path, data in change.files.items()
        }
        no = ledger.rejection(digest_of(versions)) if ledger.rejected else None
        if no:
            said = f": {no.reason}" if no.reason and origins.is_trusted(origins.known(no.origin)) else ""
            hint = f"don't propose it again; only the user can bring it back, with `hermes review accept {no.id}`"
            raise Refused(f"{no.by} rejected exactly this on {no.when[:10]}{said}", hint)

    def _same(self, ledger: Ledger, digest: str) -> Proposal | None:
        ids = [id for id, made in ledger.made.items() if made.digest == digest and self._shelf.waits(id, made)]
        found = self._shelf.read([Ref(id, self._at(id)) for id in ids]) if ids else []
        return next((one for one in found if one.standing.state != "expired"), None)

    def _withdraw(self, proposals: Sequence[Proposal]) -> Proposal:
        for one in proposals:
            self._shelf.drop(one)
        return replace(proposals[0], standing=Standing("withdrawn", False))


def _joined(change: Change, ground: _Ground) -> Change:
    """One change out of what was proposed and what is added to it."""
    if not ground.proposals:
        return change
    whys = dict.fromkeys(one.why for one in ground.proposals if one.why)
    first, now = ground.proposals[0].provenance, change.provenance
    origin = origins.least_trusted((now.origin, *(one.provenance.origin for one in ground.proposals)))
    gone = {skill_of(path) for path, data in change.files.items() if data is None and path.endswith("/SKILL.md")}
    files = {path: None if skill_of(path) in gone else data for path, data in ground.files.items()}
    return Change(
        {**files, **change.files},
        change.kind,
        "\n".join([*whys, *([change.why] if change.why not in whys else [])])[-_WORDS:],
        replace(now, origin=origin, evidence=_span(first, now)),
        {path: blob for path, blob in change.expect.items() if path not in ground.files},
        change.verdict,
    )


def _span(first: Provenance, last: Provenance) -> str:
    """Evidence from the first to the last of two, where one transcript holds both."""
    (path, _, start), (same, _, end) = first.evidence.partition("#"), last.evidence.partition("#")
    if path != same or not start or not end:
        return last.evidence
    return f"{path}#{start.partition('..')[0]}..{end.rpartition('..')[2]}"
