"""What a sync knows of purges before there is one: the ref that tells of them, what a person said. Reads one ref. A
sync where nothing was purged loads no more of it."""

from __future__ import annotations

from dataclasses import dataclass

from hermes_fs.core.errors import Conflict
from hermes_fs.store.git import Git

PURGES = "refs/hermes/purges"


class Waits(Conflict):
    """Another machine forgot something, and nobody here has said yes to it. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person said: to follow what others forgot, to rewrite the remote after what was forgotten here."""

    accept: bool = False
    push: bool = False


def any_here(git: Git) -> bool:
    """Whether this machine has purged something, or followed who did."""
    return bool(git.resolve(PURGES))
