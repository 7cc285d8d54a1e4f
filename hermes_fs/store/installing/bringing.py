"""From a source to one skill of it, whatever kind of source it is. Reads, and writes nothing but a private folder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from hermes_fs.core.errors import Failed
from hermes_fs.store.failpoint import reach
from hermes_fs.store.installing import archives, fetching, pile, repositories, sites
from hermes_fs.store.installing.folders import Folder
from hermes_fs.store.installing.lock import Entry
from hermes_fs.store.installing.newcomer import Found
from hermes_fs.store.installing.room import room
from hermes_fs.store.installing.source import Source


def bring(source: Source, state_dir: Path) -> Found:
    """The files of the skill that the source means. Raises Failed, NotFound, Refused in one line; `state_dir` is the
    workspace's .git/hermes."""
    match source.how:
        case "folder":
            found = _of_folder(source)
        case "archive":
            found = _of_archive(source)
        case "git":
            found = _of_repository(source, state_dir)
        case "site":
            found = _of_site(source)
        case "file":
            found = _of_address(source)
    reach("install.fetched")
    return found


def is_same(source: Source, entry: Entry, state_dir: Path) -> bool:
    """Whether the source has nothing newer than what was installed, as far as that can be told without fetching it."""
    if source.how == "git" and entry.commit:
        with room(state_dir) as place:
            return repositories.newest(source, place) == entry.commit
    if source.how == "site" and entry.artifact:
        return sites.choose(sites.index(source.address), source.part).sha256 == entry.artifact
    return False


def _of_folder(source: Source) -> Found:
    folder = Folder(Path(source.address))
    part, files, left = _chosen(folder, source.part, folder.links)
    return Found(replace(source, part=part), part, files, left)


def _of_archive(source: Source) -> Found:
    if source.origin == "web":
        data = fetching.get(source.address, fetching.Bounds(archives.MAX_BYTES, fetching.LONG)).data
    else:
        data = _local_bytes(Path(source.address))
    part, files, left = _chosen(archives.Archive(data), source.part, [])
    return Found(replace(source, part=part), part, files, left, artifact=hashlib.sha256(data).hexdigest())


def _of_site(source: Source) -> Found:
    offer = sites.choose(sites.index(source.address), source.part)
    part, files, left = _chosen(sites.fetch(offer), "", [])
    return Found(replace(source, part=offer.name), part, files, left, artifact=offer.sha256)


def _of_address(source: Source) -> Found:
    data = fetching.get(source.address, fetching.Bounds(pile.MAX_FILE)).data
    folder = urlsplit(source.address).path.split("/")[-2]
    return Found(source, folder, {pile.FILE: data}, artifact=hashlib.sha256(data).hexdigest())


def _of_repository(source: Source, state_dir: Path) -> Found:
    with room(state_dir) as place, repositories.fetched(source, place) as repository:
        part, files, left = _chosen(repository, source.part, repository.links)
        return Found(replace(source, part=part), part, files, left, commit=repository.commit)


def _chosen(stack: pile.Pile, part: str, links: list[str]) -> tuple[str, dict[str, bytes], tuple[str, ...]]:
    """(folder of the skill, its files, what was left out of it); links are left out."""
    folder = pile.choose(stack.names, part)
    files, left = pile.take(stack, folder)
    prefix = f"{folder}/" if folder else ""
    linked = [f"{name.removeprefix(prefix)} (a link)" for name in links if name.startswith(prefix)]
    return folder, files, (*left, *linked)


def _local_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(archives.MAX_BYTES + 1)
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}", "look at the path") from error
