"""What of a session may be committed: its whole lines and what lies beside them, scanned for secrets once more.

Patterns may have been added, or a file edited, since it was written. Reads files; writes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.secrets import redact
from hermes_fs.store.transcript import blob_path, redacted

_BLOB = re.compile(rb'"blob":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class Copy:
    """Bytes by file, and whether a secret was taken out of any."""

    files: dict[Path, bytes]
    cleaned: bool


def copy_of(path: Path) -> Copy:
    """The transcript, its summary and its blobs. Raises OSError where the transcript cannot be read."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]  # what follows is being written, or was torn
    files: dict[Path, bytes] = {}
    cleaned = False
    renamed: dict[bytes, bytes] = {}
    for name in sorted(set(_BLOB.findall(whole))):
        blob = blob_path(path, name.decode())
        if blob.is_file() and not blob.is_symlink():
            safe = _clean_text(blob.read_bytes())
            renamed[name] = hashlib.sha256(safe).hexdigest().encode()
            files[blob_path(path, renamed[name].decode())] = safe
    lines = [_clean_line(line) for line in whole.split(b"\n")]
    safe = _BLOB.sub(lambda match: b'"blob":"%s"' % renamed.get(match[1], match[1]), b"\n".join(lines))
    cleaned = safe != whole
    files[path] = safe
    summary = path.with_suffix(".md")
    if summary.is_file() and not summary.is_symlink():
        written = summary.read_bytes()
        files[summary] = _clean_text(written)
        cleaned = cleaned or files[summary] != written
    return Copy(files, cleaned)


def _clean_line(line: bytes) -> bytes:
    """By value, as the writer does it: in the bytes of a line an escape may stand before a key and hide it."""
    with contextlib.suppress(ValueError, RecursionError):  # no JSON: as text
        value = json.loads(line)
        safe = redacted(value)
        if safe == value:
            return line
        return json.dumps(safe, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return _clean_text(line)


def _clean_text(data: bytes) -> bytes:
    try:
        return redact(data.decode()).encode()
    except UnicodeDecodeError:  # a picture, a sound
        return data
