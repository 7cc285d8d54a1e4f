"""A file on its way: the bytes that are here already, and a note of where they come from. Downloads nothing itself."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from hermes_fs.core.errors import Failed
from hermes_fs.providers.embedded.gguf import problem

_BLOCK = 1 << 20
_HEAD = 24
_NOTE = 4096  # characters, more than a note ever has

Report = Callable[[int, int], None]
"""Told bytes that are here and bytes in all (0: not known), often."""


@dataclass(frozen=True, slots=True)
class Note:
    """Where a partial file's bytes come from. `mark` is the server's mark of its version (ETag), `pieces` how many
    parts were joined and `size` how long they are together."""

    source: str = ""
    mark: str = ""
    pieces: int = 0
    size: int = 0


class Partial:
    """`target` appears only whole; until then its bytes are in `target.part`, with a note beside it."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._note_path = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def note(self) -> Note:
        try:
            with self._note_path.open(encoding="utf-8") as file:
                return Note(**json.loads(file.read(_NOTE)))
        except (OSError, ValueError, TypeError):
            return Note()  # nothing is known of the bytes: each source starts over then

    def keep_note(self, note: Note) -> None:
        with full_disk(self.target):
            self._note_path.write_text(json.dumps(asdict(note)), encoding="utf-8")

    @contextmanager
    def writing(self, offset: int) -> Iterator[IO[bytes]]:
        """The file, cut to `offset` bytes, open at its end. Raises Failed where the disk is full."""
        with full_disk(self.target), self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.truncate(offset)
            file.seek(offset)
            yield file

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note_path.unlink(missing_ok=True)

    def sha256(self, report: Report) -> str:
        digest, size = hashlib.sha256(), self.size
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                report(file.tell(), size)
        return digest.hexdigest()

    def head_problem(self) -> str:
        with self.path.open("rb") as file:
            head = file.read(_HEAD)
        return problem(head) or ("is cut off" if len(head) < _HEAD else "")

    def finish(self) -> None:
        """Put the file into its place, on the disk and at once."""
        with full_disk(self.target):
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
            self.path.replace(self.target)
        self._note_path.unlink(missing_ok=True)


@contextlib.contextmanager
def full_disk(target: Path) -> Iterator[None]:
    """Turns what the system says of a disk that cannot take it into one line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Failed(
                f"the disk that holds {target.parent} is full", "make room and run it again: it goes on"
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise Failed(f"{target.parent} cannot be written to: {error.strerror}", "see who owns it") from error
        raise
