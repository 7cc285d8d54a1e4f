"""A skill as its files: read whole and within bounds, named by the id that git would give it. Writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from hermes_fs.core.errors import Refused
from hermes_fs.store import skill_places
from hermes_fs.store.skill_places import Spot

MAX_BYTES = 20 << 20
"""Of all files of a skill together."""


@dataclass(frozen=True, slots=True)
class CopiedFile:
    data: bytes
    executable: bool = False


def files(spot: Spot) -> dict[str, CopiedFile]:
    """Every file of a skill, by its path in the folder. Raises Refused where one is too large, or all are together."""
    found: dict[str, CopiedFile] = {}
    room = MAX_BYTES
    for path in spot.files():
        data = skill_places.read(spot.folder, path, room + 1)
        if data is None:  # gone meanwhile
            continue
        room -= len(data)
        if room < 0:
            raise Refused(f"{spot.where} has more than {MAX_BYTES >> 20} MiB", "take large files out of it")
        found[path] = CopiedFile(data, os.access(spot.folder / path, os.X_OK))
    return found


def tree_of(content: Mapping[str, CopiedFile], oid_of: Callable[[Literal["blob", "tree"], bytes], str]) -> str:
    """The id of the git tree that these files make; `oid_of` is git's (kind, bytes) → id."""
    here: dict[str, tuple[str, str]] = {}
    below: dict[str, dict[str, CopiedFile]] = {}
    for path, file in content.items():
        folder, slash, rest = path.partition("/")
        if slash:
            below.setdefault(folder, {})[rest] = file
        else:
            here[folder] = ("100755" if file.executable else "100644", oid_of("blob", file.data))
    here |= {folder: ("40000", tree_of(inner, oid_of)) for folder, inner in below.items()}
    rows = sorted(here.items(), key=lambda row: row[0].encode() + (b"/" if row[1][0] == "40000" else b""))
    return oid_of("tree", b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for name, (mode, oid) in rows))
