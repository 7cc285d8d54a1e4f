"""Takes lessons back: a three-way revert that lets later lessons survive, and restoring a file as it was.

Decides what the files must become; writing is the door's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hermes_fs.core.errors import Conflict, NotFound, Refused, UsageError
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import history
from hermes_fs.store.formats.registry import format_of
from hermes_fs.store.history import MAIN, Lesson
from hermes_fs.store.workspace import Workspace


def last_standing(workspace: Workspace) -> Lesson:
    """The agent's newest lesson that was not taken back. NotFound where there is none."""
    for lesson in history.log(workspace.git):
        if lesson.by == "agent" and lesson.kind != "revert" and not lesson.reverted_by:
            return lesson
    raise NotFound("there is nothing of the agent's to undo", "see everything with `hermes log`")


def revert(workspace: Workspace, lessons: Sequence[Lesson], why: str, provenance: Provenance) -> Commit:
    """Take lessons back in one commit, newest first; what was learned after them stays. Nothing is written where that
    cannot be told apart (Conflict). A revert can be reverted: that brings the lesson back."""
    workspace.commit_pending()
    files: dict[str, bytes | None] = {}
    with workspace.locked():
        for lesson in sorted(lessons, key=lambda one: one.when, reverse=True):
            _take_out(workspace, lesson, files)
        changed = {path: data for path, data in files.items() if data != workspace.read_bytes(path)}
        if not changed:
            raise Refused("nothing of it is left to take back", "see what stands with `hermes log`")
        reverts = " ".join(lesson.change or lesson.commit for lesson in lessons)
        return workspace.commit(Change(changed, "revert", why, replace(provenance, reverts=reverts)))


def restore(workspace: Workspace, path: str, rev: str, why: str, provenance: Provenance) -> Commit:
    """Bring a file, or everything below a folder, back as it was at a commit, as a new lesson. Files that came into the
    folder since then go."""
    workspace.commit_pending()
    wanted = _below(workspace, rev, path)
    if not wanted:
        raise NotFound(f"{path} was not there at {rev[:8]}", f"see its history with `hermes log --path {path}`")
    with workspace.locked():
        now = _below(workspace, MAIN, path)
        files: dict[str, bytes | None] = {name: None for name in now if name not in wanted}
        files.update({name: workspace.git.read_blob(oid) for name, oid in wanted.items() if now.get(name) != oid})
        if not files:
            raise Refused(f"{path} is as it was then", "name an earlier commit or date with --at")
        return workspace.commit(Change(files, "revert", why, provenance))


def commit_at(workspace: Workspace, moment: datetime) -> str:
    """The commit of main that stood at a moment. NotFound before the first."""
    for lesson in history.log(workspace.git):
        if lesson.when <= moment:
            return lesson.commit
    raise NotFound(f"there was no workspace yet at {moment:%Y-%m-%d %H:%M}", "name a later date")


def before_last_change(workspace: Workspace, path: str) -> str:
    """The commit at which a path was last different from now: before its newest lesson. NotFound if it has none."""
    lessons = history.log(workspace.git, history.Filter(paths=(path,)))
    if not lessons or not lessons[0].parents:
        raise NotFound(f"{path} has no earlier state", "see its history with `hermes log --path`")
    return lessons[0].parents[0]


def _take_out(workspace: Workspace, lesson: Lesson, files: dict[str, bytes | None]) -> None:
    if len(lesson.parents) != 1:
        what = "a merge" if lesson.parents else "the first commit"
        raise UsageError(f"{lesson.short} is {what} and cannot be taken back", "revert the lessons that it brought")
    conflicts: list[str] = []
    for path in lesson.files:
        now = files[path] if path in files else workspace.read_bytes(path)
        before = _bytes_at(workspace, lesson.parents[0], path)
        after = _bytes_at(workspace, lesson.commit, path)
        merged = format_of(path).merge(after, now, before)
        conflicts += [f"{path}: {conflict}" for conflict in merged.conflicts]
        files[path] = merged.content
    if conflicts:
        more = f" (and {len(conflicts) - 1} more)" if len(conflicts) > 1 else ""
        hint = f"revert the later lesson first (`hermes log --path {conflicts[0].partition(':')[0]}`), or edit the file"
        raise Conflict(f"{lesson.short} cannot be taken back alone: {conflicts[0]}{more}", hint)


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
