"""Takes lessons back: a three-way revert that lets later lessons survive, and restoring a file as it was.

Decides what the files must become; writing is the door's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hermes_fs.core.errors import Conflict, NotFound, Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import choosing, history
from hermes_fs.store.formats.format import Format, Merged
from hermes_fs.store.history import MAIN, Lesson
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.policy import Policy
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:  # a chat in which nothing conflicts does without it
    from hermes_fs.store.proposal import Proposal
    from hermes_fs.store.proposals import Proposals

_MOST_IN_THE_WAY = 20  # later lessons that are taken back together with those that were named
_MOST_LOOKED_AT = 500
_MODES = ("100644", "100755")


class InTheWay(Conflict):
    """A later lesson changed the same, so that one does not come out alone."""


def last_standing(workspace: Workspace) -> Lesson:
    """The newest lesson that was not taken back, made by the agent or with a command, a restored file or skill among
    them: what a person wrote into a file is theirs to edit. NotFound where there is none."""
    marks = history.taken_back(workspace.git, workspace.head())
    for lesson in history.walk(workspace.git):
        if choosing.may_be_undone(lesson) and lesson.name not in marks:
            return lesson
    raise NotFound("there is nothing left to undo", "see everything with `hermes log`")


def revert(workspace: Workspace, lessons: Sequence[Lesson], why: str, provenance: Provenance) -> Commit:
    """Commits what `reverted` says. Raises as it does."""
    with workspace.locked():
        return workspace.commit(reverted(workspace, lessons, why, provenance))


def reverted(workspace: Workspace, lessons: Sequence[Lesson], why: str, provenance: Provenance) -> Change:
    """What takes lessons back, as one change; what was learned after them stays. A revert can be reverted: that brings
    the lesson back. Conflict where a later lesson changed the same; Refused where nothing is left to take back."""
    workspace.require_learning()  # what lies there on another branch says nothing of what would change
    _require_standing(lessons)
    with workspace.locked():
        files, clashes = _folded(workspace, lessons)
        if clashes:
            raise _in_the_way_of(workspace, lessons, clashes[0])
        made = _change(workspace, files, *_said(lessons, why, provenance))
        return replace(made, modes=_modes(workspace, lessons))


def propose(
    workspace: Workspace,
    lessons: Sequence[Lesson],
    why: str,
    provenance: Provenance,
    because: str,
    policy: Policy | None = None,
) -> Proposal:
    """Proposes taking lessons back, together with the later ones that are in the way, or else as far as they come out.
    `because` is why a person should look at it. InTheWay where nothing comes out, Refused as `revert`."""
    _require_standing(lessons)
    with workspace.locked():
        workspace.commit_pending()  # what a person edited may be what is in the way: then it has a name
        together = _together(workspace, lessons)
        files, clashes = _folded(workspace, together or lessons)
        if clashes and all(data == workspace.read_bytes(path) for path, data in files.items()):
            raise _in_the_way_of(workspace, lessons, clashes[0])
        added = _added(together or lessons, lessons)
        because += f"; so it takes back {added} too" if added else ""
        said = _said(together or lessons, why, provenance)
        draft = Change(_changed(workspace, files), "revert", *said, modes=_modes(workspace, together or lessons))
        proposals: Proposals = load("hermes_fs.store.proposals:Proposals")(workspace, policy)
        return proposals.propose(draft, because)


def restored(workspace: Workspace, path: str, rev: str, why: str, provenance: Provenance) -> Change:
    """What brings a file, or everything below a folder, back as it was at a commit. Files that came into the folder
    since then go. NotFound where it was not there, Refused where it is as it was."""
    workspace.require_learning()
    wanted = _below(workspace, rev, path)
    if not wanted:
        raise NotFound(f"{path} was not there at {rev[:8]}", f"see its history with `hermes log --path {path}`")
    with workspace.locked():
        files: dict[str, bytes | None] = dict.fromkeys(_below(workspace, MAIN, path))
        files |= {name: workspace.git.read_blob(entry.oid) for name, entry in wanted.items()}
        made = _change(workspace, files, why or f"{path} as it was at {rev[:8]}", provenance)
        return replace(made, modes={name: entry.mode for name, entry in wanted.items()})


def before_last_change(workspace: Workspace, path: str) -> str:
    """The commit at which a path was last different from now: before its newest lesson. NotFound if it has none."""
    newest = next(history.walk(workspace.git, (path,)), None)
    if newest is None or not newest.parents:
        raise NotFound(f"{path} has no earlier state", f"see its history with `hermes log --path {path}`")
    return newest.parents[0]


def _require_standing(lessons: Sequence[Lesson]) -> None:
    named = {lesson.name for lesson in lessons}
    for lesson in lessons:
        if lesson.reverted_by and lesson.reverted_by not in named:
            hint = f"bring it back with `hermes revert {lesson.reverted_by}`"
            raise Refused(f"{lesson.short} is taken back already", hint)
        if len(lesson.parents) != 1:
            what, others = ("a merge", "that it joined") if lesson.parents else ("the first commit", "after it")
            hint = f"take back the lessons {others}: see `hermes log`"
            raise UsageError(f"{lesson.short} is {what}: it cannot be taken back", hint)


@dataclass(frozen=True, slots=True)
class _Clash:
    """Where a lesson does not come out of a file as it is now."""

    lesson: Lesson
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def _folded(workspace: Workspace, lessons: Sequence[Lesson]) -> tuple[dict[str, bytes | None], list[_Clash]]:
    """What the files become without these lessons, and what is in the way of that. Merges the step from each lesson's
    result to what stood before it into the files as they are now, the newest first."""
    files: dict[str, bytes | None] = {}
    clashes: list[_Clash] = []
    for lesson in choosing.newest_first(workspace.git, lessons):
        for path in lesson.files:
            now = files[path] if path in files else workspace.read_bytes(path)
            merged = _without(workspace, lesson, path, now)
            clashes += [_Clash(lesson, path, what) for what in merged.conflicts[:1]]
            files[path] = merged.content
    return files, clashes


def _without(workspace: Workspace, lesson: Lesson, path: str, now: bytes | None) -> Merged:
    """The file without what a lesson did to it, and what of that still stands in other words."""
    format = _format_of(path)
    before = _bytes_at(workspace, lesson.parents[0], path)
    after = _bytes_at(workspace, lesson.commit, path)
    gone = _removed_since(format, before, after, now)
    before, after = (_less(format, data, gone) for data in (before, after))
    merged = format.merge(after, now, before)
    again = format.merge(before, merged.content, after)
    stands = again.conflicts or (merged.content == now == again.content and before != after)
    if merged.conflicts or not stands:
        return replace(merged, conflicts=tuple(what.partition("\n")[0] for what in merged.conflicts))
    return Merged(merged.content, ("what it said was changed since",))


def _removed_since(format: Format, before: bytes | None, after: bytes | None, now: bytes | None) -> set[str]:
    """Entries that a lesson edited and a later one removed: taking the edit back does not bring them back."""
    found: Callable[[Format, bytes | None], set[str]] = load("hermes_fs.store.blame:ids_in")
    return (found(format, before) & found(format, after)) - found(format, now)


def _less(format: Format, data: bytes | None, ids: Collection[str]) -> bytes | None:
    if not ids or data is None:
        return data
    lesser: bytes = load("hermes_fs.store.blame:less")(data, ids)
    return lesser


def _together(workspace: Workspace, lessons: Sequence[Lesson]) -> list[Lesson]:
    """These with the later ones that must be taken back for them to come out; none where that does not help."""
    chosen = list(lessons)
    for _ in range(_MOST_IN_THE_WAY):
        _, clashes = _folded(workspace, chosen)
        if not clashes:
            return chosen
        found = _in_the_way(workspace, clashes[0], {lesson.commit for lesson in chosen})
        if not found:
            return []
        chosen.append(found)
    return []


def _in_the_way_of(workspace: Workspace, lessons: Sequence[Lesson], clash: _Clash) -> InTheWay:
    return InTheWay(f"{clash.lesson.short} cannot be taken back alone: {clash}", _way_out(workspace, lessons))


def _in_the_way(workspace: Workspace, clash: _Clash, chosen: Collection[str]) -> Lesson | None:
    """The newest lesson that stands with which a lesson stopped to come out of a file."""
    newer = itertools.takewhile(
        lambda one: one.commit != clash.lesson.commit, history.walk(workspace.git, (clash.path,))
    )
    for lesson in itertools.islice(newer, _MOST_LOOKED_AT):
        if lesson.commit in chosen or lesson.reverted_by or len(lesson.parents) != 1:
            continue
        ends = (_bytes_at(workspace, commit, clash.path) for commit in (lesson.parents[0], lesson.commit))
        fitted, fits = (not _without(workspace, clash.lesson, clash.path, state).conflicts for state in ends)
        if fitted and not fits:
            return lesson
    return None


def _format_of(path: str) -> Format:
    """The registry is loaded by the first revert: the chat knows of reverts and is to start without it."""
    found: Format = load("hermes_fs.store.formats.registry:format_of")(path)
    return found


def _way_out(workspace: Workspace, lessons: Sequence[Lesson]) -> str:
    together = choosing.newest_first(workspace.git, _together(workspace, lessons))
    ids = " ".join(lesson.short for lesson in together)
    return f"take the later lessons back too: `hermes revert {ids}`" if ids else "edit the file by hand"


def _added(together: Sequence[Lesson], asked: Sequence[Lesson]) -> str:
    known = {lesson.commit for lesson in asked}
    return ", ".join(lesson.short for lesson in together if lesson.commit not in known)


def _said(lessons: Sequence[Lesson], why: str, provenance: Provenance) -> tuple[str, Provenance]:
    """The reason, and what the commit says that it takes back."""
    reason = "\n".join(f'Takes back {lesson.short} "{lesson.subject}".' for lesson in lessons)
    return f"{reason}\n{why}", replace(provenance, reverts=" ".join(lesson.name for lesson in lessons))


def _change(workspace: Workspace, files: dict[str, bytes | None], why: str, provenance: Provenance) -> Change:
    """Bound to the files as they are now."""
    changed = _changed(workspace, files)
    now = {path: workspace.read_bytes(path) for path in changed}
    expect = {path: workspace.git.oid_of("blob", data) if data is not None else "" for path, data in now.items()}
    return Change(changed, "revert", why, provenance, expect)


def _changed(workspace: Workspace, files: dict[str, bytes | None]) -> dict[str, bytes | None]:
    changed = {path: data for path, data in files.items() if data != workspace.read_bytes(path)}
    if not changed:
        raise Refused("nothing would change: it is so already", "see what stands with `hermes log`")
    return changed


def _bytes_at(workspace: Workspace, commit: str, path: str) -> bytes | None:
    oid = workspace.git.blob_at(commit, path)
    return workspace.git.read_blob(oid) if oid else None


def _modes(workspace: Workspace, lessons: Sequence[Lesson]) -> dict[str, str]:
    """Of the files whose executable bit a lesson changed, or that it deleted: as before it."""
    found: dict[str, str] = {}
    for lesson in choosing.newest_first(workspace.git, lessons):
        for path in lesson.files:
            before, after = (workspace.git.entry_at(one, path) for one in (lesson.parents[0], lesson.commit))
            if before and before.mode in _MODES and (not after or after.mode != before.mode):
                found[path] = before.mode
    return found


def _below(workspace: Workspace, rev: str, path: str) -> dict[str, TreeEntry]:
    """Path → what lies there: a file, or everything in a folder, at a commit."""
    path = path.rstrip("/")
    entry = workspace.git.entry_at(rev, path)
    if entry and entry.kind == "blob":
        return {path: entry}
    below = workspace.git.files(entry.oid, f"{path}/") if entry and entry.kind == "tree" else ()
    return {name: one for name, one in below if one.mode in _MODES}  # links, and other repositories, are left alone
