"""Fetches one commit of somebody's repository into a private folder and reads files of it. Checks nothing out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hermes_fs.core.errors import NotFound, Refused, UsageError
from hermes_fs.store import arriving, remote
from hermes_fs.store.git import Git
from hermes_fs.store.init import make_repository
from hermes_fs.store.installing.fetching import is_here
from hermes_fs.store.installing.pile import HARM, MAX_FILE
from hermes_fs.store.installing.source import Source
from hermes_fs.store.objects import LINK_MODE, TreeEntry

SECONDS, SIZE = 300.0, 500 << 20
"""Bounds of a fetch: seconds, and bytes on the disk."""
_LISTING_SECONDS = 60.0

_WHOLE = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_HERE = "refs/hermes/fetched"


class Repository:
    """The files of one commit. `links` are the names of links and submodules, which are left out."""

    def __init__(self, git: Git, commit: str) -> None:
        self._git = git
        self.commit = commit
        self.links: list[str] = []
        self._entries: dict[str, TreeEntry] = {}
        for name, entry in arriving.walk(git, commit):
            if entry.kind != "blob" or entry.mode == LINK_MODE:
                self.links.append(name)
            else:
                self._entries[name] = entry

    @property
    def names(self) -> Sequence[str]:
        return list(self._entries)

    def read(self, name: str) -> bytes:
        entry = self._entries[name]
        if self._git.size_of(entry.oid) > MAX_FILE:
            raise Refused(f"{name} has more than {MAX_FILE >> 20} MB", HARM)
        return self._git.read_blob(entry.oid)


def newest(source: Source, room: Path) -> str:
    """Id of the commit that the source means now. One short connection. NotFound where it has no such ref."""
    with _repository(room) as git:
        return _newest(source, git)


@contextlib.contextmanager
def fetched(source: Source, room: Path) -> Iterator[Repository]:
    """The commit that the source means, in a repository that is made in the folder `room`. Raises Failed, NotFound,
    Refused."""
    with _repository(room) as git:
        commit = _newest(source, git)
        address = remote.checked_url(source.address)
        remote.fetch(git, address, f"+{commit}:{_HERE}", depth=1, bounds=_bounds(source))
        if git.resolve(f"{_HERE}^{{commit}}") != commit:
            raise Refused(f"{source.text} gave another commit than {commit[:12]}", HARM)
        yield Repository(git, commit)


@contextlib.contextmanager
def _repository(room: Path) -> Iterator[Git]:
    git = make_repository(room / "repository")
    try:
        yield git
    finally:
        git.close()


def _bounds(source: Source, seconds: float = SECONDS) -> remote.Bounds:
    """UsageError for a plain address: what comes over one, anybody on the way may have written."""
    plain = source.address.startswith(("http:", "git:"))
    if plain and not is_here(source.address, loopback=True):
        raise UsageError(f"{source.text} is no https address", "name one that begins with https:// or ssh://")
    return remote.Bounds(seconds, SIZE, "https:ssh:file" + (":http:git" if plain else ""))


def _newest(source: Source, git: Git) -> str:
    ref = source.ref
    if _WHOLE.fullmatch(ref):
        return ref
    wanted = (f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/tags/{ref}^{{}}") if ref else ("HEAD",)
    listed = remote.listed(git, remote.checked_url(source.address), wanted, _bounds(source, _LISTING_SECONDS))
    found = next((listed[name] for name in reversed(wanted) if name in listed), "")
    if not found:
        missing = f"no branch or tag {ref}" if ref else "no commit yet"
        raise NotFound(f"{source.text} has {missing}", "look at the name; a commit needs all of its id")
    return found
