"""What a person said yes to becomes one lesson: the skill, and its entry in skills.lock. The door does the writing."""

from __future__ import annotations

from collections.abc import Mapping

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import Refused
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import catalogue
from hermes_fs.store.failpoint import reach
from hermes_fs.store.installing import lock, updating
from hermes_fs.store.installing.newcomer import Newcomer
from hermes_fs.store.installing.updating import Update
from hermes_fs.store.message import Approval
from hermes_fs.store.paths import LOCK_FILE
from hermes_fs.store.workspace import Workspace

OWNER = "owner"


def require_free(workspace: Workspace, name: str) -> None:
    """Refused where there is a skill of that name already."""
    if name in lock.read(workspace):
        raise Refused(f"{name} is installed already", f"bring it up to date: hermes skills update {name}")
    taken = next((known for known in catalogue.names(workspace.root) if known.casefold() == name.casefold()), "")
    if taken:
        raise Refused(f"there is a skill {taken} already", "install it under another name with --name")


def change_of(workspace: Workspace, one: Newcomer, why: str) -> Change:
    """The lesson that installing it would be. It fits only while no file of it is there."""
    files: dict[str, bytes | None] = {one.place(path): data for path, data in one.files.items()}
    return _change(workspace, one, files, dict.fromkeys(files), why)


def change_of_update(workspace: Workspace, update: Update, why: str) -> Change:
    """The lesson that an update would be. It fits only while the skill is as it was when the update was planned."""
    return _change(workspace, update.new, update.files, update.before, why)


def _change(
    workspace: Workspace,
    one: Newcomer,
    files: Mapping[str, bytes | None],
    before: Mapping[str, bytes | None],
    why: str,
) -> Change:
    read = workspace.read_bytes(LOCK_FILE)
    entry = one.entry(iso(workspace.clock.now())[:10])
    expect = {path: _blob(workspace, data) for path, data in {**before, LOCK_FILE: read}.items()}
    whole = {**files, LOCK_FILE: lock.with_entry(read, one.name, entry)}
    return Change(whole, "skill", why, Provenance(one.source.origin, "user", person=OWNER), expect)


def _blob(workspace: Workspace, data: bytes | None) -> str:
    return workspace.git.oid_of("blob", data) if data is not None else ""


def install(workspace: Workspace, one: Newcomer, why: str, override: str = "") -> Commit:
    """Makes it a lesson, and with that trusted: a person has seen what it is and said yes. `override` is their reason
    to let in what the scans found. Raises as `Workspace.commit`."""
    require_free(workspace, one.name)
    return _accepted(workspace, change_of(workspace, one, why), override)


def update(workspace: Workspace, planned: Update, why: str, override: str = "") -> Commit:
    """As `install`, of a new version. Conflict where the skill was changed since the update was planned."""
    if planned.edited:
        updating.keep_pristine(workspace, planned.new)
    return _accepted(workspace, change_of_update(workspace, planned, why), override)


def _accepted(workspace: Workspace, change: Change, override: str) -> Commit:
    reach("install.accepted")
    return workspace.commit(change, Approval(workspace.ids(), OWNER, publisher=True, override=override))
