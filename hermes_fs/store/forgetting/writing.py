"""Writes many objects of git at once: as one pack, which costs one wait for the disk and not one for each of them."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable

from hermes_fs.core.errors import Failed
from hermes_fs.store.failpoint import reach
from hermes_fs.store.git import Git
from hermes_fs.store.objects import ObjectKind

_AT_ONCE = 20_000  # objects
_BYTES = 64 << 20  # of objects that wait to be written
_FEW = 50  # objects, up to which no pack is made of them
_TYPES = {"commit": 1, "tree": 2, "blob": 3}


class Writer:
    """Collects objects; they are there, durably, after `flush`. Raises Failed."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._waiting: dict[str, tuple[ObjectKind, bytes]] = {}
        self._size = 0

    def put(self, kind: str, data: bytes) -> str:
        """The id that it will have."""
        if kind == "tag":
            return self._git.run("hash-object", "-t", "tag", "-w", "--stdin", input=data).decode().strip()
        plain: ObjectKind = "blob" if kind == "blob" else "tree" if kind == "tree" else "commit"
        oid = self._git.oid_of(plain, data)
        if oid not in self._waiting:
            self._waiting[oid] = plain, data
            self._size += len(data)
        if len(self._waiting) >= _AT_ONCE or self._size > _BYTES:
            self.flush()
        return oid

    def flush(self) -> None:
        if len(self._waiting) <= _FEW:
            self._git.write(list(self._waiting.values()))
        else:
            self._pack()
        self._waiting.clear()
        self._size = 0
        reach("forget.objects")

    def _pack(self) -> None:
        data = packed(self._waiting.values(), self._git.object_format)
        said = os.fsdecode(self._git.run("index-pack", "--stdin", input=data)).split()
        folder = self._git.common_dir / "objects" / "pack"
        made = sorted(folder.glob(f"pack-{said[-1]}.*")) if said else []
        if not made:
            raise Failed("git made no pack of the new history", "look whether there is space left")
        self._git.syncer.sync([*made, folder])


def packed(objects: Iterable[tuple[ObjectKind, bytes]], object_format: str) -> bytes:
    """A pack of these, each whole: "PACK", version 2, their number, and the hash of it all at its end
    (git-scm.com/docs/pack-format)."""
    rows = [_row(kind, data) for kind, data in objects]
    body = b"PACK" + struct.pack(">II", 2, len(rows)) + b"".join(rows)
    return body + hashlib.new(object_format, body, usedforsecurity=False).digest()


def _row(kind: ObjectKind, data: bytes) -> bytes:
    """Type and size in one number of seven bits a byte, four in the first; then the bytes, deflated."""
    size = len(data)
    first, size = (_TYPES[kind] << 4) | (size & 15), size >> 4
    head = bytearray()
    while size:
        head.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    head.append(first)
    return bytes(head) + zlib.compress(data, 1)
