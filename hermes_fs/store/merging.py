"""Merges two versions of a mind, file by file, each by its format. Reads and writes git's objects; moves no ref.

`merge` of the same two commits makes the same tree on every machine, in whatever order they are named. What cannot be
in that tree is a `Clash`; none is lost in silence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hermes_fs.core.errors import Refused
from hermes_fs.store.formats.format import Merged
from hermes_fs.store.git import Git
from hermes_fs.store.judging import FormatOf
from hermes_fs.store.objects import Rows, TreeEntry, entry_of

_FILES = ("100644", "100755")
_MOST = 200_000
_DEEPEST = 50
"""Bounds of what is compared: entries, and folders within folders. A few small trees can name 10^10 files."""
_LOST = 200_000  # bytes of a file that a clash shows; all of it is in the version that it names

Files = Mapping[str, tuple[str, str] | None]
"""Path → (mode, blob id), None where the file is deleted."""


@dataclass(frozen=True, slots=True)
class Clash:
    """What two versions of a file could not agree on. `versions` are the blob ids of the two, "" for none, in an order
    that does not depend on whose they are; `lost` says, some lines each, what the merged file has not."""

    path: str
    versions: tuple[str, str]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A path that is not the same in two or three trees; None where it has no file."""

    path: str
    base: TreeEntry | None
    first: TreeEntry | None
    second: TreeEntry | None


def merge(git: Git, one: str, other: str, format_of: FormatOf) -> tuple[str, list[Clash]]:
    """(tree, what clashed) of two commits. Objects are written, durably. Where they have no common ancestor, each has
    added all that it holds."""
    first, second = sorted((one, other))
    files, clashes = _merged(git, base_of(git, first, second, format_of), (first, second), format_of)
    clashes += _make_room(git, first, files)
    return git.write_tree_with(first, files), _together(clashes)


def carried(git: Git, base: str, commit: str, onto: str, format_of: FormatOf) -> tuple[str, list[Clash]]:
    """As `merge`, of what a commit changed since `base` with what `onto` has instead of it."""
    files, clashes = _merged(git, base, (onto, commit), format_of)
    clashes += _make_room(git, onto, files)
    return git.write_tree_with(onto, files), _together(clashes)


def _together(clashes: Iterable[Clash]) -> list[Clash]:
    """One for each path and its versions: a file that was changed here and deleted there may have no room, too."""
    found: dict[tuple[str, tuple[str, str]], Clash] = {}
    for clash in clashes:
        key = clash.path, clash.versions
        before = found[key].lost if key in found else ()
        found[key] = Clash(*key, tuple(dict.fromkeys((*before, *clash.lost))))
    return list(found.values())


def differences(git: Git, before: str, after: str) -> Iterator[Difference]:
    """The paths that two trees or commits do not have alike; `base` and `first` are what it was."""
    yield from _differing(git, before, before, after)


def bases(git: Git, one: str, other: str) -> list[str]:
    """The newest common ancestors of two commits, in the order of their ids; more than one where their histories
    cross, none where they are strangers."""
    return sorted(git.run("merge-base", "--all", one, other, check=False).decode("ascii", "replace").split())


def base_of(git: Git, first: str, second: str, format_of: FormatOf) -> str:
    """Tree or commit that both started from, "" for none. Where histories cross, their ancestors are merged."""
    found = bases(git, first, second)
    tree = found[0] if found else ""
    for further in found[1:]:
        below = bases(git, found[0], further)
        files, _ = _merged(git, below[0] if below else "", (tree, further), format_of)
        tree = git.write_tree_with(tree, files)
    return tree


def _merged(
    git: Git, base: str, sides: tuple[str, str], format_of: FormatOf
) -> tuple[dict[str, tuple[str, str] | None], list[Clash]]:
    """What becomes of the files of the first side, and what clashed."""
    files: dict[str, tuple[str, str] | None] = {}
    clashes: list[Clash] = []
    for found in _differing(git, base, *sides):
        if found.second == found.base:
            continue
        if found.first == found.base:
            files[found.path] = (found.second.mode, found.second.oid) if found.second else None
            continue
        merged = _contents(git, found, format_of)
        files[found.path] = (_mode(found), git.hash_blob(merged.content)) if merged.content is not None else None
        if merged.conflicts:
            clashes.append(Clash(found.path, _versions(found), merged.conflicts))
    return files, clashes


def _contents(git: Git, found: Difference, format_of: FormatOf) -> Merged:
    """Both sides changed it. A link or a submodule is none of the mind's files: it counts as absent."""
    versions = [
        git.read_blob(entry.oid) if entry and entry.mode in _FILES else None
        for entry in (found.base, found.first, found.second)
    ]
    return format_of(found.path).merge(*versions)


def _mode(found: Difference) -> str:
    """As the side that changed it has it; two changes can only be the same one."""
    was = found.base.mode if found.base else ""
    modes = [entry.mode for entry in (found.first, found.second) if entry and entry.mode in _FILES]
    return next((mode for mode in modes if mode != was), modes[0] if modes else "100644")


def _versions(found: Difference) -> tuple[str, str]:
    low, high = sorted(entry.oid if entry else "" for entry in (found.first, found.second))
    return low, high


def _make_room(git: Git, first: str, files: dict[str, tuple[str, str] | None]) -> list[Clash]:
    """Takes out of `files`, or away from the first side, what cannot lie beside the rest: a file with the name of a
    folder, names that some disks cannot tell apart."""
    clashes: list[Clash] = []
    taken: dict[str, str] = {}
    for path in sorted(path for path, wanted in files.items() if wanted):
        if hidden := _file_above(git, first, files, path):
            clashes.append(_without(git, files, *hidden, "a folder has the name of this file"))
        wanted = files[path]
        if wanted and _folder_stays(git, first, files, path):
            clashes.append(_without(git, files, path, wanted, "a folder has the name of this file"))
            del files[path]
        elif wanted and (alike := taken.setdefault(path.casefold(), _alike(git, first, files, path))) != path:
            clashes.append(_without(git, files, path, wanted, f"its name differs only in case from {alike}"))
            del files[path]
    return clashes


def _without(git: Git, files: dict[str, tuple[str, str] | None], path: str, row: tuple[str, str], why: str) -> Clash:
    files[path] = None
    text = git.read_blob(row[1])[:_LOST].decode("utf-8", "replace") if row[0] in _FILES else ""
    return Clash(path, ("", row[1]), (f"{why}:\n{text}",))


def _file_above(git: Git, first: str, files: Files, path: str) -> tuple[str, tuple[str, str]] | None:
    """A file where a folder of this path is to be."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        above = "/".join(parts[:depth])
        entry = git.entry_at(first, above)
        row = files.get(above, (entry.mode, entry.oid) if entry and entry.kind != "tree" else None)
        if row:
            return above, row
    return None


def _folder_stays(git: Git, first: str, files: Files, path: str) -> bool:
    tree = git.tree_at(first, path)
    return bool(tree) and any(files.get(name, ("", "")) for name, _ in git.files(tree, f"{path}/"))


def _alike(git: Git, first: str, files: Files, path: str) -> str:
    """The path of the first side that differs from this new one only in case, else the path itself."""
    tree, found = first, ""
    for name in path.split("/") if not git.entry_at(first, path) else ():
        names = [row.name for row in git.tree(tree) if row.name.casefold() == name.casefold()] if tree else []
        alike = name if name in names else next(iter(names), "")
        if not alike:
            return path
        found, tree = f"{found}{alike}/", git.tree_at(tree, alike)
    found = found.rstrip("/")
    return found if found and files.get(found, ("", "")) else path


# -- walking ----------------------------------------------------------------------------------------------------------


def _differing(
    git: Git, base: str, first: str, second: str, prefix: str = "", left: list[int] | None = None
) -> Iterator[Difference]:
    """The paths at which the sides differ; folders that they have alike are not read. Raises Refused beyond bounds."""
    left = [_MOST] if left is None else left
    trees = [git.rows(tree) if tree else {} for tree in (base, first, second)]
    left[0] -= len(trees[1]) + len(trees[2])
    if left[0] < 0 or prefix.count("/") > _DEEPEST:
        raise Refused("it holds more files, or deeper folders, than a mind has", "it is damaged, or means harm")
    for name in sorted({*trees[1], *trees[2]} if trees[1] != trees[2] else ()):
        below = [_at(rows, name) for rows in trees]
        if below[1] == below[2]:
            continue
        path = prefix + os.fsdecode(name)
        blobs = [entry if entry and entry.kind != "tree" else None for entry in below]
        if blobs[1] != blobs[2]:
            yield Difference(path, *blobs)
        folders = [entry.oid if entry and entry.kind == "tree" else "" for entry in below]
        if folders[1] != folders[2]:
            yield from _differing(git, folders[0], folders[1], folders[2], f"{path}/", left)


def _at(rows: Rows, name: bytes) -> TreeEntry | None:
    row = rows.get(name)
    return entry_of(name, row) if row else None
