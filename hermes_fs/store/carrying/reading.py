"""Reads the folder of another agent, bounded and through no link. Writes nothing, and opens no key."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.store.carrying.things import LeftOut

MAX_TEXT = 2 << 20
MAX_JSON = 20 << 20
MAX_LINE = 20 << 20
MAX_NAMES = 50_000
"""Bytes of a text, of a JSON file and of a line of one; names in a folder."""


class Place:
    """A folder that somebody else's program filled. `left_out` grows with what is there and cannot be read."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.left_out: list[LeftOut] = []

    def has(self, name: str) -> bool:
        """Whether a plain file or a folder is there, reached through no link."""
        return self._mode(name) in (stat.S_IFREG, stat.S_IFDIR)

    def is_file(self, name: str) -> bool:
        """Whether a plain file is there; a link in its place is noted."""
        mode = self._mode(name)
        if mode == stat.S_IFLNK:
            self._note(name, "a link: it could lead anywhere")
        return mode == stat.S_IFREG

    def is_dir(self, name: str) -> bool:
        return self._mode(name) == stat.S_IFDIR

    def text(self, name: str) -> str:
        """A file's text, "" where there is none to read."""
        data = self._bytes(name, MAX_TEXT)
        try:
            return data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            self._note(name, "no UTF-8 text")
        return ""

    def json(self, name: str) -> Any:
        """A file's JSON value, None where there is none to read."""
        data = self._bytes(name, MAX_JSON)
        if not data.strip():
            return None
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            self._note(name, "no JSON that can be read")
        return None

    def names(self, folder: str, ending: str = "") -> list[str]:
        """Names of what lies in a folder ("" for this one), sorted; hidden ones are not told."""
        if folder and not self.is_dir(folder):
            return []
        found: list[str] = []
        with contextlib.suppress(OSError), os.scandir(self.root / folder) as entries:  # not ours to read
            for entry in entries:
                if len(found) == MAX_NAMES:
                    self._note(folder, f"more than {MAX_NAMES:,} names in it: not all were looked at")
                    break
                if entry.name.endswith(ending) and not entry.name.startswith("."):
                    found.append(entry.name)
        return sorted(found)

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """The lines of a file, each with its number; one that is too long ends it. Raises Failed."""
        with _open(self.root / name) as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise Failed(f"{name}: line {number} is longer than {MAX_LINE >> 20} MB")
                yield number, line

    def _bytes(self, name: str, most: int) -> bytes:
        if not self.is_file(name):
            return b""
        try:
            with _open(self.root / name) as file:
                data = bytes(file.read(most + 1))
        except Failed as error:
            self._note(name, error.message)
            return b""
        if len(data) > most:
            self._note(name, f"larger than {most >> 20} MB")
            return b""
        return data

    def _note(self, name: str, why: str) -> None:
        found = LeftOut(name, why)
        if found not in self.left_out:
            self.left_out.append(found)

    def _mode(self, name: str) -> int:
        """The kind of file at a path of which no folder is a link; 0 for none."""
        at = self.root
        mode = stat.S_IFDIR
        for part in name.split("/"):
            if part in ("", ".", "..") or mode != stat.S_IFDIR:
                return 0
            at = at / part
            try:
                mode = stat.S_IFMT(at.lstat().st_mode)
            except (OSError, ValueError):
                return 0
        return mode


def _open(path: Path) -> Any:
    """A plain file, to be read. Raises Failed for anything else, a pipe above all, which would never end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Failed(f"{path.name} is no plain file")
        return open(descriptor, "rb")
    except OSError as error:
        raise Failed(f"{path.name} cannot be read: {error.strerror}") from error
