"""Owns when the user's git index catches up with acknowledged lessons: soon after, never in their way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from hermes_fs.core.errors import HermesError
from hermes_fs.store.failpoint import reach
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Entry, Journal
from hermes_fs.store.lock import Lock
from hermes_fs.store.user_index import catch_up, release

Recovered = Callable[[], AbstractContextManager[None]]
_BRANCH_LINE = "ref: refs/heads/main\n"


class Follower:
    """One thread that empties the journal into the user's index whenever it is nudged.

    Lock order: first the follower's own (among processes), then the workspace's, and that for moments only.
    `recovered` holds the workspace's, and has undone what another process was killed over: the journal's last line may
    not have happened.
    """

    def __init__(self, git: Git, journal: Journal, door: Lock, recovered: Recovered, own_lock: Path) -> None:
        self._git = git
        self._journal = journal
        self._door = door
        self._recovered = recovered
        self._own = Lock(own_lock)
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self.problem = ""

    def nudge(self) -> None:
        """Says that a lesson was acknowledged. Returns at once."""
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._work, name="hermes-index", daemon=True)
            self._thread.start()
        self._wake.set()

    def settle(self) -> bool:
        """Lets the user's index catch up now. False where it can't yet: somebody holds its lock, or the caller is
        inside the door. Raises Failed."""
        if self._door.mine:
            return False
        with self._own:
            while True:
                with self._recovered():
                    stamp = self._journal.stamp
                    lessons = [entry for _, entry in self._journal.read()]
                if lessons and not self._catch_up(lessons):
                    return False
                reach("index.done")
                with self._door:
                    if self._journal.stamp == stamp:
                        release(self._git)
                        self._journal.cut(0)
                        return True

    def _catch_up(self, lessons: list[Entry]) -> bool:
        # On another branch the index is of that branch; coming back to main, git itself brings it up to date.
        if not self._on_main():
            return True
        try:
            if catch_up(self._git, lessons):
                return True
        except HermesError:
            with self._door:
                release(self._git)  # the user's git must not wait for what may not heal
            raise
        self.problem = f"the git index is locked by {self._git.git_dir / 'index.lock'}: finish that git command"
        return False

    def close(self) -> None:
        """Lets the index catch up a last time, and ends the thread. What can't be done now is done at the next open."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._closing = False

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                self.settle()
            except HermesError as error:  # the journal keeps what is to do
                self.problem = error.message
            if self._closing and not self._wake.is_set():
                return

    def _on_main(self) -> bool:
        return (self._git.git_dir / "HEAD").read_text(errors="replace") == _BRANCH_LINE
