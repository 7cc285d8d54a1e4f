"""Owns what becomes of the mind's own files when a command without a sandbox changed them: they are set aside and put
back as main has them, so that an agent's bytes never become a person's edit. Commits nothing of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import HermesError
from hermes_fs.core.ids import Ulids
from hermes_fs.store import state
from hermes_fs.store.files import Files
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.paths import kind_of
from hermes_fs.store.pending import Edits, agrees
from hermes_fs.store.workspace import Workspace

_NOT_MIND = frozenset((".git", "work", "sessions"))


@dataclass(frozen=True, slots=True)
class SetAside:
    """`paths` of the mind were changed; what they had become lies in `folder` under the same names. `folder` is None
    where learning is off: then they were left as they are. `moved` are main's old and new commit where somebody but the
    door moved it; that is only told."""

    paths: tuple[str, ...]
    folder: Path | None
    moved: tuple[str, str] | None = None


class Quarantine:
    """Watches the mind while one command runs: `begin`, run, `end`. Not thread-safe; one object for one command."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._git = workspace.git
        self._files = Files(workspace.root, workspace.git.temporary)
        self._edits = Edits(self._git, self._files, state.trusts_modes(workspace.git.git_dir))
        self._since = 0
        self._head = ""

    def begin(self) -> None:
        """Commits what a person edited up to now, and notes the time as the file system counts it."""
        self._workspace.commit_pending()
        moment = self._workspace.state_dir / "moment"
        moment.touch()
        self._since = moment.stat().st_mtime_ns
        self._head = self._workspace.head()

    def end(self) -> SetAside | None:
        """What changed since `begin` and is not as main has it, set aside and put back; None for nothing. Lessons that
        were committed meanwhile are on main and stay."""
        suspects = dict.fromkeys(self._suspects("", self._workspace.head()))
        if not suspects and self._workspace.head() == self._head:
            return None
        with self._workspace.locked():
            head = self._workspace.head()
            moved = (self._head, head) if self._moved_by_others(head) else None
            paths = tuple(path for path in suspects if self._differs(head, path))
            folder = self._set_aside(head, paths) if paths and not self._workspace.read_only else None
        return SetAside(paths, folder, moved) if paths or moved else None

    def _set_aside(self, head: str, paths: tuple[str, ...]) -> Path:
        folder = self._workspace.state_dir / "quarantine" / Ulids(SystemClock())()
        folder.mkdir(mode=0o700, parents=True)
        for path in paths:
            self._put_back(head, path, folder)
        return folder

    def _moved_by_others(self, head: str) -> bool:
        """Whether main moved other than forward by lessons, which name their change."""
        if head == self._head:
            return False
        if not head or (self._head and self._git.ask("merge-base", "--is-ancestor", self._head, head).code):
            return True
        form = "--format=%x00%(trailers:key=Hermes-Change,valueonly)"
        told = self._git.run("log", form, f"{self._head}..{head}" if self._head else head, "--").split(b"\0")
        return not all(change.strip() for change in told[1:])

    def _suspects(self, prefix: str, head: str) -> Iterator[str]:
        """Paths below a folder ("" or ending in a slash) that were written, made or deleted since; what is in the way
        of others comes before them."""
        here = self._workspace.root / prefix
        with os.scandir(here) as entries:
            found = {entry.name: entry for entry in entries if prefix or entry.name not in _NOT_MIND}
        if here.stat().st_mtime_ns >= self._since and head:
            for entry in self._git.tree(self._git.tree_at(head, prefix.rstrip("/")) or self._git.empty_tree):
                there = found.get(entry.name)
                if there is None or there.is_dir(follow_symlinks=False) != (entry.kind == "tree"):
                    yield from self._lost(f"{prefix}{entry.name}", there is not None, entry)
        for name, item in found.items():
            if item.is_dir(follow_symlinks=False):
                yield from self._suspects(f"{prefix}{name}/", head)
            elif item.stat(follow_symlinks=False).st_ctime_ns >= self._since and kind_of(prefix + name):
                yield prefix + name

    def _lost(self, path: str, in_the_way: bool, entry: TreeEntry) -> Iterator[str]:
        """What main has at a path where the disk has nothing, or something of another sort."""
        if in_the_way:
            yield path
        if entry.kind == "tree":
            yield from (below for below, _ in self._git.files(entry.oid, f"{path}/"))
        else:
            yield path

    def _differs(self, head: str, path: str) -> bool:
        try:
            return not agrees(self._edits.of(head, path))
        except HermesError:  # no regular file, or a link in its way
            return True

    def _put_back(self, head: str, path: str, folder: Path) -> None:
        """The copy comes first: whenever this is cut short, the file is either version and never gone."""
        kept = folder / path
        try:
            found = self._files.read(path)
        except HermesError:  # a link, a folder, a pipe in the file's place
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files.move_away(path, kept)
            found = None
        if found is not None:
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept.write_bytes(found.data)
        entry = self._git.entry_at(head, path)
        if entry is None or entry.kind == "tree":
            self._files.remove(path)
        elif entry.kind == "blob":
            mode = 0o755 if entry.mode == "100755" else None
            self._files.place(self._files.stage(path, self._git.read_blob(entry.oid), mode), path)
