"""The record of purges: what each rewrote, for other machines to follow. Holds ids only, never what was forgotten.

A chain of commits at refs/hermes/purges, each with one file. Whoever can push can write one, so what it says is read
within bounds here, and judged in following.py.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import Refused
from hermes_fs.store import identity
from hermes_fs.store.forgetting.asked import PURGES
from hermes_fs.store.forgetting.rewriting import Changed
from hermes_fs.store.git import Git
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.workspace import Workspace

NAME = "purge.json"
FORMAT = 1
_LARGEST = 64 << 20
_MOST = 1000
_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Record:
    """One purge. `refs`: name → (old, new) id. `commits`: old → new id of each that was rewritten. `gone` are salted
    digests of the ids of files that are not what they were; `salt` is theirs."""

    commit: str
    id: str
    host: str
    when: str
    salt: str
    refs: Mapping[str, tuple[str, str]]
    commits: Mapping[str, str]
    gone: frozenset[str]

    def names(self, oid: str) -> bool:
        """Whether an object is one of those that are gone."""
        return _digest(self.salt, oid) in self.gone


def add(workspace: Workspace, refs: Mapping[str, tuple[str, str]], done: Changed) -> tuple[str, str]:
    """Writes the record of a purge that is about to be: what refs/hermes/purges was, and is to be."""
    old, salt = workspace.git.resolve(PURGES), secrets.token_hex(16)
    moved = {ref: list(ends) for ref, ends in refs.items() if _travels(ref) and ends[0] != ends[1]}
    now = workspace.clock.now()
    nothing = workspace.git.oid_of("blob", b""), workspace.git.empty_tree  # others have them, too
    row = {
        "format": FORMAT,
        "id": workspace.ids(),
        "host": workspace.host,
        "at": iso(now),
        "salt": salt,
        "refs": moved,
        "commits": done.commits,
        "gone": sorted(_digest(salt, oid) for oid in (*done.blobs, *done.trees, *done.commits) if oid not in nothing),
    }
    return old, _write(workspace.git, row, old, workspace.host, now)


def read(git: Git, tip: str, known: str = "") -> list[Record]:
    """The records of a chain, oldest first, but those that are below `known`. Refused where one is none."""
    if not tip:
        return []
    below = [f"^{known}"] if known and git.kind_of(known) == "commit" else []
    order = git.run("rev-list", "--reverse", "--first-parent", tip, *below, "--").decode().split()
    if len(order) > _MOST:
        raise Refused("the record of purges is longer than a mind's can be", "it is damaged, or means harm")
    return [_read(git, commit) for commit in order]


def _write(git: Git, row: Mapping[str, Any], parent: str, host: str, now: datetime) -> str:
    blob = git.hash_blob(json.dumps(row, sort_keys=True, indent=1).encode() + b"\n")
    tree = git.make_tree([TreeEntry("100644", "blob", blob, NAME)])
    who = identity.agent_on(host, now)
    text = f"purge: {len(row['commits'])} commits rewritten\n\nHermes-Kind: purge\nHermes-Change: {row['id']}\n"
    return git.commit(tree, [parent] if parent else [], text, who, who)


def _read(git: Git, commit: str) -> Record:
    blob = git.blob_at(commit, NAME)
    try:
        if not blob or git.size_of(blob) > _LARGEST:
            raise ValueError("it has no such file")
        row = json.loads(git.read_blob(blob))
        if row["format"] != FORMAT:
            raise ValueError("another format")
        commits = {_fit(old): _fit(new) for old, new in row["commits"].items()}
        refs = {str(ref): (_fit(old), _fit(new)) for ref, (old, new) in row["refs"].items()}
        gone = frozenset(one for one in row["gone"] if _DIGEST.fullmatch(one))
        id, host, when, salt = (str(row[key])[:80] for key in ("id", "host", "at", "salt"))
        return Record(commit, id, host, when, salt, refs, commits, gone)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"the record of purges cannot be read ({commit[:8]})", "ask who runs that remote; nothing was taken over"
        ) from error


def composed(records: Iterable[Record]) -> dict[str, str]:
    """Old → newest id over several purges, one after the other."""
    whole: dict[str, str] = {}
    for record in records:
        whole = {old: record.commits.get(new, new) for old, new in whole.items()}
        whole |= {old: new for old, new in record.commits.items()}
    return whole


def _travels(ref: str) -> bool:
    return ref == "refs/heads/main" or ref.startswith(("refs/hermes/sessions/", "refs/hermes/proposals/"))


def _fit(oid: str) -> str:
    if not _ID.fullmatch(oid):
        raise ValueError("no id of an object")
    return oid


def _digest(salt: str, oid: str) -> str:
    return hashlib.sha256(f"{salt} {oid}".encode()).hexdigest()
