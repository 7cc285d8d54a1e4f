"""The workspace's sessions: starts, finds, lists and goes on with transcripts, and lets one process write each.

Committing them to their refs is store/session_refs.py's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hermes_fs.core.clock import Clock, iso, parse_iso
from hermes_fs.core.errors import HermesError, NotFound, UsageError
from hermes_fs.core.ids import Ulids
from hermes_fs.store import transcript
from hermes_fs.store.transcript import FOLDER, OWN_CHANNELS, Header, Record, Transcript

IDLE = timedelta(hours=12)
_SHORTEST_ENDING = 4


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as a list shows it. `updated` is when its last event was, `size` in bytes, `messages` how many of a
    person or the model it holds; `open` until it ended. `id` is the name of its file."""

    header: Header
    path: Path
    updated: datetime
    size: int
    open: bool
    messages: int = 0

    @property
    def id(self) -> str:
        return self.path.stem

    @property
    def host(self) -> str:
        """The machine whose file this is."""
        return self.id.rpartition("-")[0]

    @property
    def started(self) -> datetime:
        try:
            return parse_iso(self.header.started)
        except ValueError:
            return self.updated


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session that goes on: where to write, every record so far, its parents' first, and the files they are from."""

    transcript: Transcript
    records: list[Record]
    problems: list[str]
    files: tuple[Path, ...] = ()

    def blob(self, name: str) -> bytes:
        """What lies beside one of the files; b"" for what is gone."""
        return _blob(self.files, name)


@dataclass(frozen=True, slots=True)
class Whole:
    """A session with those that it goes on from: every record, the earliest first, and the files they are from."""

    records: list[Record]
    problems: list[str]
    files: tuple[Path, ...]

    def blob(self, name: str) -> bytes:
        """As of a session that goes on."""
        return _blob(self.files, name)


class Sessions:
    """`root` is the workspace, `host` this machine's minted name."""

    def __init__(self, root: Path, host: str, clock: Clock, ulids: Ulids) -> None:
        self._root = root
        self.host = host
        self._clock = clock
        self._ulids = ulids

    def start(self, draft: Header) -> Transcript:
        """A new session, locked by this process. `session`, `host` and `started` of the draft are filled in here; the
        file appears with its first record."""
        now = self._clock.now()
        session = f"{self.host}-{self._ulids()}"
        header = replace(draft, session=session, host=self.host, started=iso(now))
        path = self._root / FOLDER / now.strftime("%Y/%m/%d") / f"{session}.jsonl"
        return Transcript(path, header)

    def resume(self, info: SessionInfo, draft: Header) -> Resumed:
        """Go on with a session: in its own file where that is this machine's and still open, else in a new one whose
        header names it as its parent. Conflict where another process has it open."""
        writer = self._reopened(info)
        try:
            whole = self.whole(info)
        except HermesError:
            if writer:
                writer.close()
            raise
        if writer is None:
            writer = self.start(replace(draft, parent=info.id, title=info.header.title))
        return Resumed(writer, whole.records, whole.problems, whole.files)

    def whole(self, info: SessionInfo) -> Whole:
        """All that was said, to be read. Raises as `transcript.read`."""
        files, problems = self._chain(info.path)
        contents = [transcript.read(path) for path in files]
        problems += [problem for part in contents for problem in part.problems]
        return Whole([record for part in contents for record in part.records], problems, files)

    def _reopened(self, info: SessionInfo) -> Transcript | None:
        """The file to go on in, claimed; None where it must not grow any more."""
        ours = info.host == self.host and info.header.format <= transcript.FORMAT
        if not ours or not info.open or self._clock.now() - info.updated >= IDLE:
            return None
        claimed = Transcript.reopen(info.path, info.header)
        if transcript.read_tail(info.path)[2]:  # ended by another process in between
            claimed.close()
            return None
        return claimed

    def recent(
        self, limit: int = 20, person: str = "", since: datetime | None = None, own: bool = False
    ) -> list[SessionInfo]:
        """Newest first; a session that another one goes on with is shown once, by the newest. `own`: those of the
        agent's own background work, too."""
        found: list[SessionInfo] = []
        continued: set[str] = set()
        for info in self._all():
            if since and info.started < since:
                break
            if info.header.channel in OWN_CHANNELS:
                if not own:
                    continue
            elif info.header.parent:
                continued.add(info.header.parent)
            if info.id in continued or (person and info.header.person != person):
                continue
            found.append(info)
            if len(found) == limit:
                break
        return found

    def find(self, name: str) -> SessionInfo:
        """By `last`, an id, the beginning of an id or of its ULID, or its last characters (four at least). NotFound;
        UsageError where several fit."""
        if name == "last":
            newest = self.recent(limit=10)
            if not newest:
                raise NotFound("there is no session yet", "start one with `hermes`")
            return max(newest, key=lambda info: info.updated)
        fits = [path for path in self.paths() if _is_called(path.stem, name.lower())]
        exact = [path for path in fits if path.stem == name]
        if not fits:
            raise NotFound(f"no session {name!r}", "list them with `hermes sessions list`")
        if len(fits) > 1 and not exact:
            some = ", ".join(path.stem for path in fits[:4])
            raise UsageError(f"{name!r} fits {len(fits)} sessions: {some}", "give more of the id")
        return info_of((exact or fits)[0])

    def paths(self) -> Iterator[Path]:
        """Every transcript, newest day first and newest first within a day. Links are not followed."""
        for day in self.days():
            yield from paths_of(day)

    def days(self) -> Iterator[Path]:
        """The folders that transcripts lie in, newest first."""
        for year in _folders(self._root / FOLDER):
            for month in _folders(year):
                yield from _folders(month)

    def _chain(self, path: Path) -> tuple[tuple[Path, ...], list[str]]:
        """The file and those it goes on from, the earliest first, and a line on one that cannot be had."""
        chain = [path]
        while parent := transcript.read_header(chain[0]).parent:
            earlier = self._path_of(parent)
            if earlier in chain:
                break
            if earlier is None or not _is_readable(earlier):
                return tuple(chain), [f"the earlier part {parent} is not on this machine"]
            chain.insert(0, earlier)
        return tuple(chain), []

    def _path_of(self, session: str) -> Path | None:
        return next((path for path in self.paths() if path.stem == session), None)

    def _all(self) -> Iterator[SessionInfo]:
        for path in self.paths():
            with contextlib.suppress(HermesError):  # a broken file is `hermes doctor`'s to name
                yield info_of(path)


def paths_of(day: Path) -> list[Path]:
    """The transcripts of a day, newest first. Links are not followed."""
    files = [Path(entry.path) for entry in _entries(day) if entry.is_file(follow_symlinks=False)]
    return sorted((path for path in files if path.suffix == ".jsonl"), key=lambda path: _ulid(path.stem), reverse=True)


def info_of(path: Path) -> SessionInfo:
    """What the first line, the last lines and the file system say of a transcript. Raises as `transcript.read`."""
    header = transcript.read_header(path)
    at, messages, ended = transcript.read_tail(path)
    status = path.stat()
    try:
        updated = parse_iso(at)
    except ValueError:
        updated = datetime.fromtimestamp(status.st_mtime, UTC)
    return SessionInfo(header, path, updated, status.st_size, not ended, messages)


def _blob(files: Iterable[Path], name: str) -> bytes:
    return next((data for path in files if (data := transcript.read_blob(path, name))), b"")


def _is_readable(path: Path) -> bool:
    with contextlib.suppress(HermesError):  # a file that is no transcript
        return bool(transcript.read_header(path))
    return False


def _is_called(stem: str, wanted: str) -> bool:
    known = stem.lower()
    ending = len(wanted) >= _SHORTEST_ENDING and known.endswith(wanted)
    return bool(wanted) and (known.startswith(wanted) or _ulid(known).startswith(wanted) or ending)


def _folders(path: Path) -> list[Path]:
    names = [entry for entry in _entries(path) if entry.name.isdigit() and entry.is_dir(follow_symlinks=False)]
    return [Path(entry.path) for entry in sorted(names, key=lambda entry: entry.name, reverse=True)]


def _entries(path: Path) -> list[os.DirEntry[str]]:
    if path.is_symlink():
        return []
    with contextlib.suppress(OSError):  # there is none, or it has just gone
        return list(os.scandir(path))
    return []


def _ulid(session: str) -> str:
    return session.rsplit("-", 1)[-1]
