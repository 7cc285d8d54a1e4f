"""Reads the files of a folder of this machine as a source of skills. Follows no link; writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from hermes_fs.core.errors import Failed, Refused
from hermes_fs.store.installing.pile import FILE, MAX_DEPTH, MAX_ENTRIES, MAX_FILE

_SKIPPED = (".git", "node_modules", "__pycache__", ".venv")


class Folder:
    """A folder and all below it. `links` are the names of links, which are left out."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.links: list[str] = []
        self._names = list(self._walk(root, ""))

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def read(self, name: str) -> bytes:
        """At most one byte more than a skill's file may have."""
        try:
            descriptor = os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:
                return file.read(MAX_FILE + 1)
        except OSError as error:
            raise Failed(f"{self._root / name} cannot be read: {error.strerror}", "look at its permissions") from error

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        if prefix.count("/") > MAX_DEPTH:
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise Failed(f"{folder} cannot be read: {error.strerror}", "look at its permissions") from error
        for count, entry in enumerate(entries):
            if count > MAX_ENTRIES:
                raise Refused(f"{folder} holds more than {MAX_ENTRIES:,} files", f"name the folder of a {FILE}")
            name = prefix + entry.name
            if entry.is_symlink():
                self.links.append(name)
            elif entry.is_dir() and entry.name not in _SKIPPED:
                yield from self._walk(Path(entry.path), f"{name}/")
            elif entry.is_file():
                yield name
