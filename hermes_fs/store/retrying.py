"""Owns trying a write again that lost a race. Knows nothing of what is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hermes_fs.core.errors import Conflict

_T = TypeVar("_T")
_ATTEMPTS = 4


class Outdated(Conflict):
    """A file is not as the change expects it."""


def retried(attempt: Callable[[], _T], outdated_too: bool = False) -> _T:
    """Once more where a person's own git, or editor, was quicker. What is Outdated stays so, unless `outdated_too`."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except Conflict as error:
            if isinstance(error, Outdated) and not outdated_too:
                raise
    return attempt()
