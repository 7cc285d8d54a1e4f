"""Owns the places where a crash test makes this process kill itself; does nothing unless HERMES_FAILPOINT is set."""

from __future__ import annotations

import itertools
import os
import signal

_NAME, _, _TURN = os.environ.get("HERMES_FAILPOINT", "").partition(":")
_PASSES = itertools.count(1)


def reach(name: str) -> None:
    """Dies by SIGKILL if HERMES_FAILPOINT is `name`, or `name:N` and this is the N-th time."""
    if _NAME and name == _NAME and next(_PASSES) == int(_TURN or 1):
        os.kill(os.getpid(), signal.SIGKILL)
