"""Settles a conflict that a person decided on: the file becomes what they want, the page in conflicts/ goes."""

from __future__ import annotations

from hermes_fs.core.errors import Refused
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store.conflicts import Open
from hermes_fs.store.workspace import Workspace


def settle(
    workspace: Workspace, one: Open, content: bytes | None, provenance: Provenance, why: str, keep: bool = False
) -> Commit:
    """One lesson: the file with this content (None: deleted), or as main has it where `keep`, and the page gone."""
    page: dict[str, bytes | None] = {one.path: None}
    files = page if keep or content == workspace.read_bytes(one.file) else {one.file: content, **page}
    return workspace.commit(Change(files, "merge", why, provenance))


def version(workspace: Workspace, one: Open, number: int) -> bytes | None:
    """What the file was on one side, 1 or 2, before the merge; None where it was deleted there. Refused where main's
    file was changed since the merge: taking a side would lose that."""
    added = ("log", "-m", "-1", "--diff-filter=A", "--format=%H", workspace.head(), "--", one.path)
    merged = workspace.git.run(*added).decode().split()
    data = workspace.read_bytes(one.file)
    now = workspace.git.oid_of("blob", data) if data is not None else ""
    if not merged or workspace.git.blob_at(merged[0], one.file) != now:
        raise Refused(f"{one.file} was changed since the conflict came up", "edit it: hermes sync resolve " + one.id)
    oid = one.versions[number - 1]
    return workspace.git.read_blob(oid) if oid else None
