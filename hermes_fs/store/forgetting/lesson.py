"""Takes what is to be forgotten out of the mind's files of now, by an ordinary lesson. History keeps what they were."""

from __future__ import annotations

from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store.forgetting import finding
from hermes_fs.store.forgetting.wanted import Wanted
from hermes_fs.store.formats.format import Format
from hermes_fs.store.paths import kind_of
from hermes_fs.store.workspace import Workspace


def known_format(path: str) -> Format:
    """The registry is loaded only where something is found."""
    found: Format = load("hermes_fs.store.formats.registry:format_of")(path)
    return found


def files_without(workspace: Workspace, wanted: Wanted) -> dict[str, bytes | None]:
    """The files of main that hold it, as they would be; transcripts are none of them."""
    changed: dict[str, bytes | None] = {}
    for path in finding.files(workspace.root):
        data = workspace.read_bytes(path) if kind_of(path) else None
        if data is not None and (fresh := wanted.file(path, data)) != data:
            changed[path] = fresh
    return changed


def forget(workspace: Workspace, files: dict[str, bytes | None], by: Provenance) -> Commit:
    """Raises as `Workspace.commit`."""
    return workspace.commit(Change(files, "purge", "a person asked to forget something", by))
