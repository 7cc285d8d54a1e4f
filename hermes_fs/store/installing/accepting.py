"""What a person said yes to becomes one lesson: the skill, and its entry in skills.lock. The door does the writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
from hermes_fs.store.policy import Gate, Ungated
from hermes_fs.store.workspace import Workspace

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Yes:
    """A person's yes. `why` is what the lesson says; `override` their reason to take what something speaks against, of
    which the scans have `found` something. `gate` tries the skill out, now that it may run; `unread`: they took it in
    with others without reading it, so it waits for trust."""

    why: str
    override: str = ""
    found: bool = False
    gate: Gate | None = None
    unread: bool = False


def require_free(workspace: Workspace, name: str) -> None:
    """Refused where there is a skill of that name already."""
    taken = next((known for known in catalogue.names(workspace.root) if known.casefold() == name.casefold()), "")
    if taken and taken in lock.read(workspace):
        raise Refused(f"{taken} is installed already", f"bring it up to date: hermes skills update {taken}")
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


def install(workspace: Workspace, one: Newcomer, yes: Yes) -> Commit:
    """Makes it a lesson, and with that trusted: a person has seen what it is and said yes. Raises Ungated where the
    gate refuses it; else as `Workspace.commit`."""
    require_free(workspace, one.name)
    return _accepted(workspace, change_of(workspace, one, yes.why), yes)


def update(workspace: Workspace, planned: Update, yes: Yes) -> Commit:
    """As `install`, of a new version. Conflict where the skill was changed since the update was planned."""
    if planned.edited:
        updating.keep_pristine(workspace, planned.new)
    return _accepted(workspace, change_of_update(workspace, planned, yes.why), yes)


def _accepted(workspace: Workspace, change: Change, yes: Yes) -> Commit:
    reach("install.accepted")
    verdict = yes.gate(change) if yes.gate else None
    refused = bool(verdict and not verdict.passed)
    if verdict and refused and not yes.override:
        raise Ungated(verdict, "ask its author; to take it all the same, give your reason with --override")
    reason = yes.override if refused or yes.found else ""
    approval = Approval(workspace.ids(), OWNER, publisher=True, override=reason, unread=yes.unread)
    return workspace.commit(replace(change, verdict=verdict), approval)
