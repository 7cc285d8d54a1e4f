"""A whole workspace as one file, a git bundle, and back. Owns that file; nothing of this machine alone is in it.

A bundle holds what its refs reach: main, transcripts, proposals, records of purges. Never .git/hermes: no trust, no
settings of this machine, no keys.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Failed, NotFound, Refused
from hermes_fs.store import remote, state
from hermes_fs.store.arriving import PROPOSALS
from hermes_fs.store.git import Git
from hermes_fs.store.session_refs import REFS, SessionRefs
from hermes_fs.store.workspace import Workspace

PURGES = "refs/hermes/purges"
_SIGNATURE = re.compile(rb"# v[23] git bundle\n")
_HEADER = 4 << 20  # bytes: some fifty thousand refs
_PIECE = 1 << 20
_ELSEWHERE = "name a file outside of the workspace: hermes export ~/mind.bundle"


@dataclass(frozen=True, slots=True)
class Exported:
    """A bundle that was written and verified. `months` and `proposals` count refs, `notes` are lines to say."""

    path: Path
    size: int
    head: str
    months: int
    proposals: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """The text before the pack: `refs` by name, `capabilities`, how many commits it `needs` that it has not itself, and
    where the pack begins (`size`)."""

    refs: dict[str, str]
    capabilities: tuple[str, ...]
    needs: int
    size: int


# -- out --------------------------------------------------------------------------------------------------------------


def export(workspace: Workspace, refs: SessionRefs | None, target: Path, force: bool = False) -> Exported:
    """Writes a bundle: whole, verified and private, or not at all. What a person edited, and what of this host's
    sessions is in no ref yet (`refs`; None: no transcripts in it), is committed before. Refused, NotFound, Failed."""
    place = _checked(workspace, target, force)
    notes = _settle(workspace, refs)
    if not workspace.head():
        raise Refused("there is nothing to export yet", "commit something on main")
    wanted = [state.BRANCH, *_names(workspace.git, refs is not None)]
    try:
        size = _write(workspace.git, wanted, place, force)
    except OSError as error:
        raise Failed(f"{place} cannot be written: {error.strerror}", "free some space, or name another file") from error
    months = sum(name.startswith(f"{REFS}/") for name in wanted)
    proposals = sum(name.startswith(f"{PROPOSALS}/") for name in wanted)
    return Exported(place, size, workspace.head(), months, proposals, tuple(notes))


def _checked(workspace: Workspace, target: Path, force: bool) -> Path:
    place = target.expanduser().absolute()
    if not place.parent.is_dir():
        raise NotFound(f"there is no folder {place.parent}", "make it, or name another file")
    place = place.parent.resolve() / place.name
    if place.is_dir():
        raise Refused(f"{place} is a folder", "name a file in it")
    if workspace.root in place.parents or workspace.git.git_dir.resolve() in place.parents:
        raise Refused("a copy inside of the workspace is lost with it", _ELSEWHERE)
    if place.exists() and not (
        place.is_symlink() or place.is_file()
    ):  # a file in the place of /dev/null breaks a machine
        raise Refused(f"{place} is no plain file", "name another")
    if os.path.lexists(place) and not force:
        raise Refused(f"{place} is there already", "name another file, or add --force")
    return place


def _settle(workspace: Workspace, refs: SessionRefs | None) -> list[str]:
    """Everything that is to come along is in commits afterwards; lines on what is not."""
    notes = []
    if reason := workspace.read_only:
        notes.append(f"what you edited and said since is not in it: {reason}")
    workspace.commit_pending()
    if refs and not reason:
        refs.commit_due(running=True)
        notes += refs.take_reports()
    return notes


def _names(git: Git, sessions: bool) -> list[str]:
    said = git.run("for-each-ref", "--format=%(refname)", f"{REFS}/", f"{PROPOSALS}/", PURGES).decode(
        "utf-8", "replace"
    )
    names = [name for name in said.splitlines() if name]
    return [name for name in names if sessions or not name.startswith(f"{REFS}/")]


def _write(git: Git, refs: list[str], place: Path, force: bool) -> int:
    """In a folder of our own beside the target, which nobody else can look into, until it is whole."""
    with tempfile.TemporaryDirectory(prefix=f".{place.name[:40]}.", dir=place.parent) as room:
        made = Path(room, "bundle")
        git.run(
            "bundle", "create", "--quiet", str(made), "--stdin", input="".join(f"{name}\n" for name in refs).encode()
        )
        made.chmod(0o600)
        _verify(git, made, refs)
        git.syncer.sync([made])
        if force:
            made.replace(place)
        else:
            _link(made, place)
        size = place.stat().st_size
        git.syncer.sync([place.parent])
    return size


def _link(made: Path, place: Path) -> None:
    """Into its place unless somebody else was there first."""
    try:
        os.link(made, place)
    except FileExistsError as error:
        raise Refused(f"{place} is there already", "name another file, or add --force") from error
    except OSError:  # a disk without hard links
        if os.path.lexists(place):
            raise Refused(f"{place} is there already", "name another file, or add --force") from None
        made.replace(place)


def _verify(git: Git, made: Path, refs: list[str]) -> None:
    """The refs are in it as they are here, it needs nothing else, and its pack is whole."""
    header = read_header(made)
    git.run("bundle", "verify", "--quiet", str(made))
    missing = [name for name in refs if name not in header.refs]
    if missing or header.needs:
        raise Failed(f"the bundle lacks {missing[0] if missing else 'earlier commits'}", "run it again")
    if not _is_whole(made, header.size, len(next(iter(header.refs.values()))) // 2):
        raise Failed("the bundle was damaged on its way to the disk", "look at the disk, then run it again")


def _is_whole(path: Path, start: int, id_bytes: int) -> bool:
    """A pack ends in the hash of all that stands before, by git's own hash."""
    digest = hashlib.sha1(usedforsecurity=False) if id_bytes == 20 else hashlib.sha256(usedforsecurity=False)
    left = path.stat().st_size - start - id_bytes
    with path.open("rb") as file:
        file.seek(start)
        while left > 0:
            piece = file.read(min(_PIECE, left))
            if not piece:
                return False
            digest.update(piece)
            left -= len(piece)
        return left == 0 and file.read() == digest.digest()


# -- back -------------------------------------------------------------------------------------------------------------


def is_bundle(path: Path) -> bool:
    """Whether a file begins as a bundle does."""
    with contextlib.suppress(OSError):
        if path.is_file():  # a pipe would be waited for
            with path.open("rb") as file:
                return bool(_SIGNATURE.match(file.read(20)))
    return False


def read_header(path: Path) -> Header:
    """What a bundle says of itself. Refused for a file that is none, Failed for one that cannot be read."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise Refused(f"{path} is no plain file", "name a file that `hermes export` wrote, or a folder")
        with path.open("rb") as file:
            data = file.read(_HEADER)
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}", "look at the path and your rights") from error
    end = data.find(b"\n\n")
    signature = _SIGNATURE.match(data)
    if not signature or end < 0:
        raise Refused(f"{path} is no bundle that git made", "name a file that `hermes export` wrote, or a folder")
    refs: dict[str, str] = {}
    capabilities: list[str] = []
    needs = 0
    for line in data[signature.end() : end].decode("utf-8", "replace").split("\n"):
        oid, _, name = line.partition(" ")
        if line.startswith("@"):
            capabilities.append(line[1:])
        elif line.startswith("-"):
            needs += 1
        elif name:
            refs[name] = oid
    return Header(refs, tuple(capabilities), needs, end + 2)


def restore(file: Path, path: Path, sessions: str = "all") -> tuple[Workspace, list[str]]:
    """A workspace made out of a bundle, which is believed as little as any clone: as `remote.clone`, whose judge looks
    at every file. It is synced to nowhere: the bundle is a file, not where its mind lives."""
    bundle = file.expanduser().resolve()
    header = read_header(bundle)
    odd = [word for word in header.capabilities if not word.startswith("object-format=")]
    if odd or header.needs:
        why = f"asks for {odd[0]!r:.60}" if odd else "needs commits that are not in it"
        raise Refused(f"{bundle.name} {why}", "export the whole workspace with `hermes export`")
    if state.BRANCH not in header.refs:
        raise Refused(f"{bundle.name} has no branch main", "name a file that `hermes export` wrote")
    try:
        workspace, lines = remote.clone(str(bundle), path, sessions)
    except Failed as error:  # its hint speaks of an address and of access
        hint = "it may be cut off or damaged: copy it again, or write a new one with `hermes export`"
        raise Failed(f"{bundle.name} cannot be read whole: {error.message}", hint) from error
    for line in _without_origin(workspace.git):
        lines.append(line)
    return workspace, lines


def _without_origin(git: Git) -> Iterator[str]:
    if git.ask("remote", "remove", "origin").code:
        yield "its remote origin is still the file: git remote remove origin"
