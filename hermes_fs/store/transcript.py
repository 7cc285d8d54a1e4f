"""One session's file: JSON Lines, append-only, one writer. Owns its bytes; knows nothing of git or of other sessions.

A line is written by one system call, so that a killed process never tears an earlier one. Text is redacted before it
reaches the disk. Blobs over 64 KiB lie beside the file, named by their SHA-256.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import json
import math
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from hermes_fs.core.errors import Conflict, Failed, NotFound, Refused
from hermes_fs.core.secrets import redact
from hermes_fs.core.types import Origin

FORMAT = 1
FOLDER = "sessions"
OWN_CHANNELS = frozenset(("reflection", "audit", "replay"))
"""Channels of the agent's own background work: nobody's conversations, and no tasks."""
INLINE_BLOB = 64 * 1024
TITLE = 60
_DEPTH = 5  # folders from a blob to sessions/: blobs, day, month, year, sessions
_BLOB_NAME = re.compile(r"[0-9a-f]{64}")
_MESSAGE = b'{"type":"message"'
_ENVELOPE = ("id", "type", "at", "person", "channel", "origin")
_ORIGINS = frozenset(get_args(Origin))
_OPAQUE = frozenset(
    ("signature", "base64", "blob", "session", "parent", "host", "commit", "tree", "change", "task", "turn")
)
"""Keys whose values go back unchanged: what a provider signed, bytes, and our own ids."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line. `parent` is the id of the session that this one goes on with, `commit` the commit of `main` that
    the prompt was built from, `started` an RFC 3339 time."""

    session: str
    host: str
    channel: str
    person: str
    model: str
    provider: str
    started: str
    commit: str
    title: str
    parent: str = ""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Record:
    """Every later line: who, when, from where, and `data` by `type`. Another machine may have written it, or a person's
    hand: what of `data` is not of its kind counts as absent."""

    id: str
    type: str
    at: str
    person: str
    channel: str
    origin: Origin
    data: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A text of `data`, "" where there is none."""
        return text_in(self.data, key)

    def whole(self, key: str) -> int:
        """A whole number of `data`, 0 where there is none."""
        return whole_in(self.data, key)

    @property
    def is_asked(self) -> bool:
        """Whether it is a message of a person."""
        return self.type == "message" and self.data.get("role") == "user"

    @property
    def is_answer(self) -> bool:
        """Whether it is a message of the model."""
        return self.type == "message" and self.data.get("role") == "assistant"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a transcript holds. `problems` names lines that could not be read, each with its number."""

    header: Header
    records: list[Record] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Transcript:
    """The one writer of a file: it holds a lock on it, which goes with `close` or with the process. Safe among threads.
    Errors of the disk become Failed; what was appended before stays whole.

    A new one is a draft: the file is made with the first record, whose text gives the title.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self._descriptor = -1
        self._offset = 0
        self._messages = 0
        self._closed = False
        self._unsynced: list[Path] = []  # folders
        self._turn = threading.Lock()

    @classmethod
    def reopen(cls, path: Path, header: Header) -> Transcript:
        """Go on with a file of this host. A last line that was torn by a crash is ended, so that the next starts anew.
        Conflict where another process, or another Transcript, writes it."""
        transcript = cls(path, header)
        with on_disk(path):
            transcript._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
            try:
                _claim(transcript._descriptor)
                data = path.read_bytes()
                transcript._offset = len(data)
                transcript._messages = data.count(b"\n" + _MESSAGE)
                if not data.endswith(b"\n"):
                    transcript._write(b"\n")
            except BaseException:
                transcript.close()
                raise
        return transcript

    def append(self, record: Record) -> None:
        """Write one event; it survives the death of this process when this returns (that of the machine: `sync`)."""
        with self._turn, on_disk(self.path):
            if self._closed:
                raise Failed("this session is closed", "start a new one")
            if self._descriptor < 0:
                self._unsynced += make_folders(self.path)
            line = {key: getattr(record, key) for key in ("type", "id", "at", "person", "channel", "origin")}
            said = int(record.type == "message")
            line |= {"n": self._messages + 1} if said else {}
            line |= {key: self._without_blobs(value) for key, value in record.data.items()}
            if self._descriptor < 0:
                self._create(str(record.data.get("text", "")), line)
            else:
                self._write(_encoded(line))
            self._messages += said

    def sync(self) -> None:
        """Return once everything appended is on the disk, and the folders that lead there."""
        with self._turn, on_disk(self.path):
            if self._descriptor >= 0:
                os.fsync(self._descriptor)
                while self._unsynced:
                    _sync_folder(self._unsynced[-1])
                    self._unsynced.pop()

    def close(self) -> None:
        """Let go of the file. Nothing can be appended any more."""
        self._closed = True
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def is_draft(self) -> bool:
        """Whether there is no file to write: nothing was appended yet, or it was let go."""
        return self._descriptor < 0

    def _create(self, text: str, line: Mapping[str, Any]) -> None:
        """Header and first event in one write: there is never a file that holds less."""
        header = replace(self.header, title=self.header.title or title_of(redact(text)))
        data = _encoded({"type": "header", **asdict(header)}) + _encoded(line)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _claim(self._descriptor)
            self._write(data)
        except BaseException:
            os.close(self._descriptor)
            self._descriptor = -1
            self.path.unlink()
            raise
        self.header = header
        self._unsynced.append(self.path.parent)

    def _write(self, data: bytes) -> None:
        written = os.write(self._descriptor, data)
        if written < len(data):  # a full disk: take the half line back
            os.ftruncate(self._descriptor, self._offset)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._offset += written

    def _without_blobs(self, value: Any) -> Any:
        """Bytes as base64, or as the name of a file beside the transcript where they are large."""
        if isinstance(value, list | tuple):
            return [self._without_blobs(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self._without_blobs(item) for key, item in value.items()}
        if not isinstance(value, bytes):
            return value
        if len(value) <= INLINE_BLOB:
            return {"base64": base64.b64encode(value).decode()}
        name = hashlib.sha256(value).hexdigest()
        path = blob_path(self.path, name)
        if not path.exists():
            self._unsynced += [*make_folders(path), path.parent]
            write_whole(path, value)
        return {"blob": name}


def text_in(data: Mapping[str, Any], key: str) -> str:
    """A text of data that somebody else may have written, "" where there is none."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def whole_in(data: Mapping[str, Any], key: str) -> int:
    """A whole number of such data, 0 where there is none; what is broken is cut off."""
    value = data.get(key)
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def title_of(text: str) -> str:
    """A session's title: the first 60 characters of what was said first."""
    flat = " ".join(text.split())
    return flat if len(flat) <= TITLE else flat[: TITLE - 1].rstrip() + "…"


def read(path: Path) -> Contents:
    """Everything that can be read of a transcript; lines that cannot be are skipped and named in `problems`, the last
    one, which a crash may tear, too. Raises NotFound, or Failed for a file without a header."""
    with on_disk(path):
        lines = path.read_bytes().split(b"\n")
    contents = Contents(_parse_header(path, lines[0]))
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        try:
            contents.records.append(parse_record(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            why = "cannot be read" if number < len(lines) else "was torn by a crash"
            contents.problems.append(f"{path.name}: line {number} {why}; the others are whole")
    return contents


def parse_record(line: bytes) -> Record:
    """One line after the first. Raises ValueError, TypeError, KeyError or AttributeError where it is none."""
    if not line.rstrip().endswith(b"}"):  # torn or no record: seen without a parser's error for each of many lines
        raise ValueError("no JSON object")
    data = json.loads(line)
    fixed = {key: data.pop(key) for key in _ENVELOPE}
    if not all(isinstance(value, str) for value in fixed.values()):
        raise TypeError("the envelope holds strings")
    if fixed["origin"] not in _ORIGINS:  # of a newer hermes, or made up: trust it least
        fixed["origin"] = "channel"
    data.pop("n", None)
    return Record(**fixed, data=data)


def read_header(path: Path) -> Header:
    """The first line only. Raises as `read` does."""
    with on_disk(path), path.open("rb") as file:
        return _parse_header(path, file.readline(1 << 20))


def read_tail(path: Path, size: int = 8192) -> tuple[str, int, bool]:
    """(when the last event was, how many messages there are, whether it ended), from the end of the file alone: as far
    back as there is a message. "" and 0 where nothing says so."""
    with on_disk(path), path.open("rb") as file:
        whole = file.seek(0, os.SEEK_END)
        file.seek(max(0, whole - size))
        lines = file.read().split(b"\n")[0 if size >= whole else 1 :]
    readable = [line for line in lines if line.startswith(b'{"type":')]
    said = next((line for line in reversed(readable) if line.startswith(_MESSAGE)), b"")
    if not said and size < whole:
        return read_tail(path, size * 16)
    last = next((found for line in reversed(readable) if (found := _parsed(line))), {})
    count = _parsed(said).get("n", 0) or sum(line.startswith(_MESSAGE) for line in readable)
    return str(last.get("at", "")), count if isinstance(count, int) else 0, last.get("type") == "end"


def blob_path(transcript: Path, name: str) -> Path:
    return transcript.parent / "blobs" / name


def read_blob(transcript: Path, name: str) -> bytes:
    """A blob that lies beside a transcript; b"" where it is gone, or not what its name says."""
    if not _BLOB_NAME.fullmatch(name):  # a transcript that somebody made could name any file
        return b""
    with contextlib.suppress(OSError):
        data = blob_path(transcript, name).read_bytes()
        return data if hashlib.sha256(data).hexdigest() == name else b""
    return b""


def make_folders(path: Path) -> list[Path]:
    """Makes the folders of a file, from sessions/ down, and returns those that now hold a new one. Raises Refused where
    one is a link, which could lead anywhere."""
    names = [folder.name for folder in path.parents][:_DEPTH]
    depth = names.index(FOLDER) + 1 if FOLDER in names else 1
    grown: list[Path] = []
    for folder in reversed(path.parents[:depth]):
        if folder.is_symlink():
            raise Refused(f"{folder} is a link, and transcripts are not written through links", "make it a folder")
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            grown.append(folder.parent)
    return grown


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in its place at once and durably; nobody sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def redacted(value: Any) -> Any:
    """A JSON value with every string redacted; the value itself where there is nothing to redact."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: item if key in _OPAQUE else redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def _encoded(line: Mapping[str, Any]) -> bytes:
    safe = redacted(line)
    text = json.dumps(safe, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can escape and UTF-8 cannot hold
        return (json.dumps(safe, separators=(",", ":")) + "\n").encode()


def _parsed(line: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):  # torn, or not ours
        data = json.loads(line)
        if isinstance(data, dict):
            return data
    return {}


def _parse_header(path: Path, line: bytes) -> Header:
    try:
        data = json.loads(line)
        if data.pop("type") != "header":
            raise ValueError("not a header")
        known = {key: data[key] for key in Header.__dataclass_fields__ if key in data}
        if not all(isinstance(value, int if key == "format" else str) for key, value in known.items()):
            raise TypeError("a header holds strings")
        return Header(**known)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Failed(f"{path.name} is no transcript: {error}", "move the file out of sessions/") from error


def _claim(descriptor: int) -> None:
    """Lock a file that is about to be written, without waiting."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        hint = "close it there, or start a new one with `hermes chat`"
        raise Conflict("this session is open in another process", hint) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turns errors of the operating system into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"no transcript at {path.name}", "list them with `hermes sessions list`") from error
    except OSError as error:
        hint = "free some space" if error.errno == errno.ENOSPC else "check the disk and your rights"
        raise Failed(f"the transcript cannot be written or read: {error.strerror}", hint) from error
