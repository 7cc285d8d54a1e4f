"""Owns writing git objects: one kept-open `git hash-object` for each kind. Moves no ref, waits for no disk."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from hermes_fs.core.errors import Failed
from hermes_fs.store.coprocess import Coprocess, repeated
from hermes_fs.store.objects import ObjectKind

_BATCH = 200  # requests in flight to one co-process: far below what the pipes hold
_KINDS: tuple[ObjectKind, ...] = ("blob", "tree", "commit")


class ObjectWriter:
    """Writes objects of a repository whose work tree is at `root`; `temporary` is a folder of its own to hand git
    their content in. `start` makes a co-process of git's words. Thread-safe.

    git itself does not wait for the disk, object by object; the caller does, for all at once.
    """

    def __init__(self, start: Callable[..., Coprocess], root: Path, temporary: Path) -> None:
        self._root = root
        self._temporary = temporary
        self._lock = threading.Lock()
        self._name = f"object-{os.getpid()}-{secrets.token_hex(4)}"
        self._slots: set[Path] = set()
        words = ("-c", "core.fsync=none", "hash-object", "--no-filters", "-w", "--stdin-paths", "-t")
        self._writers = {kind: start(*words, kind) for kind in _KINDS}

    def start(self) -> None:
        """Starts the processes; they start by themselves when they are needed."""
        for process in self._writers.values():
            process.start()

    def close(self) -> None:
        """Ends the processes and deletes its temporary files."""
        with self._lock:
            for process in self._writers.values():
                process.close()
            for slot in self._slots:
                slot.unlink(missing_ok=True)
            self._slots.clear()

    def write(self, objects: Sequence[tuple[ObjectKind, bytes]]) -> list[str]:
        """Ids in order. Kinds are written at the same time. Raises Failed."""
        oids: list[str] = []
        for start in range(0, len(objects), _BATCH):
            oids += repeated(functools.partial(self._write_part, objects[start : start + _BATCH]))
        return oids

    def _write_part(self, objects: Sequence[tuple[ObjectKind, bytes]]) -> list[str]:
        kinds = [kind for kind in self._writers if any(kind == wanted for wanted, _ in objects)]
        with self._lock, contextlib.ExitStack() as stack:
            paths = [self._filled_slot(number, data) for number, (_, data) in enumerate(objects)]
            writers = {kind: stack.enter_context(self._writers[kind].talking()) for kind in kinds}
            for kind, writer in writers.items():
                wanted = [path for path, (its, _) in zip(paths, objects, strict=True) if its == kind]
                writer.send("".join(f"{path}\n" for path in wanted).encode())
            return [writers[kind].line().decode() for kind, _ in objects]

    def _filled_slot(self, number: int, data: bytes) -> str:
        """A file that holds `data`, named relative to the root (a line break above the root must not matter).

        The same files are filled again and again: to make one costs more than all else on a large file system.
        """
        slot = self._temporary / f"{self._name}-{number}"
        try:
            self._slots.add(slot)
            try:
                slot.write_bytes(data)
            except FileNotFoundError:
                self._temporary.mkdir(parents=True, exist_ok=True)
                slot.write_bytes(data)
        except OSError as error:
            raise Failed(f"{self._temporary} cannot be written: {error.strerror}", "free some space there") from error
        return os.path.relpath(slot, self._root)
