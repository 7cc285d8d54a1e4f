"""Owns what this machine remembers of pull requests: which proposal became which. One small file in .git/hermes.

Without the file it is found again by the branch's name and what the branch holds: nothing is opened twice.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.store.transcript import write_whole

FILE = "pulls.json"
KEPT = 500
BRANCHES = "hermes/proposal/"
"""How the branches of proposals begin on a remote."""
ENDED = ("merged", "closed", "gone")


@dataclass(frozen=True, slots=True)
class Known:
    """The proposal `id` with its change id, pushed to a remote as `commit`. `kind` is the forge's, "" for none; the
    `number` is 0 where there is no pull request that this machine knows of. `state` is open, merged, closed or gone,
    `seen` are the ids of the comments that were taken over, `looked` when the
    forge was last asked, in seconds since 1970."""

    id: str
    change: str
    remote: str
    commit: str
    kind: str = ""
    number: int = 0
    url: str = ""
    state: str = "open"
    seen: tuple[str, ...] = ()
    looked: float = 0.0

    @property
    def branch(self) -> str:
        return f"{BRANCHES}{self.id}"

    @property
    def shown(self) -> str:
        """`pull request #12`, `merge request !12`, or the branch."""
        if not self.number:
            return f"branch {self.branch}"
        return f"merge request !{self.number}" if self.kind == "gitlab" else f"pull request #{self.number}"


class Pulls:
    """Safe beside other processes: `locked` is the workspace's lock."""

    def __init__(self, state_dir: Path, locked: Callable[[], AbstractContextManager[None]]) -> None:
        self._path = state_dir / FILE
        self._locked = locked

    def all(self) -> dict[str, Known]:
        """By the proposal's id; whatever of it can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):  # see above
            return {one.id: one for one in map(_known, json.loads(self._path.read_bytes()))}
        return {}

    def put(self, *changed: Known) -> None:
        """Durably. Raises Failed."""
        with self._locked():
            kept = {id: one for id, one in self.all().items() if id not in {one.id for one in changed}}
            rows = [asdict(one) for one in [*kept.values(), *changed][-KEPT:]]
            try:
                write_whole(self._path, json.dumps(rows).encode())
            except OSError as error:
                raise Failed(f"{self._path} cannot be written: {error.strerror}", "free some space there") from error


def _known(row: dict[str, Any]) -> Known:
    texts = {name: str(row[name]) for name in ("id", "change", "remote", "commit", "kind", "url", "state")}
    seen = tuple(str(one) for one in row["seen"])
    return Known(**texts, number=int(row["number"]), seen=seen, looked=float(row["looked"]))
