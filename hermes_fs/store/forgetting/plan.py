"""The journal of a purge: on the disk before the first ref moves, removed when nothing is left to do.

As long as no ref has moved, nothing has happened and the plan is dropped; from the first ref on it is carried out to
its end by whoever opens the workspace next. It may hold what is forgotten, as all else did; it goes last.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.core.loading import load
from hermes_fs.store.forgetting.wanted import Session, Text, Wanted
from hermes_fs.store.git import Git
from hermes_fs.store.transcript import write_whole

FILE = "forgetting.json"
DEAD = "forgetting.dead"


@dataclass(frozen=True, slots=True)
class Replaced:
    """Files by name and content: path → (blob id, the one in its place, "" for none). What another machine forgot: the
    words are not known here. A transcript that grew since keeps what it grew by."""

    git: Git
    paths: Mapping[str, tuple[str, str]]

    def count(self, data: bytes) -> int:
        return 0

    def file(self, path: str, data: bytes) -> bytes | None:
        if path not in self.paths:
            return data
        old, new = self.paths[path]
        if self.git.oid_of("blob", data) == old:
            return self.git.read_blob(new) if new else None
        was = self.git.read_blob(old) if self.git.kind_of(old) else b""
        if was and path.endswith(".jsonl") and data.startswith(was):
            return (self.git.read_blob(new) if new else b"") + data[len(was) :]
        return data

    def words(self, data: bytes) -> bytes:
        return data

    def name(self, name: bytes) -> bytes:
        return name


@dataclass(frozen=True, slots=True)
class Plan:
    """`what` says what is wanted, see `wanted`. `refs`: name → (old, new) id, "" for none; `stash` its entries in the
    same way. `ids`: objects that are another now. `held` are the objects that hold what is forgotten, of which some may
    be in no history."""

    what: dict[str, Any]
    refs: dict[str, tuple[str, str]]
    stash: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)

    def wanted(self, git: Git) -> Wanted:
        match self.what["kind"]:
            case "text":
                return Text(self.what["text"], load("hermes_fs.store.formats.registry:format_of"))
            case "session":
                return Session(self.what["id"], frozenset(self.what["files"]), frozenset(self.what["said"]))
            case _:
                return Replaced(git, {path: (old, new) for path, (old, new) in self.what["paths"].items()})


def described(wanted: Wanted) -> dict[str, Any]:
    """What a plan says of it."""
    match wanted:
        case Text():
            return {"kind": "text", "text": wanted.text}
        case Session():
            return {"kind": "session", "id": wanted.id, "files": sorted(wanted.files), "said": sorted(wanted.said)}
        case Replaced():
            return {"kind": "paths", "paths": dict(wanted.paths)}
        case _:
            raise Failed("what is to be forgotten cannot be noted")


def write(state_dir: Path, plan: Plan) -> None:
    """Durably. Raises Failed."""
    try:
        write_whole(state_dir / FILE, json.dumps(asdict(plan)).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise Failed(f"{state_dir / FILE} cannot be written: {error.strerror}", "free some space there") from error


def read(state_dir: Path) -> Plan | None:
    """None where there is none."""
    with contextlib.suppress(FileNotFoundError):  # nothing is under way
        row = json.loads((state_dir / FILE).read_bytes())
        row["refs"] = {name: (old, new) for name, (old, new) in row["refs"].items()}
        return Plan(**row)
    return None


def is_there(state_dir: Path) -> bool:
    return (state_dir / FILE).exists()


def drop(state_dir: Path) -> None:
    for left in (*state_dir.glob(f".{FILE}.*"), *state_dir.glob(f".{DEAD}.*"), state_dir / DEAD, state_dir / FILE):
        left.unlink(missing_ok=True)
