"""Carries a purge out to its end, or drops it where nothing has happened yet. The caller holds the workspace's lock.

The refs move first, all of them; then what lies beside them follows, and the old objects go. Killed anywhere, it is
taken up again by whoever opens the workspace next.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from hermes_fs.core.errors import Conflict, Failed
from hermes_fs.store.failpoint import reach
from hermes_fs.store.files import Files
from hermes_fs.store.forgetting import plan as journal
from hermes_fs.store.forgetting import scrubbing, vanishing
from hermes_fs.store.forgetting.plan import DEAD, Plan
from hermes_fs.store.git import Git
from hermes_fs.store.transcript import write_whole


def finish(git: Git, files: Files) -> None:
    """What a killed purge left to do. Raises Failed; then the next open tries again."""
    state_dir = git.git_dir / "hermes"
    plan = journal.read(state_dir)
    if plan is None:
        return
    _drop_locks(git, plan)
    if not any(git.resolve(ref) == new != old for ref, (old, new) in plan.refs.items()):
        journal.drop(state_dir)  # nothing of it happened; the objects that were made are nobody's
        return
    carry_out(git, files, plan)


def carry_out(git: Git, files: Files, plan: Plan) -> list[str]:
    """From the moment on at which the plan is on the disk: ids of the objects that are gone. Conflict where a ref was
    moved before any of ours was; then nothing has happened."""
    state_dir = git.git_dir / "hermes"
    try:
        _move_refs(git, plan)
    except Conflict:
        journal.drop(state_dir)
        raise
    reach("forget.refs")
    wanted = plan.wanted(git)
    scrubbing.disk(git, files, wanted)
    reach("forget.disk")
    scrubbing.index(git, plan, wanted)
    scrubbing.logs(git, plan, wanted)
    reach("forget.logs")
    gone = _dead(git, state_dir, plan)
    reach("forget.dead")
    vanishing.remove(git, gone)
    reach("forget.gone")
    scrubbing.state(git, state_dir, plan, wanted)
    reach("forget.state")
    journal.drop(state_dir)
    return gone


def _move_refs(git: Git, plan: Plan) -> None:
    """In one transaction; where a kill left half of it, the rest."""
    now = {ref: git.resolve(ref) for ref in plan.refs}
    due = {ref: ends for ref, ends in plan.refs.items() if ends[0] != ends[1] and now[ref] != ends[1]}
    moved = next((ref for ref, (old, _) in due.items() if now[ref] != old), "")
    begun = any(now[ref] == new != old for ref, (old, new) in plan.refs.items())
    if moved and not begun:
        raise Conflict(f"{moved} was moved by somebody else", "try again")
    if not due:
        return
    none = "0" * len(git.empty_tree)
    words = [f"update {ref}\0{new or none}\0{(now[ref] if begun else old) or none}" for ref, (old, new) in due.items()]
    git.run(
        "update-ref",
        "-m",
        "hermes: forget",
        "--stdin",
        "-z",
        input="\0".join(["start", *words, ""]).encode() + b"prepare\0commit\0",
    )


def _dead(git: Git, state_dir: Path, plan: Plan) -> list[str]:
    """Noted before the first goes: afterwards they could not be told any more."""
    note = state_dir / DEAD
    with contextlib.suppress(FileNotFoundError, ValueError):  # not found out yet
        return [str(oid) for oid in json.loads(note.read_bytes())]
    old = [*(old for old, _ in plan.refs.values() if old), *plan.stash]
    gone = vanishing.dead(git, old, plan.held)
    try:
        write_whole(note, json.dumps(gone).encode())
    except OSError as error:
        raise Failed(f"{note} cannot be written: {error.strerror}", "free some space there") from error
    return gone


def _drop_locks(git: Git, plan: Plan) -> None:
    """A git that was killed in its transaction leaves them; nobody else moves refs while we hold the workspace."""
    for name in (*plan.refs, "packed-refs"):
        (git.common_dir / f"{name}.lock").unlink(missing_ok=True)
