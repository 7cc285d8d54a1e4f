"""Opens files of this machine one directory at a time, never through a link, and only on declared ground. Asks nobody.

Each directory is opened relative to the one before it (openat, O_NOFOLLOW), so what a name leads to cannot be changed
between the judging and the opening: the bytes that are read come from the very file that was looked at, and a write
renames a finished file inside the very directory that was judged. Where a path with links leads is told by `stat`; who
judges that answer then opens the path in it, which has none.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat as modes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused
from hermes_fs.core.ports import FileStat

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""O_PATH where there is one: a directory may be passed through that may not be listed."""

_KERNEL = ("/proc", "/sys", "/dev")
"""Views into processes and devices, hermes' own environment and memory among them: no files."""

Identity = tuple[int, int]
"""Device and inode: the same directory under whatever name, bind mounts and folded case included."""


class Right(Enum):
    """What may be done below a directory. OUTSIDE is what was not declared: open to a call that a person allowed."""

    OUTSIDE = "outside"
    HIDDEN = "hidden"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a backend's effects belong. Below `roots` files are read and written; below `readable` (the mind, long
    outputs) they are read; below `hidden` (git's and this machine's own state) neither. The innermost one counts. All
    are absolute paths; those that do not exist are passed over until they do."""

    roots: tuple[Path, ...]
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()

    def reading(self, path: Path) -> Ground:
        """The same, with one more place to read from."""
        return Ground(self.roots, (*self.readable, path), self.hidden)

    def rights(self) -> Mapping[Identity, Right]:
        """The directories as they are now; one that is named twice has the lesser right."""
        found: dict[Identity, Right] = {}
        for paths, right in ((self.roots, Right.WRITE), (self.readable, Right.READ), (self.hidden, Right.HIDDEN)):
            for path in paths:
                with contextlib.suppress(OSError):  # not there, or not for us: nothing below it is declared
                    found[_identity(path.stat())] = right
        return found


class Confined:
    """File operations on absolute paths. `outside` says that a person allowed this one call to leave the ground; the
    hidden stays hidden and the readable unwritten even so. Thread-safe; holds nothing open between calls.

    Errors: NotFound, Refused for what lies off the ground, behind a link or is no regular file's place, Failed.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def read(self, path: str, outside: bool = False) -> bytes:
        """Regular files only: a pipe or device could block for ever, and opening one can have effects of its own.

        A file with several names (hard links) is read under any of them: which is the first one cannot be told."""
        with told(path), self._parent(path, outside, make=False) as (folder, name, right):
            _allow(path, right, outside, writing=False)
            _look(folder, name, path)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=folder)
            with open(descriptor, "rb") as file:
                _check_regular(path, os.fstat(descriptor))
                return file.read()

    def write(self, path: str, data: bytes, outside: bool = False) -> None:
        """Create or replace, with parent folders. Always a new file renamed into place: a hard link is broken and a
        link that leads nowhere replaced, never written through."""
        with told(path), self._parent(path, outside, make=True) as (folder, name, right):
            _allow(path, right, outside, writing=True)
            replace(folder, name, data, path)

    def stat(self, path: str) -> FileStat:
        """Follows links; `path` of the result has none. Bound to no ground: it is what judging starts from."""
        with told(path):
            real = os.path.realpath(path, strict=True)
            found = os.lstat(real)
            if modes.S_ISLNK(found.st_mode):
                raise Refused(f"{path} changes while it is looked at", "try again")
        return FileStat(real, found.st_size, modes.S_ISDIR(found.st_mode), found.st_mtime, _names(found))

    @contextmanager
    def _parent(self, path: str, outside: bool, make: bool) -> Iterator[tuple[int, str, Right]]:
        """The opened directory that holds the path's last part, that part, and what may be done there."""
        *folders, name = _parts(path)
        rights = self._ground.rights()
        here = os.open("/", _FOLDER)
        try:
            right = rights.get(_identity(os.fstat(here)), Right.OUTSIDE)
            for part in folders:
                below = _enter(here, part, path, make and _may(right, outside, writing=True))
                os.close(here)
                here = below
                right = rights.get(_identity(os.fstat(here)), right)
            yield here, name, right
        finally:
            os.close(here)


def _parts(path: str) -> list[str]:
    if not path.startswith("/") or "\0" in path:
        raise Failed(f"not an absolute path: {path!r}", "name a file")
    plain = os.path.normpath("/" + path.lstrip("/"))
    if any(plain == root or plain.startswith(f"{root}/") for root in _KERNEL):
        raise Refused(f"{path} is no file but a view into the system", "look at it in the terminal")
    if plain == "/":
        raise Failed("/ is a directory", "name a file")
    return plain[1:].split("/")


def _enter(here: int, part: str, path: str, make: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=here)
    except FileNotFoundError:
        if not make:
            raise
    except OSError as error:
        if _is_link(here, part):
            raise Refused(f"{path} leads through the link {part}", "name the place that it leads to") from error
        raise
    with contextlib.suppress(FileExistsError):  # somebody else was quicker; what it is shows when it is opened
        os.mkdir(part, dir_fd=here)
    return _enter(here, part, path, make=False)


def replace(folder: int, name: str, data: bytes, path: str) -> None:
    """Put `data` under a name of an opened directory, atomically and synced; an existing file's mode is kept, but for
    bits that lend somebody's rights. Raises OSError, Refused where what is there is no regular file."""
    mode = _mode_of_the_old(folder, name, path)
    temporary = f".{os.fsencode(name)[:100].decode('utf-8', 'ignore')}.{secrets.token_hex(4)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            if mode is not None:  # a new file has the mode that the umask gives
                os.fchmod(descriptor, mode)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):  # the directory was cleared meanwhile
            os.unlink(temporary, dir_fd=folder)
        raise


def _mode_of_the_old(folder: int, name: str, path: str) -> int | None:
    try:
        return modes.S_IMODE(_look(folder, name, path).st_mode) & 0o777
    except FileNotFoundError:
        return None


def _look(folder: int, name: str, path: str) -> os.stat_result:
    """Raises FileNotFoundError for a link that leads nowhere, Refused for one that leads somewhere."""
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if modes.S_ISLNK(found.st_mode):
        os.stat(name, dir_fd=folder)
        raise Refused(f"{path} is a link", "name the place that it leads to")
    _check_regular(path, found)
    return found


def _check_regular(path: str, found: os.stat_result) -> None:
    if not modes.S_ISREG(found.st_mode):
        raise Failed(f"{path} is not a regular file", "name a file")


def _may(right: Right, outside: bool, writing: bool) -> bool:
    return right is Right.WRITE or (right is Right.READ and not writing) or (right is Right.OUTSIDE and outside)


def _allow(path: str, right: Right, outside: bool, writing: bool) -> None:
    if _may(right, outside, writing):
        return
    if right is Right.HIDDEN:
        raise Refused(f"{path} belongs to git or to this machine's private state", "look elsewhere")
    if right is Right.READ:
        raise Refused(f"{path} is only read here", "change the mind through its own tools")
    raise Refused(f"{path} is outside the work directory and the trusted ones", "ask the user, who can allow it")


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _names(found: os.stat_result) -> int:
    return 1 if modes.S_ISDIR(found.st_mode) else found.st_nlink


def _is_link(folder: int, name: str) -> bool:
    try:
        return modes.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def told(path: str) -> Iterator[None]:
    """Turns the system's errors into ours; the message names the path as it was asked for."""
    try:
        yield
    except HermesError:
        raise
    except FileNotFoundError as error:
        raise NotFound(f"no such file: {path}", "check the path") from error
    except PermissionError as error:
        raise Refused(f"no permission: {path}", "choose another path or ask the user") from error
    except IsADirectoryError as error:
        raise Failed(f"{path} is a directory", "name a file") from error
    except OSError as error:
        raise Failed(f"{path}: {error.strerror or error}", "check the path and the disk") from error
