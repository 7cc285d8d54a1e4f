"""Where skills lie: the mind's own, and read-only folders of this person and project. Finds and reads; writes nothing,
trusts nothing inside the mind.

A name counts once: the mind's own skill hides one of the project, that one of a configured folder, that one of the
folders that agents share (~/.agents/skills, ~/.claude/skills). No file is reached through a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = "SKILL.md"
MAX_FILE = 1 << 20
"""Bytes of the largest file of a skill that is read."""
MAX_FILES = 500
"""Files of one skill that are listed."""
MAX_DEPTH = 6
SHARED = (".agents/skills", ".claude/skills")
"""Below a home or a project: where agents that keep to the standard look."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Kind = Literal["own", "project", "directory", "user"]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of skills, each in a folder of its own. `label` names it for a person. `key` is "" for the mind's own,
    else the folder: what caches go by."""

    kind: Kind
    folder: Path
    label: str

    @property
    def key(self) -> str:
        return "" if self.kind == "own" else str(self.folder)

    @property
    def problem(self) -> str:
        """Why nothing of it is used, "" where it is: a folder that others can write is nobody's word."""
        if self.kind == "own":
            return ""
        if not self.folder.is_absolute():  # it would be another folder wherever hermes is started
            return "name it from / or ~"
        if self.kind == "directory" and (len(self.folder.parts) < 3 or Path.home().is_relative_to(self.folder)):
            return "it holds more than skills, and commands could read all of it"
        try:
            status = self.folder.lstat()
        except OSError:
            return ""
        if self.kind == "user" and status.st_uid not in (os.geteuid(), 0):
            return "it belongs to somebody else"
        return "everybody may write there" if status.st_mode & 0o002 else ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A skill where it lies."""

    place: Place
    name: str

    @property
    def folder(self) -> Path:
        return self.place.folder / self.name

    @property
    def is_own(self) -> bool:
        """Whether it is part of the mind; all others are read-only."""
        return self.place.kind == "own"

    @property
    def where(self) -> str:
        """How a person names its folder."""
        return f"{self.place.label}/{self.name}"

    def read(self, file: str = FILE) -> bytes | None:
        """A file of it, at most MAX_FILE bytes; None where there is no regular file or a link leads there."""
        return read(self.folder, file)

    def files(self) -> list[str]:
        """The files beside SKILL.md and it, relative to its folder, at most MAX_FILES; no links, nothing hidden."""
        return list(_listed(self.folder))


def own(root: Path) -> Place:
    """The skills of a workspace."""
    return Place("own", root / "skills", "skills")


def beyond(directories: Sequence[str], work_dir: Path, trusted: Sequence[str], home: Path | None) -> tuple[Place, ...]:
    """The read-only places that exist, the nearest first: those of the project where `work_dir` lies in a directory
    that this machine's person trusts, `directories` of the configuration, those of `home`."""
    found: dict[Path, Place] = {}
    for place in _candidates(directories, work_dir, trusted, home):
        if place.folder.is_dir():
            found.setdefault(place.folder, place)
    return tuple(place for place in found.values() if not place.problem)


def left_out(directories: Sequence[str], work_dir: Path, trusted: Sequence[str], home: Path | None) -> list[str]:
    """A line for each place that is there and not used, and for each configured one that is not there."""
    found = list(_candidates(directories, work_dir, trusted, home))
    said = [f"{place.label} is not used: {place.problem}" for place in found if place.problem]
    told = [place for place in found if place.kind == "directory" and not place.problem]
    gone = [place.label for place in told if not place.folder.is_dir()]
    return [*said, *(f"{label} is no folder: see skills.directories" for label in gone)]


def _candidates(
    directories: Sequence[str], work_dir: Path, trusted: Sequence[str], home: Path | None
) -> Iterator[Place]:
    here = work_dir.resolve()
    if any(here.is_relative_to(Path(folder).expanduser().resolve()) for folder in trusted):
        for name in SHARED:
            inside = (here / name).resolve()
            if inside.is_relative_to(here):  # a link that leads out of the project leads out of what is trusted
                yield Place("project", inside, name)
    for text in directories:
        folder = Path(text).expanduser()
        yield Place("directory", folder.resolve() if folder.is_absolute() else folder, text.rstrip("/"))
    for name in SHARED if home else ():
        yield Place("user", Path(home or "", name).resolve(), f"~/{name}")


def find(name: str, places: Sequence[Place]) -> Spot | None:
    """The skill of that name which counts: in the first of `places` that has it."""
    return next(iter(all_of(name, places)), None)


def all_of(name: str, places: Sequence[Place]) -> list[Spot]:
    """Every skill of that name, the one that counts first. A name that is no folder's is nowhere."""
    if not name or "/" in name or "\0" in name or name in (".", ".."):
        return []
    spots = (Spot(place, name) for place in places if place.kind == "own" or name.isprintable())
    return [spot for spot in spots if _is_regular(spot.place.folder, f"{name}/{FILE}")]


# -- reading, through no link -----------------------------------------------------------------------------------------


def read(folder: Path, path: str, limit: int = MAX_FILE) -> bytes | None:
    """Up to `limit` bytes of a regular file below a folder; None where there is none or a link stands in its way."""
    try:
        with _opened(folder, path) as handle, open(handle, "rb", closefd=False) as file:
            return file.read(limit) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    except (OSError, ValueError):
        return None


def _is_regular(folder: Path, path: str) -> bool:
    try:
        with _opened(folder, path) as handle:
            return stat.S_ISREG(os.fstat(handle).st_mode)
    except (OSError, ValueError):
        return False


@contextmanager
def _opened(folder: Path, path: str) -> Iterator[int]:
    """A descriptor, reached one directory at a time. Raises OSError; ValueError for a path that leads elsewhere."""
    *parents, name = path.split("/")
    if not name or any(part in ("", ".", "..") for part in (*parents, name)):
        raise ValueError(path)
    here = os.open(folder, _FOLDER)
    try:
        for part in parents:
            inner = os.open(part, _FOLDER, dir_fd=here)
            os.close(here)
            here = inner
        handle = os.open(name, _REGULAR, dir_fd=here)
    finally:
        os.close(here)
    try:
        yield handle
    finally:
        os.close(handle)


def _listed(folder: Path) -> Iterator[str]:
    count = 0
    for here, folders, names in os.walk(folder, followlinks=False):
        inside = Path(here).relative_to(folder)
        folders[:] = sorted(name for name in folders if _shown(name)) if len(inside.parts) < MAX_DEPTH else []
        for name in sorted(names):
            if _shown(name) and stat.S_ISREG(os.lstat(f"{here}/{name}").st_mode):
                yield (inside / name).as_posix()
                count += 1
                if count == MAX_FILES:
                    return


def _shown(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__" and name.isprintable()


def texts(spot: Spot) -> Mapping[str, bytes]:
    """The files of a skill with their bytes, as far as they can be read."""
    return {path: data for path in spot.files() if (data := spot.read(path)) is not None}
