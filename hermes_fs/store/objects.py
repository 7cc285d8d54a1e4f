"""Owns the bytes of git's trees and commits. Pure: reads and writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ObjectKind = Literal["blob", "tree", "commit"]
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


def parse_tree(data: bytes, id_bytes: int) -> list[TreeEntry]:
    """Entries of a raw tree object."""
    entries: list[TreeEntry] = []
    at = 0
    while at < len(data):
        middle = data.index(b"\0", at)
        mode, _, name = data[at:middle].partition(b" ")
        at = middle + 1 + id_bytes
        full = mode.decode().zfill(6)
        entries.append(TreeEntry(full, kind_of_mode(full), data[middle + 1 : at].hex(), os.fsdecode(name)))
    return entries


def render_tree(entries: Iterable[TreeEntry]) -> bytes:
    """The raw tree object, in git's order (a folder sorts as if its name ended in a slash)."""
    rows = [(os.fsencode(entry.name), entry) for entry in entries]
    rows.sort(key=lambda row: row[0] + b"/" if row[1].kind == "tree" else row[0])
    return b"".join(
        b"%s %s\0%s" % (entry.mode.lstrip("0").encode(), name, bytes.fromhex(entry.oid)) for name, entry in rows
    )


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
