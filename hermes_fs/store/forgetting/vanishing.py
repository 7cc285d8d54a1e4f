"""Takes objects out of a repository for good: exactly those that a purge left behind, loose or packed. Moves no ref.

`git gc` would keep them for two weeks, and `git prune` would take along what another process is about to use.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from hermes_fs.core.errors import Failed
from hermes_fs.store.failpoint import reach
from hermes_fs.store.forgetting.finding import everything
from hermes_fs.store.forgetting.rewriting import links
from hermes_fs.store.git import Git

_OLD = 3600.0  # seconds, after which what a killed git left is nobody's
_PARTS = (".idx", ".rev", ".bitmap", ".mtimes", ".keep", ".pack")


def dead(git: Git, old: Iterable[str], held: Collection[str]) -> list[str]:
    """Objects that only these commits reached, those of `held` that nothing reaches, and what nothing reaches and
    names one of them. Reads the refs, the index and the reflogs of now."""
    kept = _reached(git, "--all", "--indexed-objects", "--reflog")
    roots = [oid for oid in dict.fromkeys(old) if git.kind_of(oid)]
    lost = (_reached(git, *roots) if roots else set()) | set(held)
    lost -= kept
    loose = {oid: kind for oid, kind in everything(git) if oid not in kept}
    named = {oid: set(links(git, kind, oid)) for oid, kind in loose.items() if oid not in lost}
    while more := {oid for oid, below in named.items() if below & lost and oid not in lost}:
        lost |= more
    return sorted(lost & loose.keys())


def remove(git: Git, gone: Collection[str]) -> None:
    """Deletes them, whatever they lie in. May be interrupted, and called again. Raises Failed."""
    _drop_packed(git, frozenset(gone))
    reach("forget.packs")
    objects = git.common_dir / "objects"
    for oid in gone:
        (objects / oid[:2] / oid[2:]).unlink(missing_ok=True)
        reach("forget.loose")
    for place in (objects / "info" / "commit-graph", *sorted((objects / "info" / "commit-graphs").glob("*"))):
        place.unlink(missing_ok=True)
    for left in (*objects.glob("pack/tmp_*"), *objects.glob("*/tmp_obj_*")):
        with contextlib.suppress(FileNotFoundError):  # whoever made it was done with it
            if time.time() - left.stat().st_mtime > _OLD:
                left.unlink()
    git.close()  # its readers know the packs of before


def _reached(git: Git, *roots: str) -> set[str]:
    said = git.run("rev-list", "--objects", "--no-object-names", *roots)
    return set(said.decode().split())


def _drop_packed(git: Git, gone: frozenset[str]) -> None:
    """Every pack that holds one of them gives way to one without."""
    folder = git.common_dir / "objects" / "pack"
    packs = {index: set(_packed(git, index)) for index in sorted(folder.glob("*.idx"))}
    bad = {index: members for index, members in packs.items() if members & gone}
    if not bad:
        return
    kept = sorted({oid for members in bad.values() for oid in members} - gone)
    made = ""
    if kept:
        listed = "".join(f"{oid}\n" for oid in kept).encode()
        made = os.fsdecode(git.run("pack-objects", "--quiet", str(folder / "pack"), input=listed)).strip()
        git.syncer.sync([*folder.glob(f"pack-{made}.*"), folder])
        if not (folder / f"pack-{made}.idx").is_file():
            raise Failed("git made no pack of what stays", "look whether there is space left")
    reach("forget.packed")
    git.close()
    (folder / "multi-pack-index").unlink(missing_ok=True)
    for index in bad:
        if index.stem != f"pack-{made}":
            for part in _PARTS:
                index.with_suffix(part).unlink(missing_ok=True)


def _packed(git: Git, index: Path) -> Iterator[str]:
    said = git.run("show-index", input=index.read_bytes())
    yield from (line.split(" ")[1] for line in said.decode().splitlines())
