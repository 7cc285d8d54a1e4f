"""How a workspace's repository does: its objects, its refs, its size, how it stands to its remotes. Mends by git's own
housekeeping alone, which takes nothing away that is younger than two weeks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hermes_fs.core.errors import Failed, Refused
from hermes_fs.store import remote
from hermes_fs.store.git import Git
from hermes_fs.store.state import BRANCH

MAX_CHECKED = 400_000
"""Objects up to which a check looks at all of them: a few seconds."""
LOOSE, PACKS = 5_000, 50
"""More than these, and git gets slow: housekeeping is due."""
LARGE_BLOB = 5 << 20
REFS = ("sessions", "proposals", "rejected", "installed", "remotes", "remotes-fetched", "rescue", "purges", "fetched")
"""What is kept below refs/hermes/."""

_HOOK = "gc.recentobjectshook"
_KEEP = ("gc.reflogExpire=90.days.ago", "gc.reflogExpireUnreachable=30.days.ago", "gc.worktreePruneExpire=3.months.ago")
_NAMED = 3
_UNIT = 1024  # git counts in KiB


@dataclass(frozen=True, slots=True)
class Room:
    """What the objects take: how many lie loose and how many in packs, of how many packs, in how many bytes; `garbage`
    is what interrupted writes of git left."""

    loose: int
    packed: int
    packs: int
    size: int
    garbage: int

    @property
    def objects(self) -> int:
        return self.loose + self.packed

    @property
    def is_due(self) -> bool:
        """Whether git's housekeeping is worth its time."""
        return self.loose > LOOSE or self.packs > PACKS


@dataclass(frozen=True, slots=True)
class Blob:
    """A large version of a file: where it lay once, and how many bytes it takes on the disk."""

    path: str
    size: int
    oid: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How main here stands to main there: lessons that only one side has, None where what is there is not known here;
    `empty`: there is none there."""

    ahead: int | None = None
    behind: int | None = None
    empty: bool = False


def room(git: Git) -> Room:
    said = git.run("count-objects", "-v").decode("utf-8", "replace")
    rows = {name: int(value) for name, value in re.findall(r"^([\w-]+): (\d+)$", said, re.MULTILINE)}
    size = (rows.get("size", 0) + rows.get("size-pack", 0)) * _UNIT
    return Room(
        rows.get("count", 0), rows.get("in-pack", 0), rows.get("packs", 0), size, rows.get("size-garbage", 0) * _UNIT
    )


def missing(git: Git) -> str:
    """The first thing that `git fsck` finds missing or broken, "" for nothing."""
    answer = git.ask("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
    if answer.code == 0:
        return ""
    said = (answer.err or answer.out.decode("utf-8", "replace")).strip().splitlines()
    return said[0] if said else "git fsck fails"


def odd_refs(git: Git) -> tuple[list[str], list[str]]:
    """(refs below refs/hermes/ that point to nothing that can be read, those of a kind that is not known)."""
    answer = git.ask("for-each-ref", "--format=%(refname) %(objectname)", "refs/hermes/")
    broken = re.findall(r"ignoring (?:broken ref|ref with broken name|dangling symref) (\S+)", answer.err)
    unknown: list[str] = []
    for line in answer.out.decode("utf-8", "replace").splitlines():
        name, _, oid = line.rpartition(" ")
        if name.split("/")[2] not in REFS:
            unknown.append(name)
        elif not git.kind_of(oid):
            broken.append(name)
    return broken, unknown


def largest(git: Git) -> list[Blob]:
    """The largest versions of files in all of history, those alone that are worth a word."""
    words = (
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objectsize:disk) %(objecttype) %(objectname)",
    )
    rows = (line.split(" ") for line in git.run(*words).decode("ascii", "replace").splitlines())
    blobs = sorted(
        ((int(size), oid) for size, kind, oid in rows if kind == "blob" and int(size) > LARGE_BLOB), reverse=True
    )
    return [Blob(_path_of(git, oid), size, oid) for size, oid in blobs[:_NAMED]]


def _path_of(git: Git, oid: str) -> str:
    words = ("log", "--all", "-1", "--format=", "--name-only", "--no-renames", "-z", f"--find-object={oid}")
    names = git.ask(*words).out.decode("utf-8", "replace").strip("\0\n").split("\0")
    return names[0].strip() or f"blob {oid[:8]}, which no commit holds any more"


def maintain(git: Git) -> tuple[Room, Room]:
    """git's housekeeping, beside whatever else works here: packs what lies loose, and drops what nothing has named for
    two weeks. Returns what the objects took before and after. Refused, Failed."""
    if _HOOK in (key.lower() for key in git.own_settings()):
        raise Refused(
            f"the configuration of this repository sets {_HOOK}, a program", f"look at {git.git_dir / 'config'}"
        )
    before = room(git)
    settings = [word for item in _KEEP for word in ("-c", item)]
    answer = git.ask(*settings, "gc", "--quiet", "--prune=2.weeks.ago")
    if answer.code:
        said = answer.err.strip().splitlines()
        raise Failed(
            f"git gc failed: {said[-1] if said else answer.code}", "wait for the git that runs, then try again"
        )
    return before, room(git)


def remotes(git: Git) -> list[str]:
    """Names of the remotes that this repository has."""
    return [name for name in git.run("remote").decode("utf-8", "replace").splitlines() if name]


def standing(git: Git, name: str, seconds: float) -> Standing:
    """How main stands to a remote's, by asking it. Raises as `remote.listed`."""
    address = remote.address_of(git, name)
    there = remote.listed(git, address, (BRANCH,), remote.Bounds(seconds, 0)).get(BRANCH, "")
    if not there:
        return Standing(empty=True)
    if git.kind_of(there) != "commit":
        return Standing()
    said = git.run("rev-list", "--count", "--left-right", f"{BRANCH}...{there}", "--").decode().split()
    return Standing(int(said[0]), int(said[1]))


def shown(names: Sequence[str]) -> str:
    """The first few of them."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
