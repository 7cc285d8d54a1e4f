"""Owns `conflicts/<id>.md`: what main has not because two machines changed the same. Text only; writes nothing.

A merge adds such a file, a person's answer removes it. Its name and words are made of what clashed alone, so that two
machines that meet the same conflict write the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hermes_fs.core.errors import Conflict, NotFound, Refused
from hermes_fs.core.ids import entry_id
from hermes_fs.store.git import Git
from hermes_fs.store.merging import Clash
from hermes_fs.store.paths import check_path

FOLDER = "conflicts"
_HEAD = """# {path}

Two machines changed this at the same time, and main could keep only one of it. What main has not stands below; both
versions are in the history.

- file: {path}
- versions: {first} {second}
- settle it: hermes sync resolve {id}

## What main has not

"""
_FIELD = re.compile(r"^- (file|versions): (.*)$", re.MULTILINE)
_PATH = re.compile(rf"{FOLDER}/([a-z2-7]{{6}})\.md")
_VERSION = re.compile(r"none|[0-9a-f]{40}|[0-9a-f]{64}")
_MOST = 200_000
_SHOWN = 50_000  # characters of what is lost; both versions are in the history whole


@dataclass(frozen=True, slots=True)
class Open:
    """One that waits for a person. `file` is what it is about, `versions` the blob ids of the two, "" for none."""

    id: str
    file: str
    versions: tuple[str, str]
    text: str

    @property
    def path(self) -> str:
        return f"{FOLDER}/{self.id}.md"

    @property
    def lost(self) -> str:
        """What main has not, as text."""
        shown = self.text.partition("\n## What main has not\n")[2].strip("\n")
        return "\n".join(line.removeprefix("    ") for line in shown.split("\n"))


def page(clash: Clash) -> tuple[str, bytes]:
    """(path, content) of the file that keeps a clash."""
    first, second = clash.versions
    id = entry_id(f"{clash.path}\n{first}\n{second}")
    words = {"path": clash.path, "first": first or "none", "second": second or "none", "id": id}
    said = "\n".join(clash.lost)
    if len(said) > _SHOWN:
        said = f"{said[:_SHOWN]}\n… and more: look at both versions with git show"
    lost = "\n".join(f"    {line}".rstrip() for line in said.split("\n"))
    return f"{FOLDER}/{id}.md", f"{_HEAD.format(**words)}{lost}\n".encode("utf-8", "replace")


def kept(git: Git, tree: str, clashes: Iterable[Clash]) -> str:
    """The tree with a page for each clash, written."""
    pages = dict(map(page, clashes))
    rows = {path: ("100644", git.hash_blob(data)) for path, data in pages.items()}
    return git.write_tree_with(tree, rows) if rows else tree


def waiting(git: Git, head: str) -> list[Open]:
    """Those on a commit, by their ids. A file that a person wrote into the folder by hand is none."""
    folder = git.tree_at(head, FOLDER) if head else ""
    entries = [entry for entry in git.tree(folder) if _PATH.fullmatch(f"{FOLDER}/{entry.name}")] if folder else []
    found = (read(entry.name[:-3], git.read_blob(entry.oid)) for entry in entries if git.size_of(entry.oid) <= _MOST)
    return [one for one in found if one]


def read(id: str, data: bytes) -> Open | None:
    """None for what is no such page."""
    text = data.decode("utf-8", "replace")
    fields = dict(_FIELD.findall(text.partition("\n## ")[0]))
    names = fields.get("versions", "").split()
    if len(names) != 2 or not all(_VERSION.fullmatch(name) for name in names):
        return None
    try:
        check_path(fields.get("file", ""))
    except Refused:  # a stranger's page would have a person write elsewhere
        return None
    first, second = ("" if name == "none" else name for name in names)
    return Open(id, fields["file"], (first, second), text)


def find(git: Git, head: str, name: str) -> Open:
    """By its id, the beginning of one, or the file that it is about. NotFound; Conflict where several fit."""
    found = [one for one in waiting(git, head) if one.id.startswith(name) or one.file == name]
    if not found:
        raise NotFound(f"there is no conflict {name}", "see them with `hermes sync resolve`")
    if len(found) > 1:
        raise Conflict(f"{name} could be {', '.join(one.id for one in found[:5])}", "name one of them")
    return found[0]
