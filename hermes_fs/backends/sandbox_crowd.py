"""Counts the processes of a sandbox from outside, by /proc. Ends none itself.

The kernel's own limit (RLIMIT_NPROC) does not bind root, and there may be no cgroup to write to.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

MOST_PROCESSES = 512
"""In one sandbox at a time; a build or a test run has dozens."""
WHY_ENDED = "ended"
"""A file in a sandbox's folder, of one line, where the sandbox was ended for that."""
LOOK_SECONDS, IDLE_LOOK_SECONDS = 0.2, 1.0
_WHOLE_SECONDS = 2.0


class Crowd:
    """The processes below `root`, which is left out. Cheap to ask often: while this machine has no more processes in
    all, or hardly more than at the last count, it does not count."""

    def __init__(self, root: int, most: int = MOST_PROCESSES) -> None:
        self._root = root
        self._most = most
        self._seen = 0
        self._again = 0.0

    @property
    def is_too_large(self) -> bool:
        pids = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()]
        if len(pids) <= self._most:
            return False
        now = time.monotonic()
        if len(pids) < self._seen + max(self._most // 8, 1) and now < self._again:
            return False
        self._seen, self._again = len(pids), now + _WHOLE_SECONDS
        return below(self._root, pids) > self._most


def below(root: int, pids: Iterable[int]) -> int:
    """How many of these processes descend from one. What leaves its parent in a sandbox becomes a child of the
    sandbox's first process, so nothing gets away."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid in pids:
        children[_parent(pid)].append(pid)
    found, left = 0, [root]
    while left:
        mine = children.pop(left.pop(), [])
        found += len(mine)
        left += mine
    return found


def _parent(pid: int) -> int:
    """0 for one that is gone. The name of a program may hold anything, so what follows the last bracket counts."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
