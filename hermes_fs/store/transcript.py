"""One session's file: JSON Lines, append-only, one writer. Owns its bytes; knows nothing of git or of other sessions.

A line is written by one system call, so that a killed process never tears an earlier one. Text is redacted before it
reaches the disk. Blobs over 64 KiB lie beside the file, named by their SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed, NotFound
from hermes_fs.core.secrets import redact
from hermes_fs.core.types import Origin

FORMAT = 1
INLINE_BLOB = 64 * 1024
TITLE = 60


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
    """Every later line: who, when, from where, and `data` by `type`."""

    id: str
    type: str
    at: str
    person: str
    channel: str
    origin: Origin
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a transcript holds. `problems` names lines that could not be read, each with its number."""

    header: Header
    records: list[Record] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Transcript:
    """The one writer of a file. Errors of the disk become Failed; what was appended before stays whole.

    A new one is a draft: the file is made by the first record, whose text gives the title.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self._descriptor = -1
        self._offset = 0

    @classmethod
    def reopen(cls, path: Path, header: Header) -> Transcript:
        """Go on with a file of this host. A last line that was torn by a crash is ended, so that the next starts
        anew."""
        transcript = cls(path, header)
        with _disk(path):
            transcript._descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
            size = os.fstat(transcript._descriptor).st_size
            transcript._offset = size
            if size and os.pread(transcript._descriptor, 1, size - 1) != b"\n":
                os.write(transcript._descriptor, b"\n")
                transcript._offset += 1
        return transcript

    def append(self, record: Record) -> None:
        """Write one event; it survives the death of this process when this returns (that of the machine: `sync`)."""
        if self._descriptor < 0:
            self._create(str(record.data.get("text", "")))
        line = {"type": record.type, "id": record.id, "at": record.at, "person": record.person}
        data = {key: self._without_blobs(value) for key, value in record.data.items()}
        self._write({**line, "channel": record.channel, "origin": record.origin, **data})

    def sync(self) -> None:
        """Return once everything appended is on the disk."""
        if self._descriptor >= 0:
            with _disk(self.path):
                os.fsync(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def is_draft(self) -> bool:
        """Whether nothing was appended yet, so that there is no file."""
        return self._descriptor < 0

    def _create(self, text: str) -> None:
        title = self.header.title or title_of(redact(text))
        self.header = replace(self.header, title=title)
        with _disk(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        self._write({"type": "header", **asdict(self.header)})
        self.sync()
        _sync_folder(self.path.parent)

    def _write(self, line: Mapping[str, Any]) -> None:
        data = (json.dumps(_redacted(line), ensure_ascii=False, separators=(",", ":")) + "\n").encode(
            "utf-8", "surrogatepass"
        )
        data = data.decode("utf-8", "replace").encode()
        with _disk(self.path):
            written = os.write(self._descriptor, data)
            if written < len(data):  # a full disk: take the half line back
                os.ftruncate(self._descriptor, self._offset)
                raise OSError(28, "no space left for the transcript")
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
            _write_whole(path, value)
        return {"blob": name}


def title_of(text: str) -> str:
    """A session's title: the first 60 characters of what was said first."""
    flat = " ".join(text.split())
    return flat if len(flat) <= TITLE else flat[: TITLE - 1].rstrip() + "…"


def read(path: Path) -> Contents:
    """Everything that can be read of a transcript. A torn last line is what a crash leaves and no problem; any other
    line that cannot be read is named in `problems`. Raises NotFound, or Failed for a file without a header."""
    with _disk(path):
        lines = path.read_bytes().split(b"\n")
    header = _parse_header(path, lines[0])
    contents = Contents(header)
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        try:
            contents.records.append(parse_record(line))
        except (ValueError, TypeError, KeyError):
            if number < len(lines):
                contents.problems.append(f"{path.name}: line {number} cannot be read")
    return contents


def parse_record(line: bytes) -> Record:
    """One line after the first. Raises ValueError, TypeError or KeyError where it is none."""
    data = json.loads(line)
    fixed = {key: data.pop(key) for key in ("id", "type", "at", "person", "channel", "origin")}
    return Record(**fixed, data=data)


def read_header(path: Path) -> Header:
    """The first line only. Raises as `read` does."""
    with _disk(path), path.open("rb") as file:
        return _parse_header(path, file.readline(1 << 20))


def blob_path(transcript: Path, name: str) -> Path:
    return transcript.parent / "blobs" / name


def _parse_header(path: Path, line: bytes) -> Header:
    try:
        data = json.loads(line)
        if data.pop("type") != "header":
            raise ValueError("not a header")
        known = {key: data[key] for key in Header.__dataclass_fields__ if key in data}
        return Header(**known)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Failed(f"{path.name} is no transcript: {error}", "move the file out of sessions/") from error


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        if "base64" in value or "blob" in value:
            return value
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _disk:
    """Turns errors of the operating system into ours."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise NotFound(f"no transcript at {self._path.name}", "list them with `hermes sessions list`") from error
        if isinstance(error, OSError):
            raise Failed(
                f"the transcript cannot be written or read: {error.strerror}", "check disk and rights"
            ) from error
