"""Writes conversations of another agent as transcripts: by their own dates, under ids that the same import makes again.

So nothing comes twice: a transcript that is there is only added to, by lines that it lacks, also where a process was
killed in the middle of one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hermes_fs.core.clock import iso
from hermes_fs.core.ids import derived_ulid
from hermes_fs.core.origins import least_trusted
from hermes_fs.core.secrets import redact
from hermes_fs.core.types import Origin
from hermes_fs.store import transcript
from hermes_fs.store.carrying.things import Talk
from hermes_fs.store.transcript import FOLDER, Header, Record, Transcript

CHANNEL = "import"
_OWNER, _SOMEBODY = "owner", "somebody"
MAX_LINES = 200_000
"""Messages of one conversation that come over."""
_READING = ("read", "file", "cat", "notebook")
_LOOKING = ("web", "browser", "fetch", "http", "url", "extract", "crawl")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a conversation: its transcript's path, and how many messages were added to it."""

    path: Path
    messages: int
    fresh: bool


def place_of(root: Path, talk: Talk) -> Path | None:
    """Where an earlier import put a conversation, on whatever machine; None where none did."""
    folder = root / FOLDER / f"{talk.started:%Y/%m/%d}"
    if not folder.is_dir():
        return None
    return next((path for path in folder.glob(f"*-{_name(talk)}.jsonl") if not path.is_symlink()), None)


def write(root: Path, host: str, talk: Talk, parent: str = "") -> Written | None:
    """Brings a conversation in, or what it lacks; None where it says nothing, or another machine's file has it.
    `parent` is the session that it goes on with. Does not wait for the disk. Raises as `Transcript`, and
    what its lines raise."""
    path = place_of(root, talk)
    if path and path.stem.rpartition("-")[0] != host:
        return None
    fresh = path is None
    path = path or root / FOLDER / f"{talk.started:%Y/%m/%d}" / f"{host}-{_name(talk)}.jsonl"
    known = set() if fresh else {record.id for record in transcript.read(path).records}
    writer: Transcript | None = None
    said = 0
    last = talk.started
    with contextlib.ExitStack() as stack:
        for record, when in _records(talk):
            last = max(last, when)
            if record.id in known:
                continue
            if writer is None:
                writer = Transcript(path, _header(host, talk, parent)) if fresh else _reopened(path)
                stack.callback(writer.close)
                if fresh:
                    writer.append(_record(talk, "imported", "imported", talk.started, "agent", _whence(talk)))
            writer.append(record)
            said += record.type == "message"
        if writer:
            key = f"end {iso(last)} {said}"
            writer.append(_record(talk, key, "end", last, "agent", {"reason": CHANNEL}))
    return Written(path, said, fresh) if said else None


def session_of(host: str, talk: Talk) -> str:
    """The id that a conversation has here."""
    return f"{host}-{_name(talk)}"


def _reopened(path: Path) -> Transcript:
    return Transcript.reopen(path, transcript.read_header(path))


def _header(host: str, talk: Talk, parent: str) -> Header:
    title = talk.title or next((line.text for line in talk.lines() if line.speaker == "user" and line.text), "")
    return Header(
        session_of(host, talk),
        host,
        CHANNEL,
        _OWNER,
        talk.model,
        talk.key.partition(":")[0],
        iso(talk.started),
        "",
        transcript.title_of(redact(title)),
        parent,
    )


def _name(talk: Talk) -> str:
    """A ULID of when it began and what it is called."""
    return derived_ulid(talk.started.timestamp(), _plain(talk.key))


def _plain(text: str) -> str:
    """Half of a surrogate pair, which a file's name or JSON can hold, has no bytes."""
    return text.encode("utf-8", "replace").decode()


def _whence(talk: Talk) -> dict[str, Any]:
    kind, _, id = talk.key.partition(":")
    return {"from": kind, "source": id, "via": talk.channel}


def _records(talk: Talk) -> Iterator[tuple[Record, datetime]]:
    """The records of a conversation, each with its time, which never runs backwards. What the model wrote inherits the
    least trusted of what it had read."""
    read: set[Origin] = {"agent"}
    when = talk.started
    for count, line in enumerate(talk.lines()):
        if count == MAX_LINES:
            return
        when = max(when, line.at or when)
        if line.speaker == "tool":
            origin = _origin_of(line.tool)
            data = {"call": line.call, "name": line.tool, "text": line.text, "failed": line.failed, "seconds": 0}
            yield _record(talk, line.key, "tool_result", when, origin, data), when
            read.add(origin)
            continue
        if line.speaker == "user":
            read.add(talk.origin)
        if not line.text and not line.calls:
            continue
        origin = talk.origin if line.speaker == "user" else least_trusted(read)
        said = {"role": line.speaker, "text": line.text}
        yield _record(talk, line.key, "message", when, origin, said), when
        for number, call in enumerate(line.calls):
            given = {"call": call.id, "name": call.name, "arguments": call.arguments}
            yield _record(talk, f"{line.key} call {number}", "tool_call", when, origin, given), when


def _record(talk: Talk, key: str, kind: str, when: datetime, origin: Origin, data: dict[str, Any]) -> Record:
    id = derived_ulid(when.timestamp(), _plain(f"{talk.key}\0{kind}\0{key}"))
    person = _OWNER if origin in ("owner", "agent") else _SOMEBODY
    return Record(id, kind, iso(when), person, CHANNEL, origin, data)


def _origin_of(tool: str) -> Origin:
    """Whose words the result of another agent's tool carries, by its name; trusted no more than any tool's."""
    name = tool.lower()
    if any(word in name for word in _LOOKING):
        return "web"
    if name.startswith("mcp"):
        return "mcp"
    return "file" if any(word in name for word in _READING) else "tool"
