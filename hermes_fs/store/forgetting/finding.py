"""Finds every place of a workspace that holds what is to be forgotten. Only looks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.store.forgetting.asked import PURGES
from hermes_fs.store.forgetting.wanted import Session, Wanted
from hermes_fs.store.git import Git
from hermes_fs.store.objects import parse_rows
from hermes_fs.store.proposal import PUT_AWAY, WAITING
from hermes_fs.store.session_refs import REFS
from hermes_fs.store.state import BRANCH

STASH = "refs/stash"
NOTES = ("COMMIT_EDITMSG", "MERGE_MSG", "SQUASH_MSG", "TAG_EDITMSG", "NOTES_EDITMSG", "FETCH_HEAD", "ORIG_HEAD")
"""What git itself leaves behind of the last commands."""

_NOT_OURS = frozenset((".git", "work"))
_GROUPS = (
    ("history of main", (BRANCH,)),
    ("transcripts in git", (REFS,)),
    ("proposals", (WAITING, PUT_AWAY)),
    ("kept copies of histories", ("refs/hermes/rescue",)),
    ("what is known of remotes", ("refs/remotes", "refs/hermes/remotes", "refs/hermes/remotes-fetched")),
    ("stash", (STASH,)),
    ("other branches and tags", ("refs",)),
)


@dataclass(frozen=True, slots=True)
class Place:
    """`count` is how often it stands in files, and how many objects hold it in git. `reach`: a purge gets there."""

    what: str
    name: str
    count: int
    reach: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """`places` in the order in which they are shown; `objects` are those of git that hold it: id → how often."""

    places: tuple[Place, ...]
    objects: Mapping[str, int]

    @property
    def in_git(self) -> bool:
        """Whether history has to be rewritten for it."""
        return bool(self.objects)

    @property
    def total(self) -> int:
        return sum(place.count for place in self.places if place.reach)


def find(git: Git, state_dir: Path, wanted: Wanted) -> Found:
    """Reads all of the workspace: seconds for each 100,000 objects."""
    objects = held(git, wanted)
    places = [*_on_disk(git.root, wanted), *_in_git(git, objects), *_notes(git, wanted)]
    return Found((*places, *_state(git, state_dir, wanted), *_beyond(git, wanted)), objects)


# -- files ------------------------------------------------------------------------------------------------------------


def files(root: Path) -> Iterator[str]:
    """Paths of the mind's files on disk, ignored ones too; links and what is no regular file are left out."""
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if folder != str(root) or name not in _NOT_OURS)
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix()


def state_files(state_dir: Path) -> Iterator[Path]:
    """The machine's own files, checkpoints left out: those are repositories."""
    for folder, below, names in os.walk(state_dir):
        if Path(folder) == state_dir:
            below[:] = [name for name in below if name != "checkpoints"]
        for path in (Path(folder, name) for name in sorted(names)):
            if path.is_file() and not path.is_symlink():
                yield path


def _on_disk(root: Path, wanted: Wanted) -> Iterator[Place]:
    for path in files(root):
        count = count_in(wanted, path, (root / path).read_bytes()) + (wanted.name(path.encode()) != path.encode())
        if count:
            yield Place("transcript" if path.startswith("sessions/") else "file", path, count)


def count_in(wanted: Wanted, path: str, data: bytes) -> int:
    if isinstance(wanted, Session):
        return int(path in wanted.files)
    return wanted.count(data)


# -- git --------------------------------------------------------------------------------------------------------------


def everything(git: Git) -> Iterator[tuple[str, str]]:
    """(id, kind) of each object, reachable or not."""
    said = git.run("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname) %(objecttype)")
    for line in said.decode().splitlines():
        oid, _, kind = line.partition(" ")
        yield oid, kind


def held(git: Git, wanted: Wanted) -> dict[str, int]:
    """Objects of git that hold it in themselves: id → how often."""
    found: dict[str, int] = {}
    for oid, kind in everything(git):
        count = _count_of(git, kind, oid, wanted)
        if count:
            found[oid] = count
    if isinstance(wanted, Session):
        rows = _reach(git, "--all", "--indexed-objects", "--reflog")
        found |= {oid: 1 for oid, path in rows if path in wanted.files}
    return found


def _count_of(git: Git, kind: str, oid: str, wanted: Wanted) -> int:
    if kind == "blob":
        return 0 if isinstance(wanted, Session) else wanted.count(git.read_blob(oid))
    if kind == "tree":
        rows = parse_rows(git.read("tree", oid), len(oid) // 2)
        return sum(wanted.name(name) != name for name in rows)
    data = git.read(kind, oid)
    return 0 if wanted.words(data) == data else max(1, 0 if isinstance(wanted, Session) else wanted.count(data))


def _reach(git: Git, *roots: str) -> Iterator[tuple[str, str]]:
    """(id, path) of what these reach; the path is "" for a commit."""
    for line in git.run("rev-list", "--objects", *roots).decode("utf-8", "surrogateescape").splitlines():
        oid, _, path = line.partition(" ")
        yield oid, path


def refs(git: Git) -> dict[str, str]:
    """Every ref with what it points to, but those that only stand for another, and the record of purges."""
    said = git.run("for-each-ref", "--format=%(objectname) %(if)%(symref)%(then)@%(end)%(refname)")
    rows = (line.split(" ", 1) for line in os.fsdecode(said).splitlines())
    return {name: oid for oid, name in rows if name != PURGES and not name.startswith("@")}


def stashed(git: Git) -> list[str]:
    """What `git stash` keeps; all but the last stands in its log alone."""
    return git.ask("log", "-g", "--format=%H", STASH, "--").out.decode().split()


def _in_git(git: Git, objects: Mapping[str, int]) -> Iterator[Place]:
    known, seen = refs(git), set[str]()
    for what, prefixes in _GROUPS:
        roots = [oid for name, oid in known.items() if name.startswith(prefixes)]
        roots = [*roots, *(stashed(git) if STASH in prefixes else ())]
        here = {oid for oid, _ in _reach(git, *roots)} if roots else set()
        count = len(here & objects.keys()) if what == _GROUPS[0][0] else len((here - seen) & objects.keys())
        seen |= here
        if count:
            yield Place(what, _named(known, prefixes), count)
    logged = {oid for oid, _ in _reach(git, "--reflog")} - seen
    seen |= logged
    if count := len(logged & objects.keys()):
        yield Place("reflogs", "", count)
    staged = {oid for oid, _ in _reach(git, "--indexed-objects")} - seen
    if count := len(staged & objects.keys()):
        yield Place("staged with git", "", count)
    if count := len(objects.keys() - seen - staged):
        yield Place("unreachable objects", "", count)


def _named(known: Mapping[str, str], prefixes: tuple[str, ...]) -> str:
    names = [name for name in known if name.startswith(prefixes)]
    return names[0] if len(names) == 1 else ""


def logs(git: Git) -> Iterator[Path]:
    place = git.common_dir / "logs"
    yield from (path for path in sorted(place.rglob("*")) if path.is_file())


def _notes(git: Git, wanted: Wanted) -> Iterator[Place]:
    for path in logs(git):
        if count := wanted.count(path.read_bytes()):
            yield Place("words of a reflog", path.relative_to(git.common_dir).as_posix(), count)
    for name in NOTES:
        path = git.git_dir / name
        if path.is_file() and (count := wanted.count(path.read_bytes())):
            yield Place("left by a git command", name, count)


# -- this machine's ---------------------------------------------------------------------------------------------------


def _state(git: Git, state_dir: Path, wanted: Wanted) -> Iterator[Place]:
    for path in state_files(state_dir):
        name = path.relative_to(state_dir).as_posix()
        if count := wanted.count(path.read_bytes()):
            yield Place(_kind_of(name), f".git/hermes/{name}", count)
    for place in checkpoints(state_dir, wanted):
        yield Place("checkpoints", f".git/hermes/checkpoints/{place.name}", 1)


def checkpoints(state_dir: Path, wanted: Wanted) -> Iterator[Path]:
    """Copies of work directories that hold it, each a repository of its own."""
    for place in sorted((state_dir / "checkpoints").glob("*.git")):
        inside = Git(place, place)
        try:
            if inside.resolve(f"refs/sessions/{wanted.id}") if isinstance(wanted, Session) else held(inside, wanted):
                yield place
        finally:
            inside.close()


def _kind_of(name: str) -> str:
    if name == "prompt-history":
        return "prompt history"
    if ".db" in name:
        return "search index and caches"
    return {"errands": "what is to be learned", "quarantine": "copies set aside"}.get(name.split("/")[0], "own notes")


def _beyond(git: Git, wanted: Wanted) -> Iterator[Place]:
    """Where a purge does not go: what a person has to see to."""
    for name in refs(git):
        if wanted.name(name.encode()) != name.encode():
            yield Place("name of a branch", name, 1, reach=False)
    config = git.common_dir / "config"
    if config.is_file() and (count := wanted.count(config.read_bytes())):
        yield Place("git's settings", ".git/config", count, reach=False)
    work = git.root / "work"
    for path in sorted(work.rglob("*")) if work.is_dir() and not isinstance(wanted, Session) else ():
        if path.is_file() and not path.is_symlink() and (count := wanted.count(path.read_bytes())):
            yield Place("work directory", path.relative_to(git.root).as_posix(), count, reach=False)
