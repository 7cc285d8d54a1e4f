"""Keeps an index in step with edits made outside: hints of the file system, and a look at all files on a timer.

Owns one thread, which does all of it, so that starting costs nothing. A hint may be missing or wrong, the timer is what
makes the index whole. Never raises out of its thread.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from hermes_fs.core.errors import HermesError
from hermes_fs.core.loading import load
from hermes_fs.store.index import Index
from hermes_fs.store.sources import FOLDERS, source_of

HINTED_SECONDS = 30.0
"""Between two looks at all files where the file system gives hints."""
UNHINTED_SECONDS = 2.0
"""The same where it gives none: no inotify, or no watches left."""
_SHARE = 0.02  # of one processor, at most, for looks at all files
_SETTLE_SECONDS = 0.02  # an editor's save is several events
_MOST_HINTS = 500  # beyond, one look at all files is cheaper
_EVENTS = (
    *("FileCreatedEvent", "FileModifiedEvent", "FileDeletedEvent", "FileMovedEvent"),
    *("DirCreatedEvent", "DirDeletedEvent", "DirMovedEvent"),
)


class Watcher:
    """`start` returns at once; `close` waits for the thread. Thread-safe. `problem` is the last error's line, empty
    again once the index could be brought in step; `hinted` tells whether the file system gives hints."""

    def __init__(self, index: Index, root: Path) -> None:
        self._index = index
        self._hints = Hints(root)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.problem = ""

    def start(self) -> None:
        if self._thread is None:
            self._closing.clear()
            self._thread = threading.Thread(target=self._work, name="hermes-watch", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._hints.wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def hinted(self) -> bool:
        return self._hints.given

    def _work(self) -> None:
        self._hints.begin()
        due = 0.0
        while not self._closing.is_set():
            if self._hints.wake.wait(max(0.0, due - time.monotonic())):
                self._closing.wait(_SETTLE_SECONDS)
            paths = self._hints.take()
            begun = time.monotonic()
            if begun >= due:
                paths = None
            if not self._closing.is_set() and paths != []:
                self._look(paths)
            if paths is None:
                rest = HINTED_SECONDS if self._hints.given else UNHINTED_SECONDS
                due = time.monotonic() + max(rest, (time.monotonic() - begun) / _SHARE)
        self._hints.end()

    def _look(self, paths: list[str] | None) -> None:
        """Bring the index in step with the paths, or with all files."""
        self._hints.follow()
        try:
            self._index.refresh(paths)
            self.problem = ""
        except HermesError as error:
            self.problem = error.message


class Hints:
    """What the file system says has changed, by watchdog; silent where that cannot be had."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._observer: Any = None
        self._wanted: list[Any] = []
        self._watched: dict[str, tuple[int, Any]] = {}
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._all = False
        self.wake = threading.Event()

    @property
    def given(self) -> bool:
        return self._observer is not None

    def begin(self) -> None:
        """Load watchdog and start it."""
        try:
            load("logging:getLogger")("watchdog").addHandler(load("logging:NullHandler")())
            events = load("watchdog.events")
            self._wanted = [getattr(events, name) for name in _EVENTS]
            observer = load("watchdog.observers:Observer")()
            observer.start()
        except (HermesError, OSError):  # the timer alone must do
            return
        self._observer = observer
        self.follow()

    def follow(self) -> None:
        """Watch the folders that are there now; where the system refuses, give hints up."""
        if self._observer is None:
            return
        try:
            for folder in ("", *FOLDERS):
                self._watch(folder)
        except OSError:  # no watches left
            self.end()

    def take(self) -> list[str] | None:
        """The paths that changed; None: any may have."""
        self.wake.clear()
        with self._lock:
            paths, everything = sorted(self._paths), self._all
            self._paths, self._all = set(), False
        return None if everything or len(paths) > _MOST_HINTS else paths

    def end(self) -> None:
        observer, self._observer = self._observer, None
        self._watched.clear()
        if observer is not None:
            observer.stop()
            observer.join()

    def dispatch(self, event: Any) -> None:
        """What watchdog calls, in its own thread."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        inside = [os.path.relpath(path, self._root).replace(os.sep, "/") for path in paths]
        with self._lock:
            if event.is_directory:
                told = self._all = self._all or any(path.split("/")[0] in FOLDERS for path in inside)
            else:
                changed = {path for path in inside if source_of(path)}
                self._paths |= changed
                told = bool(changed)
        if told:
            self.wake.set()

    def _watch(self, folder: str) -> None:
        """Watch a folder with all in it, the workspace's own without; anew where another has taken its place."""
        path = self._root / folder
        try:
            found = path.lstat()
        except OSError:
            found = None
        inode = found.st_ino if found and stat.S_ISDIR(found.st_mode) else 0
        known, watch = self._watched.get(folder, (0, None))
        if inode == known:
            return
        if watch is not None:
            del self._watched[folder]
            self._observer.unschedule(watch)
        if inode:
            made = self._observer.schedule(self, str(path), recursive=bool(folder), event_filter=self._wanted)
            self._watched[folder] = (inode, made)
            with self._lock:
                self._all = True  # what changed before the watch was there
            self.wake.set()
