"""Keeps the proposals of a workspace and of its remote the same, each ref by what was last agreed of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hermes_fs.store import proposal
from hermes_fs.store.failpoint import reach
from hermes_fs.store.git import Git
from hermes_fs.store.proposal import WAITING, Ref
from hermes_fs.store.shelf import Shelf
from hermes_fs.store.syncing.exchange import Remote
from hermes_fs.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Steps:
    """What is to be done of proposals, by ref: `bring` maps to the commit that is taken over, `send` to (new, old) over
    there, `drop` are those that somebody decided on elsewhere, `agreed` those that are the same by now."""

    bring: dict[str, str]
    send: dict[str, tuple[str, str]]
    drop: list[str]
    agreed: dict[str, str]


def compared(git: Git, other: Remote, there: Mapping[str, str]) -> Steps:
    """Three-way, by ref. Where both sides changed one, an edit beats a decision, and of two edits the later counts."""
    here = {ref.name: ref.commit for ref in proposal.refs(git, (WAITING,))}
    known = other.all_known(WAITING)
    far = {ref: oid for ref, oid in there.items() if ref.startswith(f"{WAITING}/")}
    steps = Steps({}, {}, [], {})
    for ref in {**here, **known, **far}.keys() - other.left_out:
        was, own, their = known.get(ref, ""), here.get(ref, ""), far.get(ref, "")
        if own == their:
            steps.agreed[ref] = own
        elif own == was or (own and their and _when(git, their) > _when(git, own)) or (not own and their != was):
            if their:
                steps.bring[ref] = their
            else:
                steps.drop.append(ref)
        else:
            steps.send[ref] = own, their
    return steps


def take_over(workspace: Workspace, other: Remote, steps: Steps, days: int) -> Iterator[str]:
    """Does `bring` and `drop`; a line for each that somebody decided on elsewhere. What it drops is kept with those put
    away, unless it is on main."""
    shelf = Shelf(workspace, days)
    with workspace.locked():
        for ref, oid in steps.agreed.items():
            other.agree(ref, oid)
        for ref, oid in steps.bring.items():
            workspace.git.update_ref(ref, oid, workspace.git.resolve(ref))
            reach("sync.proposal")
            other.agree(ref, oid)
        for ref in steps.drop:
            for one in shelf.read([Ref(ref.rpartition("/")[2], workspace.git.resolve(ref))]):
                if shelf.is_on_main(one):
                    shelf.drop(one)
                else:
                    shelf.put_away(one)
                    yield f"proposal {one.id} was decided on elsewhere: hermes review list --away"
            other.agree(ref, "")


def _when(git: Git, commit: str) -> tuple[int, str]:
    """A later one is the larger; of two at the same second one is, on every machine."""
    said = git.ask("log", "-1", "--format=%ct", commit, "--").out.strip()
    return int(said or 0), commit
