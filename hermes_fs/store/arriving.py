"""Judges what a clone brings before any of it is written: what stays out, what is refused whole, a line for each. Pure
but for reading objects, whose number and size it bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hermes_fs.core.errors import ConfigError, HermesError, Refused
from hermes_fs.core.loading import load
from hermes_fs.store import isolation
from hermes_fs.store.git import Git
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.paths import check_path
from hermes_fs.store.session_refs import REFS

MAX_FILE = 50 << 20
MAX_TOTAL = 2 << 30
MAX_FILES = 100_000
MAX_DEPTH = 50
MAX_REFS = 2_000
"""Bounds of a clone: bytes of one file and of all, files, folders within folders, refs beside main."""

SUBMODULES = ".gitmodules"
PROPOSALS = "refs/hermes/proposals"
_SESSION_REF = re.compile(rf"{REFS}/[A-Za-z0-9][A-Za-z0-9._-]{{0,80}}/\d{{4}}-\d\d")
_PROPOSAL_REF = re.compile(rf"{PROPOSALS}/[A-Za-z0-9][A-Za-z0-9_-]{{0,80}}")
_ATTRIBUTE = re.compile(r"(?<!\S)(?:filter|diff|merge|eol|working-tree-encoding)=\S+|(?<!\S)(?:ident|export-subst)\b")
_LEADS_INTO_GIT = "leads into a .git folder"
_READ = 200_000
_SHOWN = 3
_ATTRIBUTES = 8


@dataclass(slots=True)
class Arrival:
    """Files to write, and lines to say. `left_out` maps a reason to the names that it kept out."""

    files: list[tuple[str, TreeEntry]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """What was found and what was done about it, a line each."""
        return [
            *(f"{_named(names)} {_was(names)} left out: {why}" for why, names in self.left_out.items()),
            *self.said,
        ]


def judge(git: Git, head: str) -> Arrival:
    """What of a commit is written. Raises Refused where all of it is suspect: a bomb, or names that lead into .git."""
    return judge_files(git, walk(git, head))


def judge_files(git: Git, files: Iterable[tuple[str, TreeEntry]]) -> Arrival:
    """As `judge`, of these files."""
    arrival = Arrival()
    seen: dict[str, str] = {}
    total = 0
    for name, entry in files:
        size = git.size_of(entry.oid) if entry.kind == "blob" else 0
        problem = _problem(name, entry, size) or _folds(name, seen)
        if problem == _LEADS_INTO_GIT:
            raise Refused(f"that repository holds {name!r}, which {problem}", "it is damaged, or means harm")
        if problem:
            arrival.left_out.setdefault(problem, []).append(name)
            continue
        total += size
        if total > MAX_TOTAL:
            raise Refused(f"its files take more than {MAX_TOTAL >> 30} GB", "that is no workspace, or means harm")
        arrival.files.append((name, entry))
        arrival.said += _remarks(git, name, entry)
    return arrival


def walk(git: Git, tree: str, prefix: str = "", left: list[int] | None = None) -> Iterator[tuple[str, TreeEntry]]:
    """As `Git.files`, but Refused where there are too many or they lie too deep: ten small trees can name 10^10."""
    left = [MAX_FILES] if left is None else left
    if prefix.count("/") > MAX_DEPTH:
        raise Refused(f"its folders lie more than {MAX_DEPTH} deep", "that is no workspace, or means harm")
    for entry in git.tree(tree):
        left[0] -= 1
        if left[0] < 0:
            raise Refused(f"it holds more than {MAX_FILES:,} files", "that is no workspace, or means harm")
        if entry.kind == "tree":
            yield from walk(git, entry.oid, f"{prefix}{entry.name}/", left)
        else:
            yield prefix + entry.name, entry


def refs(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """(session and proposal refs by a name that is one, newest months first; lines on the others)."""
    ours = [name for name in names if name.startswith((f"{REFS}/", f"{PROPOSALS}/"))]
    fit = [name for name in ours if _SESSION_REF.fullmatch(name) or _PROPOSAL_REF.fullmatch(name)]
    fit = [name for name in fit if ".." not in name and not name.endswith(".lock") and "./" not in name]
    fit.sort(key=lambda name: name.rsplit("/", 1)[-1], reverse=True)
    odd = [name for name in ours if name not in set(fit)]
    lines = [f"{_named(odd)} {_was(odd)} left out: no name of a session or a proposal"] if odd else []
    if len(fit) > MAX_REFS:
        lines.append(f"{len(fit) - MAX_REFS:,} of its {len(fit):,} session refs were left out: the oldest")
    return fit[:MAX_REFS], lines


def settings(keys: Iterable[str]) -> list[str]:
    """Lines on a repository's own configuration that would run programs or redirect connections."""
    armed = [*dict.fromkeys(isolation.armed(keys))]
    return [f"its own git configuration sets {_named(armed)}: not brought along, and never followed"] if armed else []


def _problem(name: str, entry: TreeEntry, size: int) -> str:
    """Why a file of a clone is not written, "" if it is."""
    if entry.mode == "120000":
        return "a symbolic link"
    if entry.mode == "160000":
        return "a submodule"
    try:
        check_path(name)
    except HermesError as error:
        return _LEADS_INTO_GIT if _LEADS_INTO_GIT in error.message else error.message.removeprefix(f"{name!r} ")
    if name.rpartition("/")[2].casefold() == SUBMODULES:
        return "submodules are not used here"
    if size > MAX_FILE:
        return f"larger than {MAX_FILE >> 20} MB"
    return ""


def _folds(name: str, seen: dict[str, str]) -> str:
    """A name, or a folder's, that some disks cannot tell from an earlier one."""
    parts = name.split("/")
    for depth in range(1, len(parts) + 1):
        path = "/".join(parts[:depth])
        if seen.setdefault(path.casefold(), path) != path:
            return "a name that differs only in case from another"
    return ""


def _remarks(git: Git, name: str, entry: TreeEntry) -> Iterator[str]:
    """What is written as the text that it is, although it asks for more."""
    if name.rpartition("/")[2] == ".gitattributes":
        asked = dict.fromkeys(_ATTRIBUTE.findall(_text(git, entry.oid)))
        if asked:
            named = ", ".join(list(asked)[:_ATTRIBUTES])
            yield f"{name} asks for {named}: nothing is run and no byte is changed for it"
    if name == "config.yaml":
        try:
            data = load("hermes_fs.core.config:parse_yaml")(_text(git, entry.oid), name)
            load("hermes_fs.core.config:check_shared")(data)
            load("hermes_fs.core.config:parse")(data, name)
        except ConfigError as error:
            yield f"{error.message}: none of {name} is used until you mend it"


def _text(git: Git, oid: str) -> str:
    return git.read_blob(oid)[:_READ].decode("utf-8", "replace") if git.size_of(oid) <= MAX_FILE else ""


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
