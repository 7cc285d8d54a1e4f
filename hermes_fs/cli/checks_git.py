"""The checks of `hermes doctor` that look at the workspace's repository. They change nothing, but for `mend`."""

from __future__ import annotations

from collections.abc import Iterator

from hermes_fs.cli.finding import MEGABYTE, Finding, Scene
from hermes_fs.core.errors import HermesError
from hermes_fs.store import health
from hermes_fs.store.formats.format import counted
from hermes_fs.store.health import Room
from hermes_fs.store.workspace import Workspace

_LARGE = 1_000 * MEGABYTE
_REMOTES = 5
_REACH_SECONDS = 8.0  # a key exchange, and a login
_AGAIN = "clone it anew from a remote (hermes init PATH --from URL), or restore a backup (hermes import FILE PATH)"
_FIX = "hermes doctor --fix"


def repository(opened: Workspace, scene: Scene) -> Iterator[Finding]:
    """Objects, refs, size, housekeeping, remotes."""
    room = health.room(opened.git)
    yield _history(opened, room)
    yield from _refs(opened)
    yield from _size(opened, room)
    yield from _remotes(opened, scene)


def _history(opened: Workspace, room: Room) -> Finding:
    if room.objects > health.MAX_CHECKED:
        fix = f"git -C {opened.root} fsck --connectivity-only"
        return Finding("history", "warn", f"{room.objects:,} objects are too many to be looked at here", fix)
    found = health.missing(opened.git)
    if found:
        return Finding("history", "broken", found, _AGAIN)
    return Finding("history", "ok", f"git fsck finds nothing missing among {room.objects:,} objects")


def _refs(opened: Workspace) -> Iterator[Finding]:
    broken, unknown = health.odd_refs(opened.git)
    if broken:
        fix = f"what it named is lost here; bring it from a remote (hermes sync), or: git update-ref -d {broken[0]}"
        yield Finding("refs", "broken", f"{health.shown(broken)}: nothing that can be read", fix)
    if unknown:
        fix = f"if you did not make it, of a newer hermes: git -C {opened.root} log {unknown[0]}"
        yield Finding("refs", "warn", f"{health.shown(unknown)}: not known to this hermes", fix)


def _size(opened: Workspace, room: Room) -> Iterator[Finding]:
    text = f"{room.size / MEGABYTE:,.1f} MB, {counted(room.loose, 'loose object')}, {counted(room.packs, 'pack')}"
    if room.is_due:
        yield Finding("repository", "warn", f"{text}: git's housekeeping is due", _FIX)
    else:
        yield Finding("repository", "ok", text)
    if room.garbage > MEGABYTE:
        detail = f"{room.garbage / MEGABYTE:,.0f} MB that interrupted gits left"
        yield Finding("garbage", "warn", detail, f"git -C {opened.root} count-objects -v names it")
    if room.size > _LARGE and room.objects <= health.MAX_CHECKED:
        blobs = [f"{one.path} ({one.size / MEGABYTE:,.0f} MB)" for one in health.largest(opened.git)]
        if blobs:
            fix = "keep such files in work/ or elsewhere; what is in history stays there"
            yield Finding("large files", "warn", health.shown(blobs), fix)


def _remotes(opened: Workspace, scene: Scene) -> Iterator[Finding]:
    names = health.remotes(opened.git)
    if not names:
        yield Finding("remotes", "ok", "none; `hermes export` makes a backup of one file")
    for name in names[:_REMOTES] if not scene.offline else ():
        yield _remote(opened, name)


def _remote(opened: Workspace, name: str) -> Finding:
    try:
        standing = health.standing(opened.git, name, _REACH_SECONDS)
    except HermesError as error:
        return Finding("remote", "warn", f"{name}: {error.message}", error.hint)
    if standing.empty:
        return Finding("remote", "warn", f"{name}: it has no lesson yet", "hermes sync")
    if standing.behind is None:
        return Finding("remote", "warn", f"{name}: it has lessons that are not here", "hermes sync")
    if standing.ahead or standing.behind:
        detail = f"{name}: {counted(standing.ahead or 0, 'lesson')} ahead, {standing.behind} behind"
        return Finding("remote", "ok", detail, "hermes sync")
    return Finding("remote", "ok", f"{name}: it has all lessons")


def mend(opened: Workspace) -> Finding:
    """git's housekeeping, where it is due. Safe beside everything else that works here."""
    if not health.room(opened.git).is_due:
        return Finding("repository", "ok", "housekeeping is not due")
    before, after = health.maintain(opened.git)
    text = f"housekeeping done: {before.size / MEGABYTE:,.1f} to {after.size / MEGABYTE:,.1f} MB"
    return Finding("repository", "ok", f"{text}, {before.loose:,} to {after.loose:,} loose objects")
