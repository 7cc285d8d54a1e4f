"""Which files hold what is believed of whom, and their reading and editing through the door. Judges no claim."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.errors import NotFound
from hermes_fs.core.people import OWNER, Claim
from hermes_fs.core.types import Change, Commit, Doc, Provenance
from hermes_fs.store.formats import claims, portrait, yaml_file
from hermes_fs.store.formats.portrait import Portrait
from hermes_fs.store.workspace import Workspace

PEOPLE = "people/people.yaml"
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

Edit = Callable[[Portrait], Portrait]
Read = Callable[[str], Doc]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known: `handle` is OWNER for the owner. `problems` says what of their model cannot be read."""

    handle: str
    name: str
    role: str
    claims: tuple[Claim, ...]
    problems: tuple[str, ...] = ()


def paths(handle: str) -> tuple[str, str]:
    """The model.yaml and the USER.md of a person."""
    folder = "" if handle == OWNER else f"people/{handle}/"
    return f"{folder}model.yaml", f"{folder}USER.md"


def resolve(workspace: Workspace, who: str) -> str:
    """The handle that is meant by a handle or a name; "" is the owner. Raises NotFound with those that are nearest."""
    listed = _listed(workspace)
    wanted = who.strip().casefold()
    if wanted in ("", OWNER):
        return OWNER
    for handle, record in listed.items():
        if wanted in (handle.casefold(), str(record.get("name", "")).casefold()):
            return OWNER if record.get("role") == OWNER else handle
    if _HANDLE.fullmatch(wanted) and any(workspace.read_bytes(path) is not None for path in paths(wanted)):
        return wanted
    near = difflib.get_close_matches(wanted, [OWNER, *listed], n=3, cutoff=0.4)
    raise NotFound(f"nobody is known as {who!r:.60}", f"known: {', '.join(near or [OWNER, *listed][:8])}")


def handles(workspace: Workspace) -> list[str]:
    """Everybody who is known, the owner first: by people.yaml, or by a folder of their own."""
    listed = [handle for handle, record in _listed(workspace).items() if record.get("role") != OWNER]
    folder = workspace.root / "people"
    beside = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return [OWNER, *listed, *sorted(name for name in beside if name not in listed and _HANDLE.fullmatch(name))]


def accounts(workspace: Workspace, handle: str, platform: str) -> set[str]:
    """A person's accounts on a platform, by people.yaml."""
    held = _record(workspace, handle).get("accounts")
    found = held.get(platform, ()) if isinstance(held, Mapping) else ()
    return {found} if isinstance(found, str) else {one for one in found if isinstance(one, str)}


def person(workspace: Workspace, handle: str) -> Person:
    """What is known of them; a broken file is named, and what can be read of it is there."""
    model, user = paths(handle)
    reading = claims.read(workspace.read(model).text)
    found = claims.claims(reading.records, workspace.read(user).text)
    record = _record(workspace, handle)
    role = OWNER if handle == OWNER else str(record.get("role", ""))
    problems = tuple(f"{model}: {problem}" for problem in reading.problems)
    return Person(handle, str(record.get("name", "")), role, tuple(found), problems)


def read(handle: str, reader: Read) -> Portrait:
    """A person's portrait. Raises Refused where its model.yaml is broken."""
    model, user = paths(handle)
    return Portrait.of(reader(model).text, reader(user).text)


def draft(handle: str, reader: Read, edit: Edit, why: str, provenance: Provenance) -> Change | None:
    """The change that an edit makes, bound to the files as they were read; None where it changes nothing."""
    model, user = paths(handle)
    docs = {path: reader(path) for path in (model, user)}
    before = Portrait.of(docs[model].text, docs[user].text)
    after = edit(before)
    texts = {model: after.text(), user: after.user}
    files = {path: text.encode() for path, text in texts.items() if text != docs[path].text}
    expect = {path: docs[path].blob for path in files}
    return Change(files, "user", why, provenance, expect) if files else None


def edit_by_hand(workspace: Workspace, handle: str, edit: Edit, why: str, provenance: Provenance) -> Commit | None:
    """A person's own edit, with nobody in between."""
    with workspace.locked():
        change = draft(handle, workspace.read, edit, why, provenance)
        return workspace.commit(change) if change else None


def forget_by_hand(workspace: Workspace, handle: str, which: str, provenance: Provenance) -> Claim:
    """Takes a claim out at a person's word, and returns it. Raises NotFound, Refused."""
    gone: list[Claim] = []

    def edit(before: Portrait) -> Portrait:
        after, claim = portrait.forget(before, which)
        gone.append(claim)
        return after

    edit_by_hand(workspace, handle, edit, "forgotten by hand", provenance)
    return gone[-1]


def _listed(workspace: Workspace) -> Mapping[str, Mapping[str, Any]]:
    """people.yaml; empty where it is broken, which the door reports."""
    try:
        data = yaml_file.parse(workspace.read_bytes(PEOPLE) or b"")
    except yaml_file.Broken:
        return {}
    return {key: record for key, record in data.items() if isinstance(key, str) and isinstance(record, dict)}


def _record(workspace: Workspace, handle: str) -> Mapping[str, Any]:
    listed = _listed(workspace)
    if handle != OWNER:
        return listed.get(handle, {})
    return next((record for record in listed.values() if record.get("role") == OWNER), {})
