"""The workspace's sessions: starts, finds, lists and goes on with transcripts, and lets one process write each.

Committing them to their refs is store/session_refs.py's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hermes_fs.core.clock import Clock, iso, parse_iso
from hermes_fs.core.errors import Conflict, HermesError, NotFound, UsageError
from hermes_fs.core.ids import Ulids
from hermes_fs.store import transcript
from hermes_fs.store.transcript import Contents, Header, Record, Transcript

IDLE = timedelta(hours=12)
FOLDER = "sessions"
_TAIL = 4096


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as a list shows it. `updated` is when its file last grew, `size` in bytes; `open` until it ended."""

    header: Header
    path: Path
    updated: datetime
    size: int
    open: bool

    @property
    def id(self) -> str:
        return self.header.session


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session that goes on: where to write, and every record so far, its parents' first."""

    transcript: Transcript
    records: list[Record]
    problems: list[str]


class Sessions:
    """`root` is the workspace, `state_dir` its .git/hermes, `host` this machine's minted name."""

    def __init__(self, root: Path, state_dir: Path, host: str, clock: Clock, ulids: Ulids) -> None:
        self._root = root
        self._locks = state_dir / "session-locks"
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
        header names it as its parent."""
        contents = transcript.read(info.path)
        records, problems = self._chain(contents)
        if info.open and info.header.host == self.host and self._clock.now() - info.updated < IDLE:
            return Resumed(Transcript.reopen(info.path, info.header), records, problems)
        continued = self.start(replace(draft, parent=info.id, title=info.header.title))
        return Resumed(continued, records, problems)

    def recent(self, limit: int = 20, person: str = "", since: datetime | None = None) -> list[SessionInfo]:
        """Newest first; a session that another one goes on with is shown once, by the newest."""
        found: list[SessionInfo] = []
        continued: set[str] = set()
        for info in self._all():
            if since and parse_iso(info.header.started) < since:
                break
            if info.header.parent:
                continued.add(info.header.parent)
            if info.id in continued or (person and info.header.person != person):
                continue
            found.append(info)
            if len(found) == limit:
                break
        return found

    def find(self, name: str) -> SessionInfo:
        """By `last`, an id, or the beginning of an id or of its ULID. NotFound; UsageError where several fit."""
        if name == "last":
            newest = self.recent(limit=1)
            if not newest:
                raise NotFound("there is no session yet", "start one with `hermes`")
            return newest[0]
        wanted = name.lower()
        fits: list[SessionInfo] = []
        for info in self._all():
            if info.id == name:
                return info
            if wanted and (info.id.lower().startswith(wanted) or _ulid(info.id).lower().startswith(wanted)):
                fits.append(info)
        if not fits:
            raise NotFound(f"no session {name!r}", "list them with `hermes sessions list`")
        if len(fits) > 1:
            some = ", ".join(info.id for info in fits[:4])
            raise UsageError(f"{name!r} fits {len(fits)} sessions: {some}", "give more of the id")
        return fits[0]

    @contextlib.contextmanager
    def writing(self, session: str) -> Iterator[None]:
        """Around everything that writes a session: one process at a time, else Conflict."""
        self._locks.mkdir(parents=True, exist_ok=True)
        path = self._locks / f"{session}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                hint = "close it there, or start a new one with `hermes chat`"
                raise Conflict("this session is open in another process", hint) from error
            yield
            path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def _chain(self, contents: Contents) -> tuple[list[Record], list[str]]:
        records, problems = contents.records, contents.problems
        seen = {contents.header.session}
        parent = contents.header.parent
        while parent and parent not in seen:
            seen.add(parent)
            path = self._path_of(parent)
            if path is None:
                problems.append(f"the earlier part {parent} is not on this machine")
                break
            earlier = transcript.read(path)
            records = earlier.records + records
            problems += earlier.problems
            parent = earlier.header.parent
        return records, problems

    def _path_of(self, session: str) -> Path | None:
        return next((path for path in self._paths() if path.stem == session), None)

    def _paths(self) -> Iterator[Path]:
        """Every transcript, newest day first and newest first within a day. Links are not followed."""
        for year in _folders(self._root / FOLDER):
            for month in _folders(year):
                for day in _folders(month):
                    files = [Path(entry.path) for entry in os.scandir(day) if entry.is_file(follow_symlinks=False)]
                    files = [path for path in files if path.suffix == ".jsonl"]
                    yield from sorted(files, key=lambda path: _ulid(path.stem), reverse=True)

    def _all(self) -> Iterator[SessionInfo]:
        for path in self._paths():
            with contextlib.suppress(HermesError):  # a broken file is `hermes doctor`'s to name
                yield info_of(path)


def info_of(path: Path) -> SessionInfo:
    """What the first line, the last lines and the file system say of a transcript. Raises as `transcript.read`."""
    header = transcript.read_header(path)
    status = path.stat()
    with path.open("rb") as file:
        file.seek(max(0, status.st_size - _TAIL))
        tail = file.read().rstrip(b"\n").rsplit(b"\n", 1)[-1]
    ended = tail.startswith(b'{"type":"end"')
    return SessionInfo(header, path, datetime.fromtimestamp(status.st_mtime, UTC), status.st_size, not ended)


def _folders(path: Path) -> list[Path]:
    if not path.is_dir() or path.is_symlink():
        return []
    names = [entry for entry in os.scandir(path) if entry.name.isdigit() and entry.is_dir(follow_symlinks=False)]
    return [Path(entry.path) for entry in sorted(names, key=lambda entry: entry.name, reverse=True)]


def _ulid(session: str) -> str:
    return session.rsplit("-", 1)[-1]
