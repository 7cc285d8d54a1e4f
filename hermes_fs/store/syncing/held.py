"""Makes proposals of the lessons that a join left out, also where a kill came between the two."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from hermes_fs.core.errors import HermesError, Refused
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import history
from hermes_fs.store.history import Lesson
from hermes_fs.store.paths import kind_of
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.syncing.vouching import Held
from hermes_fs.store.transcript import write_whole
from hermes_fs.store.workspace import Workspace

_FILE = "held.json"
_SAID = 5  # lessons that get a line of their own


def note(state_dir: Path, held: Sequence[Held]) -> None:
    """Before they are left out of main: they are proposed afterwards, at the latest by the next sync."""
    rows = {one.commit: one.because for one in (*_noted(state_dir), *held)}
    write_whole(state_dir / _FILE, json.dumps(rows).encode())


def propose(workspace: Workspace, days: int) -> list[str]:
    """A proposal for each that was noted and left out; a line for a person on each. `days` until they expire."""
    noted = _noted(workspace.state_dir)
    if not noted:
        return []
    proposals = Proposals(workspace, Policy(expire_days=days))
    git, head = workspace.git, workspace.head()
    known = [one for one in noted if not git.ask("merge-base", "--is-ancestor", one.commit, head).code]
    lessons = {one.commit: one for one in history.these(git, [one.commit for one in known])}
    lines = [_proposed(workspace, proposals, lessons[one.commit], one.because) for one in known]
    (workspace.state_dir / _FILE).unlink(missing_ok=True)
    more = [f"and {len(lines) - _SAID} more lessons do not hold here: hermes review"] if len(lines) > _SAID else []
    return [*lines[:_SAID], *more]


def _proposed(workspace: Workspace, proposals: Proposals, lesson: Lesson, because: str) -> str:
    what = f"{lesson.short} by {lesson.author} does not hold here, as {because}"
    try:
        with workspace.locked():
            workspace.commit_pending()
            made = proposals.propose(_again(workspace, lesson), f"{because} (lesson {lesson.short})")
    except HermesError as error:  # it stays in the history, where a person can read it
        return f"{what}; no proposal ({error.message}): hermes show {lesson.short}"
    return f"{what}: hermes review show {made.id}"


def _again(workspace: Workspace, lesson: Lesson) -> Change:
    """What the lesson does, done to the files as they are now."""
    git, before = workspace.git, lesson.parents[0] if lesson.parents else ""
    files: dict[str, bytes | None] = {}
    for path in lesson.files:
        ends = [git.blob_at(commit, path) if commit else "" for commit in (before, lesson.commit)]
        old, new = (git.read_blob(oid) if oid else None for oid in ends)
        now = workspace.read_bytes(path)
        merged = workspace.formats(path).merge(old, now, new)
        if merged.content != now:
            files[path] = merged.content
    if not files:
        raise Refused("nothing of it is left to do")
    kinds = (kind_of(path) for path in files)
    provenance = Provenance(origin="channel", trigger="sync", person=lesson.trailers.get("Person", ""))
    return Change(files, next((kind for kind in kinds if kind), "note"), f"{lesson.subject}\n{lesson.why}", provenance)


def _noted(state_dir: Path) -> list[Held]:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # none, or cut off: they stay in the history
        rows = json.loads((state_dir / _FILE).read_bytes())
        return [Held(str(commit), str(because)) for commit, because in rows.items()]
    return []
