"""Owns the bytes of git's trees and commits. Pure: reads and writes nothing."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ObjectKind = Literal["blob", "tree", "commit"]
TREE_MODE = b"40000"
LINK_MODE = "120000"
_ROW = {size: re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % size, re.DOTALL) for size in (20, 32)}
_KIND_OF_MODE = {"040000": "tree", "160000": "commit"}


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree. `mode` has six octal digits (100644, 100755, 120000, 040000, 160000)."""

    mode: str
    kind: str
    oid: str
    name: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Who made a commit, and when (timezone-aware). Name and e-mail are sanitised when written."""

    name: str
    email: str
    when: datetime


Rows = dict[bytes, tuple[bytes, bytes]]
"""A tree by name: (mode as git writes it, raw id). Far cheaper to make than entries where a folder holds thousands."""


class Remembered:
    """The trees that were met last, by the id of the tree or of a commit that has it. Thread-safe.

    One lesson after another meets the same folders. Rows that are given, or got, are not changed any more.
    """

    def __init__(self, most: int = 24) -> None:
        self._most = most
        self._rows: OrderedDict[str, Rows] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, oid: str) -> Rows | None:
        with self._lock:
            rows = self._rows.get(oid)
            if rows is not None:
                self._rows.move_to_end(oid)
            return rows

    def put(self, oid: str, rows: Rows) -> None:
        if not oid:
            return
        with self._lock:
            self._rows[oid] = rows
            self._rows.move_to_end(oid)
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)


def parse_rows(data: bytes, id_bytes: int) -> Rows:
    """A raw tree object by name."""
    return {name: (mode, raw) for mode, name, raw in _ROW[id_bytes].findall(data)}


def render_rows(rows: Rows) -> bytes:
    """The raw tree object, in git's order (a folder sorts as if its name ended in a slash)."""
    ordered = sorted(
        (name + b"/" if mode == TREE_MODE else name, name, mode, raw) for name, (mode, raw) in rows.items()
    )
    return b"".join(b"%s %s\0%s" % (mode, name, raw) for _, name, mode, raw in ordered)


def entry_of(name: bytes, row: tuple[bytes, bytes]) -> TreeEntry:
    """A row as an entry."""
    mode = row[0].decode().zfill(6)
    return TreeEntry(mode, kind_of_mode(mode), row[1].hex(), os.fsdecode(name))


def row_of(entry: TreeEntry) -> tuple[bytes, bytes]:
    """An entry as a row."""
    return entry.mode.lstrip("0").encode(), bytes.fromhex(entry.oid)


def commit_text(tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature) -> bytes:
    """The raw commit object."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {_signed(author)}", f"committer {_signed(committer)}"]
    body = message.replace("\0", "").rstrip("\n")
    return ("\n".join(lines) + f"\n\n{body}\n").encode("utf-8", "replace")


def _signed(who: Signature) -> str:
    offset = who.when.strftime("%z")[:5] or "+0000"
    return f"{_plain(who.name) or 'unknown'} <{_plain(who.email)}> {int(who.when.timestamp())} {offset}"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and c not in "<>").strip(" .,:;\"'\\")


def kind_of_mode(mode: str) -> str:
    """blob (files and symlinks), tree, or commit (a gitlink)."""
    return _KIND_OF_MODE.get(mode, "blob")
