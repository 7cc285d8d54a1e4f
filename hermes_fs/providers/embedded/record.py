"""The record of the running model server: where it listens and the key it wants. Only its own person's word counts.

The server writes it, clients read it. A record is believed where the file is ours alone, its process lives (the same
one, by its start), holds the flag that the server holds, and what listens there wants exactly this key.
"""

from __future__ import annotations

import http.client
import json
import os
import stat
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hermes_fs.core.environment import for_programs
from hermes_fs.providers.embedded.flags import is_up

_LONGEST = 8192
PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Record:
    """A server that was ready. `born` tells its process from another of the same number; `model` is the file's path."""

    pid: int
    born: str
    port: int
    key: str
    model: str
    alias: str
    window: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __repr__(self) -> str:
        return f"Record(pid={self.pid}, port={self.port}, alias={self.alias!r})"  # never the key


def record_path(folder: Path) -> Path:
    return folder / "server.json"


def alive_path(folder: Path) -> Path:
    """The flag that a server holds as long as it lives."""
    return folder / "alive"


def starting_path(folder: Path) -> Path:
    """The flag that is held by who starts or ends a server, or takes a lease."""
    return folder / "starting"


def write(folder: Path, record: Record) -> None:
    """Atomic, 0600 from the first byte on."""
    path = record_path(folder)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(record), file)
    fresh.replace(path)


def remove(folder: Path) -> None:
    record_path(folder).unlink(missing_ok=True)


def read(folder: Path) -> Record | None:
    """What the file says, None where there is none or it is not ours alone."""
    try:
        descriptor = os.open(record_path(folder), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        foreign = found.st_uid != os.getuid() or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        if foreign or not stat.S_ISREG(found.st_mode):
            return None
        return _parsed(file.read(_LONGEST))


def _parsed(data: bytes) -> Record | None:
    try:
        value: Any = json.loads(data)
        found = Record(**value)
    except (ValueError, TypeError):
        return None
    kinds = {"pid": int, "port": int, "window": int}
    right = all(type(value.get(name)) is kinds.get(name, str) for name in value)
    return found if right and 0 < found.port < 65536 and found.pid > 1 and found.key else None


def living(folder: Path) -> Record | None:
    """The record of a server whose process lives; whether it answers is not asked."""
    found = read(folder)
    if found is None or not is_up(alive_path(folder)):
        return None
    return found if found.born and born(found.pid) == found.born else None


def answering(folder: Path) -> Record | None:
    """The record of a server that lives and wants its key."""
    found = living(folder)
    return found if found and _status(found.port, "") == 401 and _status(found.port, found.key) == 200 else None


def _status(port: int, key: str) -> int:
    """Of the list of models, asked with this key; 0 where nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"} if key else {})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def born(pid: int) -> str:
    """When the process of that number was started, in the system's own words; "" where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "" if Path("/proc/self/stat").exists() else _born_by_ps(pid)


def _born_by_ps(pid: int) -> str:
    """For systems without /proc."""
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(command, env=for_programs(os.environ), capture_output=True, text=True, check=False)
    return done.stdout.strip()
