"""Takes lessons back: a three-way revert that lets later lessons survive, and restoring a file as it was.

Decides what the files must become; writing is the door's.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from hermes_fs.core.errors import Conflict, NotFound, Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import history
from hermes_fs.store.formats.format import Format
from hermes_fs.store.history import MAIN, Lesson
from hermes_fs.store.workspace import Workspace


def last_standing(workspace: Workspace) -> Lesson:
    """The newest lesson that was not taken back, made by the agent or with a command: what a person wrote into a file
    is theirs to edit. NotFound where there is none."""
    for lesson in history.walk(workspace.git):
        if lesson.trailers.get("Review") and lesson.kind != "revert" and not lesson.reverted_by:
            return lesson
    raise NotFound("there is nothing left to undo", "see everything with `hermes log`")


def revert(workspace: Workspace, lessons: Sequence[Lesson], why: str, provenance: Provenance) -> Commit:
    """Take lessons back in one commit; what was learned after them stays. A revert can be reverted: that brings the
    lesson back. Conflict, and nothing is written, where a later lesson changed the same; Refused where nothing is left
    to take back."""
    _require_standing(lessons)
    with workspace.locked():
        places = {commit: place for place, commit in enumerate(_newest_first(workspace, lessons))}
        files: dict[str, bytes | None] = {}
        for lesson in sorted(lessons, key=lambda one: places[one.commit]):
            _take_out(workspace, lesson, files)
        return _write(workspace, files, f"{_reason(lessons)}\n{why}", replace(provenance, reverts=_names(lessons)))


def restore(workspace: Workspace, path: str, rev: str, why: str, provenance: Provenance) -> Commit:
    """Bring a file, or everything below a folder, back as it was at a commit, as a new lesson. Files that came into the
    folder since then go. NotFound where it was not there, Refused where it is as it was."""
    wanted = _below(workspace, rev, path)
    if not wanted:
        raise NotFound(f"{path} was not there at {rev[:8]}", f"see its history with `hermes log --path {path}`")
    with workspace.locked():
        files: dict[str, bytes | None] = dict.fromkeys(_below(workspace, MAIN, path))
        files |= {name: workspace.git.read_blob(oid) for name, oid in wanted.items()}
        return _write(workspace, files, why or f"{path} as it was at {rev[:8]}", provenance)


def before_last_change(workspace: Workspace, path: str) -> str:
    """The commit at which a path was last different from now: before its newest lesson. NotFound if it has none."""
    newest = next(history.walk(workspace.git, (path,)), None)
    if newest is None or not newest.parents:
        raise NotFound(f"{path} has no earlier state", f"see its history with `hermes log --path {path}`")
    return newest.parents[0]


def _require_standing(lessons: Sequence[Lesson]) -> None:
    for lesson in lessons:
        if lesson.reverted_by:
            hint = f"bring it back with `hermes revert {lesson.reverted_by}`"
            raise Refused(f"{lesson.short} is taken back already", hint)
        if len(lesson.parents) != 1:
            what = "a merge" if lesson.parents else "the first commit"
            raise UsageError(f"{lesson.short} is {what}: it cannot be taken back", "revert single lessons instead")


def _newest_first(workspace: Workspace, lessons: Sequence[Lesson]) -> list[str]:
    """By descent, not by clock."""
    commits = [lesson.commit for lesson in lessons]
    wanted = set(commits)
    return [one.commit for one in history.walk(workspace.git) if one.commit in wanted] if len(commits) > 1 else commits


def _take_out(workspace: Workspace, lesson: Lesson, files: dict[str, bytes | None]) -> None:
    """Merge the step from the lesson's result to what stood before it into the files as they are now."""
    for path in lesson.files:
        now = files[path] if path in files else workspace.read_bytes(path)
        before = _bytes_at(workspace, lesson.parents[0], path)
        after = _bytes_at(workspace, lesson.commit, path)
        merged = _format_of(path).merge(after, now, before)
        if merged.conflicts:
            what = f"{lesson.short} cannot be taken back alone: {path}: {merged.conflicts[0]}"
            raise Conflict(what, _way_out(workspace, lesson, path))
        files[path] = merged.content


def _format_of(path: str) -> Format:
    """The registry is loaded by the first revert: the chat knows of reverts and is to start without it."""
    found: Format = load("hermes_fs.store.formats.registry:format_of")(path)
    return found


def _way_out(workspace: Workspace, lesson: Lesson, path: str) -> str:
    newer = itertools.takewhile(lambda one: one.commit != lesson.commit, history.walk(workspace.git, (path,)))
    standing = [one.short for one in newer if not one.reverted_by]
    ids = " ".join([*standing[:5], lesson.short])
    return f"take the later lessons back too (`hermes revert {ids}`), or edit {path} by hand"


def _write(workspace: Workspace, files: dict[str, bytes | None], why: str, provenance: Provenance) -> Commit:
    changed = {path: data for path, data in files.items() if data != workspace.read_bytes(path)}
    if not changed:
        raise Refused("nothing would change: it is so already", "see what stands with `hermes log`")
    return workspace.commit(Change(changed, "revert", why, provenance))


def _reason(lessons: Sequence[Lesson]) -> str:
    return "\n".join(f'Takes back {lesson.short} "{lesson.subject}".' for lesson in lessons)


def _names(lessons: Sequence[Lesson]) -> str:
    return " ".join(lesson.name for lesson in lessons)


def _bytes_at(workspace: Workspace, commit: str, path: str) -> bytes | None:
    oid = workspace.git.blob_at(commit, path)
    return workspace.git.read_blob(oid) if oid else None


def _below(workspace: Workspace, rev: str, path: str) -> dict[str, str]:
    """Path → blob id of a file, or of everything in a folder, at a commit."""
    path = path.rstrip("/")
    oid = workspace.git.blob_at(rev, path)
    if oid:
        return {path: oid}
    tree = workspace.git.tree_at(rev, path)
    return {name: entry.oid for name, entry in workspace.git.files(tree, f"{path}/")} if tree else {}
