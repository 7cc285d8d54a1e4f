"""The rule of who follows a purge: lessons of this machine alone go onto the history without what was forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_fs.store import conflicts
from hermes_fs.store.forgetting.explaining import Explained
from hermes_fs.store.forgetting.writing import Writer
from hermes_fs.store.git import Git
from hermes_fs.store.judging import FormatOf
from hermes_fs.store.merging import Clash, carried, differences
from hermes_fs.store.objects import TreeEntry


class Carrying:
    """Merges each lesson, file by file, with what became of its parent. What was forgotten does not come back by it:
    neither whole files, nor lines that the parent had and has not any more."""

    def __init__(self, git: Git, formats: FormatOf, gone: Explained, writer: Writer) -> None:
        self._git = git
        self._writer = writer
        self._formats = formats
        self._gone = gone

    def words(self, data: bytes) -> bytes:
        return data

    def tree(self, commit: str, tree: str, parents: Sequence[tuple[str, str]]) -> str:
        if not parents or all(old == new for old, new in parents):
            return tree
        self._writer.flush()  # the new parents are read
        base, onto = parents[0]
        if base == onto:  # what another parent brought may hold it
            return self._without(tree, tree, parents)
        merged, clashes = carried(self._git, base, tree, onto, self._formats)
        return self._with_pages(self._without(merged, onto, parents), base, onto, clashes)

    def _without(self, tree: str, onto: str, parents: Sequence[tuple[str, str]]) -> str:
        """No file that is gone, and of those that changed no line that is."""
        base = parents[0][0]
        files: dict[str, tuple[str, str] | None] = {}
        for each in differences(self._git, base, tree):
            entry = each.second
            if not entry or entry.kind != "blob":
                continue
            if self._gone.names(entry.oid):
                stays = self._left(each.path, parents)
                files[each.path] = (stays.mode, stays.oid) if stays else None
                continue
            fresh = self._redacted(each.path, entry, base, onto)
            if fresh != entry.oid:
                files[each.path] = entry.mode, fresh
        return self._git.write_tree_with(tree, files) if files else tree

    def _left(self, path: str, parents: Sequence[tuple[str, str]]) -> TreeEntry | None:
        found = (self._git.entry_at(new, path) for old, new in parents if old != new)
        return next((entry for entry in found if entry and not self._gone.names(entry.oid)), None)

    def _redacted(self, path: str, entry: TreeEntry, base: str, onto: str) -> str:
        lost = self._lost(path, base, onto)
        if not lost:
            return entry.oid
        data = self._git.read_blob(entry.oid)
        fresh = b"".join(line for line in data.splitlines(True) if line.strip() not in lost)
        return entry.oid if fresh == data else self._git.hash_blob(fresh)

    def _lost(self, path: str, base: str, onto: str) -> set[bytes]:
        """Lines that a file had and has not any more, where it is one that a purge names."""
        old = self._git.blob_at(base, path)
        if not old or not self._gone.names(old):
            return set()
        new = self._git.blob_at(onto, path)
        kept = self._git.read_blob(new) if new else b""
        return {line.strip() for line in self._git.read_blob(old).splitlines()} - {
            *(line.strip() for line in kept.splitlines()),
            b"",
        }

    def _with_pages(self, tree: str, base: str, onto: str, clashes: Sequence[Clash]) -> str:
        files: dict[str, tuple[str, str] | None] = {}
        for clash in clashes:
            path, data = conflicts.page(clash)
            lost = self._lost(clash.path, base, onto)
            kept = b"".join(line for line in data.splitlines(True) if line.strip() not in lost)
            if not any(line in kept for line in lost):  # what is left out may be quoted within a line
                files[path] = "100644", self._git.hash_blob(kept)
        return self._git.write_tree_with(tree, files) if files else tree
