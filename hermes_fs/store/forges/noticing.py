"""Looks what became of pull requests: merged, closed, commented. Decides nothing but what people decided there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hermes_fs.core.errors import HermesError, NotFound
from hermes_fs.core.people import OWNER
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting, portraits
from hermes_fs.store.feedback import LONGEST, Feedback, Remark
from hermes_fs.store.forges.choosing import ForgeSettings, choose
from hermes_fs.store.forges.forge import Comment, Forge, Pull
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.pulls import ENDED, Known, Pulls
from hermes_fs.store.remote import without_login
from hermes_fs.store.review import Review
from hermes_fs.store.shelf import Shelf
from hermes_fs.store.workspace import Workspace

_REASON = 300
_MOST = 20  # pull requests that a forge is asked about at a time, where there is a pause between two looks
_NAMED = 3


def notice(
    workspace: Workspace,
    address: str,
    settings: ForgeSettings,
    environ: Mapping[str, str],
    policy: Policy | None = None,
    pause: float = 0.0,
) -> list[str]:
    """What changed since the last look at the pull requests on a remote, a line each; after a fetch and merge of main.
    Merged: the proposal leaves the inbox once main has it. Closed: it is put away as rejected. Comments are kept for
    the next look back. A forge is asked for each once in `pause` seconds at most. Raises nothing for a forge that does
    not answer: that is a line too."""
    pulls = Pulls(workspace.state_dir, workspace.locked)
    here = without_login(address)
    waiting = [one for one in pulls.all().values() if one.remote == here and one.state not in ENDED]
    if not waiting:
        return []
    lines: list[str] = []
    try:
        moment = workspace.clock.now().timestamp()
        asked = [one for one in waiting if one.number and not 0 <= moment - one.looked < pause]
        due = {one.id for one in sorted(asked, key=lambda one: one.looked)[: _MOST if pause else None]}
        look = _Look(
            workspace, policy or Policy(), choose(address, settings, environ, ask=False).forge if due else None
        )
        for one in waiting:
            now, said = look.at(one, moment if one.id in due else 0.0)
            lines += said
            if now != one:
                pulls.put(now)
    except HermesError as error:
        lines.append(f"pull requests were not looked at: {error.message}")
    return lines


class _Look:
    """One look at a remote's pull requests."""

    def __init__(self, workspace: Workspace, policy: Policy, forge: Forge | None) -> None:
        self._workspace = workspace
        self._review = Review(workspace, policy)
        self._shelf = Shelf(workspace, policy.expire_days)
        self._feedback = Feedback(workspace.state_dir, workspace.locked)
        self._forge = forge

    def at(self, known: Known, moment: float) -> tuple[Known, list[str]]:
        """How it is known now, and what is new. The forge is asked where there is a `moment`."""
        one = self._proposal(known.id)
        pull, comments = self._asked(known) if moment else (None, ())
        known = replace(known, looked=moment or known.looked)
        known, lines = self._heard(known, one, comments)
        if one is None:
            return self._ended(known, pull, self._on_main(known), lines)
        if self._landed(known, one, pull):
            return self._ended(known, pull, True, lines)
        if pull and pull.state == "merged":
            return known, [*lines, f"{known.shown} of {known.id} was merged{_by(pull)}; main here has it once synced"]
        if pull and pull.state == "closed":
            return self._closed(known, one, pull, comments, lines)
        return known, lines

    def _ended(self, known: Known, pull: Pull | None, on_main: bool, lines: list[str]) -> tuple[Known, list[str]]:
        """It does not wait here any more."""
        if pull and pull.state == "open":
            how = "is accepted" if on_main else "does not wait"
            lines = [*lines, f"{known.shown} of {known.id} is still open on the forge, but {how} here: close it there"]
        elif on_main:
            lines = [*lines, f"{known.shown} of {known.id} was merged{_by(pull)}: it is a lesson on main"]
        return replace(known, state="merged" if on_main else "gone"), lines

    def _proposal(self, id: str) -> Proposal | None:
        """While it waits."""
        try:
            found = self._shelf.find(id)
        except NotFound:
            return None
        return found if found.id == id and found.standing.state in ("waiting", "stale") else None

    def _asked(self, known: Known) -> tuple[Pull | None, Sequence[Comment]]:
        if not self._forge or not known.number or self._forge.kind != known.kind:
            return None, ()
        try:
            return self._forge.state_of(known.number), self._forge.comments_of(known.number)
        except NotFound:  # deleted there, or hidden: the others are still asked about
            return None, ()

    def _landed(self, known: Known, one: Proposal, pull: Pull | None) -> bool:
        """Whether main here has it: by its content or its change id, or by the commit that the forge says it became.
        Then it leaves the inbox; where only the forge says so, it can be brought back."""
        with self._workspace.locked():
            if self._shelf.is_on_main(one) or self._on_main(known):
                self._shelf.drop(one)
                return True
            if pull and pull.state == "merged" and pull.merged and self._is_in_main(pull.merged):
                self._shelf.put_away(one)
                return True
        return False

    def _on_main(self, known: Known) -> bool:
        """A lesson with its change id, which the branch brought. Proposals that were accepted here are such, too."""
        git, head = self._workspace.git, self._workspace.head()
        since = git.resolve(f"{known.commit}^") if known.commit else ""
        words = ("log", "-1", "--format=%H", "--fixed-strings", f"--grep=Hermes-Change: {known.change}")
        return bool(known.change and git.run(*words, head, *([f"^{since}"] if since else []), "--").strip())

    def _is_in_main(self, commit: str) -> bool:
        git = self._workspace.git
        return (
            bool(git.resolve(commit))
            and not git.ask("merge-base", "--is-ancestor", commit, self._workspace.head()).code
        )

    def _heard(self, known: Known, one: Proposal | None, comments: Sequence[Comment]) -> tuple[Known, list[str]]:
        """New comments are kept for the next look back."""
        new = [each for each in comments if each.id not in known.seen]
        if not new:
            return known, []
        about = one_line(f"{known.shown}, proposal {known.id}{f': {one.subject}' if one else ''}", 200)
        owner = self._owner_accounts(known.kind)
        self._feedback.add(
            [
                Remark(
                    f"{known.id}:{each.id}", about, each.author, each.text[:LONGEST], each.when, each.author in owner
                )
                for each in new
            ]
        )
        names = list(dict.fromkeys(each.author for each in new))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        count = f"{len(new)} comment{'s' if len(new) > 1 else ''}"
        line = f"{known.shown} of {known.id}: {count} by {', '.join(names[:_NAMED])}{more}, for the next look back"
        return replace(known, seen=(*known.seen, *(each.id for each in new))), [line]

    def _owner_accounts(self, kind: str) -> set[str]:
        """The owner's accounts on this forge, by people.yaml, unless others wrote in it and nobody here trusts that."""
        if any(one.kind == "people" for one in acting.pending(self._workspace)):
            return set()
        return portraits.accounts(self._workspace, OWNER, kind)

    def _closed(
        self, known: Known, one: Proposal, pull: Pull, comments: Sequence[Comment], lines: list[str]
    ) -> tuple[Known, list[str]]:
        who = pull.by or "somebody"
        owner = pull.by in self._owner_accounts(known.kind)
        reason = one_line(comments[-1].text, _REASON) if comments else ""
        by = OWNER if owner else f"{who}, who closed {known.shown} on the forge"
        self._review.reject(one.id, by, reason, "owner" if owner else "channel")
        told = f": {reason}" if reason else ""
        line = f"{known.shown} of {known.id} was closed on the forge by {who}{told}; it is put away as rejected"
        return replace(known, state="closed"), [*lines, line]


def _by(pull: Pull | None) -> str:
    return f" by {pull.by}" if pull and pull.by else ""
