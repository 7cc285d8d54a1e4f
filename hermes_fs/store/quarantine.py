"""Owns what becomes of the mind's own files when a command without a sandbox changed them: they are put back as main
has them, and what the command wrote becomes a proposal, so that an agent's bytes never become a person's edit. What
cannot be proposed is set aside.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hermes_fs.core.errors import HermesError
from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import state
from hermes_fs.store.files import Files
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.paths import kind_of, skill_of
from hermes_fs.store.pending import Edits, agrees
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:  # loaded by the first change that a conversation makes
    from hermes_fs.store.proposal import Proposal
    from hermes_fs.store.proposals import Proposals

_NOT_MIND = frozenset((".git", "work", "sessions"))


_BECAUSE = "a command wrote it, past the mind's own tools"


@dataclass(frozen=True, slots=True)
class SetAside:
    """`paths` of the mind were changed and put back. What they had become waits as `proposals`; of `kept`, which cannot
    be proposed, it lies in `folder` under the same names. `off`: learning is off, so all was left as it is. `moved` are
    main's old and new commit where somebody but the door moved it; that is only told."""

    paths: tuple[str, ...]
    proposals: tuple[Proposal, ...] = ()
    kept: tuple[str, ...] = ()
    folder: Path | None = None
    off: bool = False
    moved: tuple[str, str] | None = None


class Quarantine:
    """Watches the mind while commands run: `begin`, run, `end`, which goes on watching. Not thread-safe."""

    def __init__(self, workspace: Workspace, proposals: Proposals) -> None:
        self._workspace = workspace
        self._proposals = proposals
        self._git = workspace.git
        self._files = Files(workspace.root, workspace.git.temporary)
        self._edits = Edits(self._git, self._files, state.trusts_modes(workspace.git.git_dir))
        self._since = 0
        self._head = ""

    def begin(self) -> None:
        """Commits what a person edited up to now, and notes the time as the file system counts it."""
        self._workspace.commit_pending()
        self._since = self._now()
        self._head = self._workspace.head()

    def end(self, provenance: Provenance, why: str) -> SetAside | None:
        """What changed since `begin`, or since the last `end`, and is not as main has it: put back, and proposed as
        from `provenance`; None for nothing. Lessons that were committed meanwhile are on main and stay."""
        now = self._now()
        suspects = dict.fromkeys(self._suspects("", self._workspace.head()))
        if not suspects and self._workspace.head() == self._head:
            self._since = now
            return None
        with self._workspace.locked():
            head = self._workspace.head()
            moved = (self._head, head) if self._moved_by_others(head) else None
            paths = tuple(path for path in suspects if self._differs(head, path))
            off = bool(self._workspace.read_only)
            self._head, self._since = head, self._since if off else now
            if not paths or off:
                return SetAside(paths, off=off, moved=moved) if paths or moved else None
            found = self._set_aside(head, paths, Change({}, "note", why, provenance))
            return replace(found, moved=moved)

    def _now(self) -> int:
        moment = self._workspace.state_dir / "moment"
        moment.touch()
        return moment.stat().st_mtime_ns

    def _set_aside(self, head: str, paths: tuple[str, ...], draft: Change) -> SetAside:
        folder = self._workspace.state_dir / "quarantine" / self._workspace.ids()
        folder.mkdir(mode=0o700, parents=True)
        wrote = {path: self._put_back(head, path, folder) for path in paths}
        proposals: list[Proposal] = []
        kept = [path for path, data in wrote.items() if data == "odd"]
        for files in _by_lesson(wrote):
            try:
                change = replace(draft, files=_with_ids(files), kind=kind_of(next(iter(files))) or "config")
                proposals.append(self._proposals.propose(change, _BECAUSE))
            except HermesError:  # nothing that the agent may ask for, or nothing to see for a person: the copy is left
                kept += [path for path, data in files.items() if data is not None]
                continue
            for path in (path for path, data in files.items() if data is not None):  # nothing else was copied there
                (folder / path).unlink()
        if not kept:
            shutil.rmtree(folder)
        return SetAside(paths, tuple(proposals), tuple(kept), folder if kept else None)

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

    def _put_back(self, head: str, path: str, folder: Path) -> bytes | Literal["odd"] | None:
        """What it was, "odd" for no plain file. The copy comes first: whenever this is cut short, the file is either
        version and never gone."""
        kept = folder / path
        wrote: bytes | Literal["odd"] | None = None
        try:
            found = self._files.read(path)
        except HermesError:  # a link, a folder, a pipe in the file's place
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files.move_away(path, kept)
            found, wrote = None, "odd"
        if found is not None:
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept.write_bytes(found.data)
            wrote = found.data
        entry = self._git.entry_at(head, path)
        if entry is None or entry.kind == "tree":
            self._files.remove(path)
        elif entry.kind == "blob":
            mode = 0o755 if entry.mode == "100755" else None
            self._files.place(self._files.stage(path, self._git.read_blob(entry.oid), mode), path)
        return wrote


def _by_lesson(wrote: Mapping[str, bytes | Literal["odd"] | None]) -> list[dict[str, bytes | None]]:
    """What belongs together: the files of one skill, else those of one kind; settings one by one."""
    groups: dict[str, dict[str, bytes | None]] = {}
    for path, data in wrote.items():
        kind = kind_of(path)
        name = skill_of(path) or (path if kind in (None, "config") else str(kind))
        if data != "odd":
            groups.setdefault(name, {})[path] = data
    return list(groups.values())


def _with_ids(files: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Entries that were written past the memory tool lack their ids."""
    fixed = dict(files)
    for path, data in files.items():
        if data is not None and path.rpartition("/")[2] in ("MEMORY.md", "USER.md"):
            with contextlib.suppress(UnicodeDecodeError):  # the format says so itself
                fixed[path] = load("hermes_fs.store.formats.entries:assign_ids")(data.decode()).encode()
    return fixed
