"""Makes a second history, of every commit that a purge touches: what each becomes, by whom and when it was made kept.

Writes objects and moves no ref, so that until the refs move nothing has happened.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hermes_fs.store.forgetting.wanted import Wanted
from hermes_fs.store.forgetting.writing import Writer
from hermes_fs.store.git import Git
from hermes_fs.store.objects import Rows, kind_of_mode, parse_rows, render_rows

SIGNED = re.compile(rb"^(?:gpgsig(?:-sha256)?|mergetag) [^\n]*\n(?: [^\n]*\n)*", re.MULTILINE)


@dataclass(slots=True)
class Changed:
    """What became of objects: old id → new id, "" where nothing of it stays. `signed` counts commits that lost their
    signature."""

    commits: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, str] = field(default_factory=dict)
    trees: dict[str, str] = field(default_factory=dict)
    signed: int = 0

    @property
    def ids(self) -> dict[str, str]:
        """All of them that are something now."""
        return {old: new for old, new in {**self.blobs, **self.trees, **self.commits}.items() if new}


class Rule(Protocol):
    """Decides what becomes of one commit's tree and words, given those of its parents that are made already."""

    def tree(self, commit: str, tree: str, parents: Sequence[tuple[str, str]]) -> str:
        """Id of the new tree. `parents` are (old, new) commits."""
        ...

    def words(self, data: bytes) -> bytes: ...


class Rewriting:
    """Rewrites commits of one repository by one rule. Raises Failed where an object cannot be read or written."""

    def __init__(self, git: Git, rule: Rule, writer: Writer) -> None:
        self._git = git
        self._rule = rule
        self._writer = writer

    def history(self, roots: Iterable[str], done: Changed) -> None:
        """Adds to `done.commits` each commit below these that is not the same any more. Those it has are taken as they
        stand. Nothing is durable before `Writer.flush`."""
        words = "\n".join([*dict.fromkeys(roots), ""]).encode()
        order = self._git.run("rev-list", "--topo-order", "--reverse", "--stdin", input=words).decode().split()
        for commit in order:
            if commit not in done.commits:
                self._rewrite(commit, done)

    def tag(self, oid: str, done: Changed) -> str:
        """What becomes of a tag with words of its own."""
        data = self._git.read("tag", oid)
        target = data[7 : data.index(b"\n")].decode()
        fresh = self._rule.words(data)
        if target in done.commits:
            fresh = fresh.replace(target.encode(), done.commits[target].encode(), 1)
        return oid if fresh == data else self._writer.put("tag", fresh)

    def _rewrite(self, commit: str, done: Changed) -> None:
        data = self._git.read("commit", commit)
        head, gap, message = data.partition(b"\n\n")
        lines = head.split(b"\n")
        tree = lines[0][5:].decode()
        old = [line[7:].decode() for line in lines[1:] if line.startswith(b"parent ")]
        parents = [(each, done.commits.get(each, each)) for each in old]
        fresh = self._rule.tree(commit, tree, parents)
        rest = b"\n".join(line for line in lines[1:] if not line.startswith(b"parent ")) + b"\n"
        said = self._rule.words(rest), self._rule.words(message)
        if fresh == tree and said == (rest, message) and all(was == now for was, now in parents):
            return
        plain = SIGNED.sub(b"", said[0])
        done.signed += plain != said[0]
        start = [b"tree " + fresh.encode(), *(b"parent " + now.encode() for _, now in parents)]
        done.commits[commit] = self._writer.put(
            "commit", b"\n".join([*start, plain.rstrip(b"\n")]) + gap + (said[1] or (message and b"[forgotten]\n"))
        )


class Redacting:
    """The rule of who forgets: each file by what is wanted. Notes in `done` what became of trees and blobs."""

    def __init__(self, git: Git, wanted: Wanted, writer: Writer, done: Changed) -> None:
        self._git = git
        self._wanted = wanted
        self._writer = writer
        self._done = done
        self._trees: dict[tuple[str, str], str] = {}
        self._blobs: dict[tuple[str, str], str] = {}
        self._clean: set[str] = set()

    def words(self, data: bytes) -> bytes:
        return self._wanted.words(data)

    def tree(self, commit: str, tree: str, parents: Sequence[tuple[str, str]]) -> str:
        return self._tree(tree, "") or self._writer.put("tree", b"")

    def blob(self, path: str, oid: str) -> str:
        """What becomes of a file; "" where nothing of it may stay."""
        key = path, oid
        if key not in self._blobs:
            self._blobs[key] = self._fresh(path, oid)
        return self._blobs[key]

    def _fresh(self, path: str, oid: str) -> str:
        if oid in self._clean:
            return oid
        data = self._git.read_blob(oid)
        fresh = self._wanted.file(path, data)
        if fresh == data:
            if not path.startswith("sessions/"):  # a session's files are told by their names
                self._clean.add(oid)
            return oid
        new = self._writer.put("blob", fresh) if fresh is not None else ""
        self._done.blobs[oid] = new
        return new

    def _tree(self, oid: str, prefix: str) -> str:
        """ "" where it holds nothing any more."""
        key = oid, prefix
        if key in self._trees:
            return self._trees[key]
        rows = self._git.rows(oid)
        fresh: Rows = {}
        for name, (mode, raw) in rows.items():
            called = _free(self._wanted.name(name), rows, fresh) if self._wanted.name(name) != name else name
            path = prefix + os.fsdecode(name)
            new = self._entry(mode, raw.hex(), path)
            if new:
                fresh[called] = mode, bytes.fromhex(new)
        made = oid
        if fresh != rows:
            made = self._writer.put("tree", render_rows(fresh)) if fresh else ""
            self._done.trees[oid] = made
        self._trees[key] = made
        return made

    def _entry(self, mode: bytes, oid: str, path: str) -> str:
        match kind_of_mode(mode.decode().zfill(6)):
            case "tree":
                return self._tree(oid, path + "/")
            case "blob":
                return self.blob(path, oid)
            case _:
                return oid


def links(git: Git, kind: str, oid: str) -> Iterator[str]:
    """What an object names."""
    if kind == "tree":
        yield from (raw.hex() for mode, raw in parse_rows(git.read("tree", oid), len(oid) // 2).values())
    elif kind in ("commit", "tag"):
        head = git.read(kind, oid).partition(b"\n\n")[0]
        yield from re.findall(r"^(?:tree|parent|object) ([0-9a-f]+)$", head.decode("utf-8", "replace"), re.MULTILINE)


def _free(name: bytes, taken: Mapping[bytes, object], also: Mapping[bytes, object]) -> bytes:
    """A name that nothing else in the folder has."""
    found, number = name, 1
    while found in taken or found in also:
        number += 1
        stem, dot, ending = name.rpartition(b".")
        found = b"%s-%d%s%s" % (stem, number, dot, ending) if dot else b"%s-%d" % (name, number)
    return found
