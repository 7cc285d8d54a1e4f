"""Owns what reviewers said of proposals and nobody has learned from yet: one small file in .git/hermes.

They are words of others: who reads them to a model says so, and what comes of it inherits their origin.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.store.transcript import write_whole

FILE = "feedback.json"
KEPT = 60
"""Remarks, the newest."""
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Remark:
    """`id` is unique; `about` says in one line of what, `owner`: the owner's own words, by people.yaml."""

    id: str
    about: str
    author: str
    text: str
    when: str
    owner: bool = False


class Feedback:
    """Safe beside other processes: `locked` is the workspace's lock."""

    def __init__(self, state_dir: Path, locked: Callable[[], AbstractContextManager[None]]) -> None:
        self._path = state_dir / FILE
        self._locked = locked

    def all(self) -> list[Remark]:
        """Oldest first; whatever of it can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):  # see above
            return [_remark(row) for row in json.loads(self._path.read_bytes())]
        return []

    def add(self, remarks: Sequence[Remark]) -> None:
        """Durably; what is there already stays once. Raises Failed."""
        new = {one.id for one in remarks}
        self._change(lambda kept: [*(one for one in kept if one.id not in new), *remarks])

    def take(self, ids: Collection[str]) -> None:
        """Lets go of those that were learned from. Raises Failed."""
        self._change(lambda kept: [one for one in kept if one.id not in ids])

    def _change(self, transform: Callable[[list[Remark]], list[Remark]]) -> None:
        with self._locked():
            rows = [asdict(one) for one in transform(self.all())[-KEPT:]]
            try:
                write_whole(self._path, json.dumps(rows).encode())
            except OSError as error:
                raise Failed(f"{self._path} cannot be written: {error.strerror}", "free some space there") from error


def _remark(row: dict[str, Any]) -> Remark:
    texts = {name: str(row[name]) for name in ("id", "about", "author", "text", "when")}
    return Remark(**texts, owner=row["owner"] is True)
