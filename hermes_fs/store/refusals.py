"""Owns what this machine remembers of skill versions that the gate refused: one small file in .git/hermes.

They are the negative examples: what was tried and did not hold is not tried again, and who learns can read why. Without
the file everything may be tried once more: nothing worse.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from hermes_fs.core.errors import Failed
from hermes_fs.store.transcript import write_whole

KEPT = 300
FILE = "refused.json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version `tree` of the skill `name` that was to follow the version `was` ("" for a new skill). `when` is RFC
    3339."""

    name: str
    was: str
    tree: str
    reasons: tuple[str, ...]
    when: str


class Refusals:
    """Safe beside other processes: `locked` is the workspace's lock."""

    def __init__(self, state_dir: Path, locked: Callable[[], AbstractContextManager[None]]) -> None:
        self._path = state_dir / FILE
        self._locked = locked

    def find(self, name: str, was: str, tree: str) -> Refusal | None:
        """The latest refusal of exactly this step."""
        return next((one for one in reversed(self.all()) if (one.name, one.was, one.tree) == (name, was, tree)), None)

    def of(self, name: str) -> list[Refusal]:
        """What was tried on a skill and refused, oldest first."""
        return [one for one in self.all() if one.name == name]

    def all(self) -> list[Refusal]:
        """Oldest first; whatever of it can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):  # see above
            return [_refusal(row) for row in json.loads(self._path.read_bytes())]
        return []

    def add(self, refusal: Refusal) -> None:
        """Durably. Raises Failed."""
        with self._locked():
            kept = [one for one in self.all() if (one.name, one.was, one.tree) != _key(refusal)]
            rows = [asdict(one) for one in [*kept, refusal][-KEPT:]]
            try:
                write_whole(self._path, json.dumps(rows).encode())
            except OSError as error:
                raise Failed(f"{self._path} cannot be written: {error.strerror}", "free some space there") from error


def _key(one: Refusal) -> tuple[str, str, str]:
    return one.name, one.was, one.tree


def _refusal(row: dict[str, object]) -> Refusal:
    reasons = row["reasons"]
    told = tuple(str(one) for one in reasons) if isinstance(reasons, list) else ()
    return Refusal(str(row["name"]), str(row["was"]), str(row["tree"]), told, str(row["when"]))
