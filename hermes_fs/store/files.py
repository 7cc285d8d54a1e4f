"""Owns the mind's files on disk, reached by descriptor walks that follow no symbolic link. Decides nothing.

Only the door and its recovery write through it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Failed, Refused

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Found:
    """A file as read: its bytes, permission bits and a `stamp` that changes when it is written or replaced."""

    data: bytes
    permissions: int
    stamp: tuple[int, int, int, int]

    @property
    def mode(self) -> str:
        """As git has it."""
        return "100755" if self.permissions & 0o100 else "100644"


class Files:
    """The work tree at `root`; new files wait in `staging`, on the same file system.

    Paths are relative, with slashes, already checked. Raises Refused where a symbolic link, or something that is no
    regular file, is in the way, and Failed where the disk does not let us.
    """

    def __init__(self, root: Path, staging: Path) -> None:
        self.root = root
        self._staging = staging

    def read(self, path: str) -> Found | None:
        """The file, None if there is none."""
        try:
            with self._folder(path) as (folder, name):
                return _read(folder, name, path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _explained(error, path) from error

    def stamp(self, path: str) -> tuple[int, int, int, int] | None:
        """The stamp that `read` would give, None if there is no such file."""
        try:
            with self._folder(path) as (folder, name):
                return _stamp(os.stat(name, dir_fd=folder, follow_symlinks=False))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _explained(error, path) from error

    def stage(self, path: str, data: bytes, permissions: int | None) -> Path:
        """Writes a file's coming content aside, and makes the folders it will lie in, unless a file is in their place
        that may go before it comes. It must be on the disk before it is placed.

        `permissions` None: those of a new file.
        """
        aside = self._staging / secrets.token_hex(8)
        try:
            with contextlib.suppress(NotADirectoryError), self._folder(path, create=True):
                pass
            self._staging.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            with open(descriptor, "wb") as file:
                if permissions is not None:
                    os.fchmod(descriptor, permissions)
                file.write(data)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise _explained(error, path) from error
        return aside

    def keep(self, path: str) -> Path | None:
        """A second name, aside, of the file as it is, so that putting it back needs no space; None if there is none."""
        aside = self._staging / secrets.token_hex(8)
        try:
            with self._folder(path) as (folder, name):
                os.link(name, aside, src_dir_fd=folder, follow_symlinks=False)
        except OSError:  # no such file, or a file system without hard links: recovery writes it from its blob
            return None
        return aside

    def place(self, aside: Path, path: str) -> None:
        """Renames a file from aside into place; durable once its `folder_of` is."""
        try:
            with self._folder(path, create=True) as (folder, name):
                os.rename(aside, name, dst_dir_fd=folder)
        except OSError as error:
            raise _explained(error, path) from error

    def put(self, path: str, data: bytes, permissions: int) -> None:
        """Replaces a file at once, from a temporary one beside it; for folders on whatever file system."""
        try:
            with self._folder(path, create=True) as (folder, name):
                aside = f".{secrets.token_hex(8)}.tmp"
                descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
                try:
                    with open(descriptor, "wb") as file:
                        file.write(data)
                        os.fchmod(descriptor, permissions)
                    os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
                except OSError:
                    os.unlink(aside, dir_fd=folder)
                    raise
        except OSError as error:
            raise _explained(error, path) from error

    def remove(self, path: str) -> None:
        """Deletes a file, and the folders that become empty by it; durable once its `folder_of` is."""
        try:
            with self._folder(path) as (folder, name):
                os.unlink(name, dir_fd=folder)
            self.drop_empty(path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _explained(error, path) from error

    def move_away(self, path: str, target: Path) -> None:
        """Renames whatever lies there, of any sort, out of the mind; `target` is on the same file system."""
        try:
            with self._folder(path) as (folder, name):
                os.rename(name, target, src_dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _explained(error, path) from error

    def folder_of(self, path: str) -> Path:
        """The folder that a path lies in, or the nearest above it that is there."""
        folder = (self.root / path).parent
        while not folder.is_dir():
            folder = folder.parent
        return folder

    def drop_empty(self, path: str) -> None:
        """Deletes the folders above a path that hold nothing any more."""
        with contextlib.suppress(OSError):  # not empty, or gone: done
            while "/" in path:
                path = path.rpartition("/")[0]
                with self._folder(path) as (above, name):
                    os.rmdir(name, dir_fd=above)

    @contextlib.contextmanager
    def _folder(self, path: str, create: bool = False) -> Iterator[tuple[int, str]]:
        """The descriptor of the folder that `path` lies in, and its name there."""
        *folders, name = path.split("/")
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                if create:
                    with contextlib.suppress(FileExistsError):  # made before, or in between
                        os.mkdir(folder, 0o755, dir_fd=descriptor)
                below = os.open(folder, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor, name
        finally:
            os.close(descriptor)


def _read(folder: int, name: str, path: str) -> Found:
    descriptor = os.open(name, _FILE, dir_fd=folder)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(f"{path} is not a regular file", "move it away")
        return Found(file.read(), stat.S_IMODE(status.st_mode), _stamp(status))


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode


def _explained(error: OSError, path: str) -> Failed | Refused:
    if isinstance(error, NotADirectoryError | IsADirectoryError) or "symbolic link" in (error.strerror or ""):
        return Refused(f"a symbolic link, or a file in a folder's place, is in the way of {path}", "move it away")
    hint = "free some space" if "space" in (error.strerror or "") else "look at its permissions"
    return Failed(f"{path} cannot be read or written: {error.strerror}", hint)
