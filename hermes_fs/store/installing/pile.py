"""What all sources come down to: files by name, looked at before they are read. Owns the bounds and the rules for
names; writes nothing.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.store.paths import check_path

MAX_ENTRIES = 20_000
MAX_DEPTH = 20
MAX_FILES = 500
MAX_FILE = 5 << 20
MAX_TOTAL = 20 << 20
"""Bounds: names in a source; folders within folders; files of one skill, bytes of one of them and of all."""

HARM = "it is damaged, or means harm"
FILE = "SKILL.md"
_TOO_MUCH = "a skill holds instructions, not data: ask its author for a smaller one"
_GIT = {".git", "git~1"}
_LITTER = ("__MACOSX", "__pycache__", "node_modules")
_LISTED = 12


class Pile(Protocol):
    """The files of a source. `names` are as it has them, whatever they are; `read` may raise Refused or Failed."""

    @property
    def names(self) -> Sequence[str]: ...

    def read(self, name: str) -> bytes: ...


def checked(names: Iterable[str]) -> list[str]:
    """The names, composed (NFC). Refused for the first that leads elsewhere, or that some disks cannot tell from
    another."""
    found: list[str] = []
    seen: dict[str, str] = {}
    for raw in names:
        name = unicodedata.normalize("NFC", raw)
        check_name(name)
        _check_clash(name, seen)
        found.append(name)
        if len(found) > MAX_ENTRIES:
            raise Refused(f"it holds more than {MAX_ENTRIES:,} files", HARM)
    folders = {parent for name in found for parent in _parents(name)}
    both = next((name for name in found if name in folders), "")
    if both:
        raise Refused(f"{both!r} is a file and a folder in it", HARM)
    return found


def check_name(name: str) -> None:
    """Refused unless the name stays inside of the folder that it is relative to, and out of .git."""
    try:
        check_path(unicodedata.normalize("NFC", name))
    except Refused as error:
        raise Refused(f"its {error.message}", HARM) from error
    if name.count("/") > MAX_DEPTH:
        raise Refused(f"its folders lie more than {MAX_DEPTH} deep", HARM)


def _check_clash(name: str, seen: dict[str, str]) -> None:
    if name.casefold() in seen and seen[name.casefold()] == name:
        raise Refused(f"it holds {name!r} twice", HARM)
    for path in (*_parents(name), name):
        known = seen.setdefault(path.casefold(), path)
        if known != path:
            raise Refused(f"{path!r} and {known!r} in it differ only in upper and lower case", HARM)


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def skills_in(names: Iterable[str]) -> list[str]:
    """The folders that hold a skill, "" for the top; one inside of another skill is a part of that."""
    folders = sorted(name.removesuffix(FILE).rstrip("/") for name in names if f"/{name}".endswith(f"/{FILE}"))
    found: list[str] = []
    for folder in folders:
        litter = any(part in _LITTER for part in folder.split("/"))
        if not litter and not any(not top or folder.startswith(f"{top}/") for top in found):
            found.append(folder)
    return found


def choose(names: Sequence[str], part: str) -> str:
    """The folder of the skill that is meant: by its path, by the last name of it, or the only one. NotFound where
    there is none, or where several are and none is named."""
    folders = skills_in(names)
    fitting = [folder for folder in folders if folder == part]
    if part and not fitting:
        fitting = [folder for folder in folders if folder.rpartition("/")[2] == part]
    if part and not fitting:
        fitting = [folder for folder in folders if folder.startswith(f"{part}/")]
    chosen = fitting if part else folders
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        hint = f"it holds {_list(folders)}" if folders else f"it has no {FILE}"
        raise NotFound(f"there is no skill {part or 'in it'}", hint)
    raise NotFound(f"it holds {len(chosen)} skills", f"add #NAME to the source: {_list(chosen)}")


def _list(folders: Sequence[str]) -> str:
    names = [folder.rpartition("/")[2] for folder in folders]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def is_kept(name: str) -> bool:
    """Whether a file belongs to a skill: hidden ones, and what programs leave behind, do not."""
    return not any(part.startswith(".") or part in _LITTER for part in name.split("/") if part)


def take(pile: Pile, folder: str) -> tuple[dict[str, bytes], list[str]]:
    """(files of a skill by their path in its folder, names that were left out). Refused for too many or too large
    ones."""
    prefix = f"{folder}/" if folder else ""
    inside = [name for name in pile.names if name.startswith(prefix)]
    for name in inside:
        if _GIT & set(name.casefold().split("/")):
            check_name(name)
    kept = sorted(name for name in inside if is_kept(name.removeprefix(prefix)))
    if len(kept) > MAX_FILES:
        raise Refused(f"the skill has {len(kept):,} files, at most {MAX_FILES} are taken", _TOO_MUCH)
    files: dict[str, bytes] = {}
    total = 0
    for name, path in zip(kept, checked(name.removeprefix(prefix) for name in kept), strict=True):
        files[path] = pile.read(name)
        total += len(files[path])
        if len(files[path]) > MAX_FILE:
            raise Refused(f"{path} has more than {MAX_FILE >> 20} MB", _TOO_MUCH)
        if total > MAX_TOTAL:
            raise Refused(f"the skill has more than {MAX_TOTAL >> 20} MB", _TOO_MUCH)
    return files, sorted(name.removeprefix(prefix) for name in set(inside) - set(kept))


def digest(files: Mapping[str, bytes]) -> str:
    """The SHA-256 of a whole skill: of its sorted lines `path NUL sha256 LF`."""
    whole = hashlib.sha256()
    for path in sorted(files, key=str.encode):
        whole.update(f"{path}\0{hashlib.sha256(files[path]).hexdigest()}\n".encode())
    return whole.hexdigest()
