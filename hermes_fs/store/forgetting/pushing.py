"""Rewrites a remote after a purge, where a person asks for it: each ref from exactly what it was. The one forced push.

All refs go in one transaction with the record that explains them, so other machines never see one without the other.
"""

from __future__ import annotations

from collections.abc import Mapping

from hermes_fs.core.errors import Conflict, Failed
from hermes_fs.store import remote
from hermes_fs.store.failpoint import reach
from hermes_fs.store.forgetting import records
from hermes_fs.store.forgetting.asked import PURGES
from hermes_fs.store.git import Git
from hermes_fs.store.state import BRANCH
from hermes_fs.store.syncing import exchange
from hermes_fs.store.syncing.exchange import Remote
from hermes_fs.store.syncing.joining import is_ancestor
from hermes_fs.store.workspace import Workspace

_PATIENCE = 600.0  # seconds to wait for the remote


def push(workspace: Workspace, name: str) -> list[str]:
    """With the remote of this name; a line for each ref that was rewritten there. NotFound where there is none, Failed
    where it cannot be reached or does not take it, Conflict where it has lessons that are not here."""
    other = exchange.primary(workspace.git, name, _PATIENCE)
    return push_to(workspace, other, other.look())


def push_to(workspace: Workspace, other: Remote, there: Mapping[str, str]) -> list[str]:
    """As `push`, with what the remote has."""
    git = workspace.git
    wanted, unknown = _wanted(git, there)
    if not wanted:
        return []
    reach("forget.push")
    fates = remote.rewrite(git, other.address, wanted)
    left = {ref: fate for ref, fate in fates.items() if fate != "ok"}
    if left:
        ref, why = next(iter(left.items()))
        raise Failed(
            f"{other.name} does not take {ref}: {why.removeprefix('rejected: ')}",
            "allow its refs to be rewritten there (protected branches, receive.denyNonFastForwards), then try again",
        )
    for ref, (new, _) in wanted.items():
        if ref != PURGES:
            other.agree(ref, new)
    said = [f"{other.name}: {ref} rewritten, {old[:8]} -> {new[:8]}" for ref, (new, old) in wanted.items() if old]
    return [*said, *(f"{other.name}: {ref} is not here and was left as it is" for ref in unknown)]


def _wanted(git: Git, there: Mapping[str, str]) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """(ref → (new, old) of what is to be rewritten there, refs there of which nothing is known here)."""
    tip = git.resolve(PURGES)
    if not tip or there.get(PURGES, "") == tip:
        return {}, []
    now = records.composed(records.read(git, tip))
    wanted: dict[str, tuple[str, str]] = {PURGES: (tip, there.get(PURGES, ""))}
    unknown: list[str] = []
    for ref, far in there.items():
        here = git.resolve(ref)
        if ref == PURGES or here == far:
            continue
        if far in now:
            new = now[far]
            wanted[ref] = (here if here and is_ancestor(git, new, here) else new), far
        elif ref == BRANCH and not is_ancestor(git, far, here):
            raise Conflict(
                "others taught the remote meanwhile, on the history of before",
                "bring their lessons over first: hermes sync --push-purge",
            )
        elif not git.kind_of(far):
            unknown.append(ref)
    return wanted, unknown
