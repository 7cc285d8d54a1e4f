"""skills.lock: what was installed, read and rewritten as bytes. Writes nothing; the door does."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Refused
from hermes_fs.core.loading import load
from hermes_fs.store.paths import LOCK_FILE
from hermes_fs.store.workspace import Workspace

_YAML = "hermes_fs.store.formats.yaml_file"  # loaded on use: who lists skills has no lock, mostly
_MEND = "mend it, or bring it back: hermes restore"
_FORMAT = "hermes_fs.store.formats.installed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One installed skill. `source` is what an update asks again; `files` maps each path to the SHA-256 of what was
    installed; the rest as in formats/installed.py."""

    source: str
    files: Mapping[str, str]
    sha256: str = ""
    commit: str = ""
    artifact: str = ""
    installed: str = ""


def read(workspace: Workspace) -> dict[str, Entry]:
    """Every entry by the name of its skill. Refused where the file cannot be read."""
    return parse(workspace.read_bytes(LOCK_FILE))


def names(root: Path) -> frozenset[str]:
    """Which skills came from elsewhere, for a list; a file that cannot be read names none."""
    try:
        return frozenset(parse((root / LOCK_FILE).read_bytes()))
    except (OSError, Refused):
        return frozenset()


def told(root: Path, name: str) -> str:
    """Where an installed skill came from, its pin and the day, on one line; "" for one that was not."""
    try:
        entry = parse((root / LOCK_FILE).read_bytes()).get(name)
    except (OSError, Refused):
        return ""
    if entry is None:
        return ""
    pin = f"commit {entry.commit[:12]}" if entry.commit else f"sha256 {entry.sha256[:12]}"
    return f"{entry.source}, {pin}{f', {entry.installed}' if entry.installed else ''}"


def parse(data: bytes | None) -> dict[str, Entry]:
    return {name: _entry(name, record) for name, record in _records(data).items()}


def with_entry(data: bytes | None, name: str, entry: Entry) -> bytes:
    """The file with this entry, in place of a former one."""
    record = dataclasses.asdict(entry) | {"files": load(f"{_FORMAT}:rows_of")(entry.files)}
    return _written({**_records(data), name: record})


def without(data: bytes | None, name: str) -> bytes | None:
    """The file without this entry; None where it has none. For who removes or renames a skill."""
    records = _records(data)
    if name not in records:
        return None
    return _written({key: record for key, record in records.items() if key != name})


def _written(records: Mapping[str, Any]) -> bytes:
    written: bytes = load(f"{_FORMAT}:written")(records)
    return written


def _records(data: bytes | None) -> dict[str, Any]:
    if not data:
        return {}
    broken: type[Exception] = load(f"{_YAML}:Broken")
    try:
        records: dict[str, Any] = load(f"{_YAML}:parse")(data)
    except broken as error:
        raise Refused(f"{LOCK_FILE} cannot be read: {error}", _MEND) from error
    return records


def _entry(name: str, record: Any) -> Entry:
    values = record if isinstance(record, dict) else {}
    rows = values.get("files")
    files = load(f"{_FORMAT}:files_of")(rows) if isinstance(rows, str) else None
    if files is None or not values.get("source"):
        raise Refused(f"{LOCK_FILE}: {name} is no entry of it", _MEND)
    texts = {key: str(values.get(key) or "") for key in ("source", "sha256", "commit", "artifact", "installed")}
    return Entry(files=files, **texts)
