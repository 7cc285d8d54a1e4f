"""What a change makes of a skill: its files before and after, exactly as the door would have them. Writes nothing but
what a person had edited by hand, which the door commits first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hermes_fs.core.errors import HermesError
from hermes_fs.core.types import Change
from hermes_fs.store import skill_places
from hermes_fs.store.git import Git
from hermes_fs.store.judging import Weighed, skill_tree
from hermes_fs.store.objects import LINK_MODE
from hermes_fs.store.paths import check_path, skill_of
from hermes_fs.store.skill_places import Spot
from hermes_fs.store.workspace import Workspace


class File(NamedTuple):
    """A file of a skill; `runs` is its executable bit."""

    data: bytes
    runs: bool = False


Files = Mapping[str, File]
"""A skill: path below its folder → file."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A new version of a skill beside the one that main has. `was` and `tree` are the ids of its folder before and
    after, "" where there is none; the files of both are those of these trees."""

    name: str
    was: str
    tree: str
    before: Files = field(repr=False)
    after: Files = field(repr=False)

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths below the folder that differ, sorted."""
        both = {**self.before, **self.after}
        return tuple(sorted(path for path in both if self.before.get(path) != self.after.get(path)))


def candidates(workspace: Workspace, change: Change) -> tuple[Candidate, ...]:
    """Of each skill that a change touches and really changes, by name. Raises as `Workspace.commit`, but judges no
    content. Takes the workspace's lock for a moment."""
    with workspace.locked():
        plan = workspace.plan(change, reviewed=True)
        names = sorted({skill for move in plan.moves if (skill := skill_of(move.path))})
        return tuple(_candidate(workspace.git, plan, name) for name in names)


def _candidate(git: Git, plan: Weighed, folder: str) -> Candidate:
    moves = {move.path: move for move in plan.moves}
    was = git.tree_at(plan.head, folder) if plan.head else ""
    tree = skill_tree(git, plan.head, folder, moves)
    before = files_of(git, was, folder)
    after = dict(before)
    for path, move in moves.items():
        if skill_of(path) != folder:
            continue
        data = plan.change.files[path]
        if data is None:
            after.pop(path.removeprefix(folder + "/"), None)
        else:
            after[path.removeprefix(folder + "/")] = File(data, move.new_mode == "100755")
    return Candidate(folder.removeprefix("skills/"), was, tree, before, after)


def files_of(git: Git, tree: str, folder: str) -> Files:
    """Those of a skill's tree, none for ""; what is no plain file, or has a name that none should have, is left out."""
    found: dict[str, File] = {}
    for path, entry in git.files(tree) if tree else ():
        if entry.kind == "blob" and entry.mode != LINK_MODE and _is_plain(f"{folder}/{path}"):
            found[path] = File(git.read_blob(entry.oid), entry.mode == "100755")
    return found


def lying_at(spot: Spot) -> Files:
    """A skill as it lies on the disk now, wherever that is: what a person edited counts."""
    found: dict[str, File] = {}
    for path in (skill_places.FILE, *spot.files()):
        data = spot.read(path) if _is_plain(f"skills/{spot.name}/{path}") else None
        if data is not None:
            found[path] = File(data, os.access(spot.folder / path, os.X_OK))
    return found


def _is_plain(path: str) -> bool:
    try:
        check_path(path)
    except HermesError:
        return False
    return True
