"""What a person said yes to becomes one lesson: the skill, and its entry in skills.lock. The door does the writing."""

from __future__ import annotations

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import Refused
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import catalogue
from hermes_fs.store.failpoint import reach
from hermes_fs.store.installing import lock
from hermes_fs.store.installing.candidate import Candidate
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


def change_of(workspace: Workspace, one: Candidate, why: str) -> Change:
    """The lesson that installing it would be. It fits only while no file of it is there."""
    read = workspace.read_bytes(LOCK_FILE)
    blob = workspace.git.oid_of("blob", read) if read is not None else ""
    files: dict[str, bytes | None] = {one.place(path): data for path, data in one.files.items()}
    expect = dict.fromkeys(files, "") | {LOCK_FILE: blob}
    files[LOCK_FILE] = lock.with_entry(read, one.name, one.entry(iso(workspace.clock.now())[:10]))
    return Change(files, "skill", why, Provenance(one.source.origin, "user", person=OWNER), expect)


def install(workspace: Workspace, one: Candidate, why: str, override: str = "") -> Commit:
    """Makes it a lesson, and with that trusted: a person has seen what it is and said yes. `override` is their reason
    to let in what the scans found. Raises as `Workspace.commit`."""
    require_free(workspace, one.name)
    reach("install.accepted")
    approval = Approval(workspace.ids(), OWNER, publisher=True, override=override)
    return workspace.commit(change_of(workspace, one, why), approval)
