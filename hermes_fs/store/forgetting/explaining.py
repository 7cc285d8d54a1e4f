"""Judges whether a record of purges explains a rewritten history: nothing in it may be anything but left out.

Whoever can push can write a record. So a commit stands for another only where it has the same parents, author and
dates, and its files differ in nothing but pieces that are gone, of files that the record names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hermes_fs.store.forgetting.records import Record
from hermes_fs.store.forgetting.rewriting import SIGNED
from hermes_fs.store.forgetting.wanted import is_left_over
from hermes_fs.store.git import Git
from hermes_fs.store.merging import differences
from hermes_fs.store.objects import TreeEntry

_PARENT = re.compile(rb"^parent ([0-9a-f]+)$", re.MULTILINE)


class Explained:
    """Compares commits in pairs; what it found of two trees it remembers. `seeds`: old → new commit of all purges."""

    def __init__(self, git: Git, seeds: Mapping[str, str], records: Sequence[Record]) -> None:
        self._git = git
        self.seeds = seeds
        self._records = records
        self._trees: dict[tuple[str, str], bool] = {}

    def is_sound(self, old: str, new: str) -> bool:
        """Whether `new` is `old` with nothing but what is named taken out of it."""
        was, now = self._parts(old), self._parts(new)
        parents = [self.seeds.get(parent, parent) for parent in was[1]]
        if parents != now[1] or not is_left_over(was[2], now[2]):
            return False
        trees = was[0], now[0]
        if trees not in self._trees:
            self._trees[trees] = trees[0] == trees[1] or self._is_less(*trees)
        return self._trees[trees]

    def names(self, oid: str) -> bool:
        return any(record.names(oid) for record in self._records)

    def _parts(self, commit: str) -> tuple[str, list[str], bytes]:
        """(tree, parents, the rest without signatures)."""
        data = self._git.read("commit", commit)
        head, gap, message = data.partition(b"\n\n")
        parents = [each.decode() for each in _PARENT.findall(head)]
        start = max(head.find(b"\nauthor "), 0)  # one that has none equals none that has
        return head[5 : head.index(b"\n")].decode(), parents, SIGNED.sub(b"", head[start:] + b"\n") + gap + message

    def _is_less(self, old: str, new: str) -> bool:
        vanished: dict[str, TreeEntry] = {}
        come: dict[str, TreeEntry] = {}
        for each in differences(self._git, old, new):
            was, now = each.first, each.second
            if was and now and not (was.mode == now.mode and self._is_left(was, now)):
                return False
            if was and not now:
                vanished[each.path] = was
            if now and not was:
                come[each.path] = now
        return self._are_renamed(vanished, come) and all(self._may_go(entry) for entry in vanished.values())

    def _are_renamed(self, vanished: dict[str, TreeEntry], come: Mapping[str, TreeEntry]) -> bool:
        """Whether each file that came is one that vanished, whose name was forgotten; takes those out of `vanished`."""
        for path, now in come.items():
            name = _unnumbered(path).encode()
            fits = (
                was
                for was, entry in vanished.items()
                if entry.mode == now.mode and is_left_over(was.encode(), name) and self._is_left(entry, now)
            )
            was = next(fits, "")
            if not was:
                return False
            del vanished[was]
        return True

    def _may_go(self, entry: TreeEntry) -> bool:
        return self.names(entry.oid) or (entry.kind == "blob" and not self._git.size_of(entry.oid))

    def _is_left(self, was: TreeEntry, now: TreeEntry) -> bool:
        if was.oid == now.oid:
            return True
        if was.kind != "blob" or now.kind != "blob" or not self.names(was.oid):
            return False
        return is_left_over(self._git.read_blob(was.oid), self._git.read_blob(now.oid))


def _unnumbered(path: str) -> str:
    return re.sub(r"(forgotten)-\d+", r"\1", path)
