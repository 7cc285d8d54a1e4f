"""Owns what this machine remembers of proposals: which it made itself, and what a person rejected. Moves no ref.

Kept in .git/hermes, where no clone and no fetch gets at it. Without the file every proposal is a stranger's, and what
was rejected may be proposed once more: nothing worse.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.store.message import Versions
from hermes_fs.store.transcript import write_whole

REMEMBERED = 500
"""How many rejections are kept in mind."""


@dataclass(frozen=True, slots=True)
class Made:
    """A proposal made here: the commit that its ref names, a digest of what it changes, whose session's it is.
    `before` is the commit in whose place it came, which the ref still names if a crash kept it from moving; `files`
    maps paths to their blob ids before and after, "" where there is none."""

    commit: str
    digest: str
    session: str
    before: str = ""
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A person's no to the content with this digest. `when` is RFC 3339. `origin` is whose words the reason is."""

    id: str
    digest: str
    reason: str
    by: str
    when: str
    origin: str = "owner"


@dataclass(slots=True)
class Ledger:
    """As read from its file. The caller holds the workspace's lock from `read` to `write`."""

    made: dict[str, Made] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Whatever of it can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError, RecursionError):  # see above
            data = json.loads(path.read_bytes())
            made = {str(key): _made(**row) for key, row in data["made"].items()}
            return cls(made, [Rejection(**_texts(row)) for row in data["rejected"]])
        return cls()

    def write(self, path: Path) -> None:
        """Durably, all or nothing. Raises Failed."""
        rows = {
            "made": {key: asdict(one) for key, one in self.made.items()},
            "rejected": [asdict(one) for one in self.rejected[-REMEMBERED:]],
        }
        try:
            write_whole(path, json.dumps(rows).encode())
        except OSError as error:
            raise Failed(f"{path} cannot be written: {error.strerror}", "free some space there") from error

    def rejection(self, digest: str) -> Rejection | None:
        """The latest no to this content."""
        return next((one for one in reversed(self.rejected) if one.digest == digest), None)


def digest_of(versions: Versions) -> str:
    """The same for the same change, whatever else the files hold by now: by the lines that come and go."""
    digest = hashlib.sha256()
    for path in sorted(versions):
        before, after = versions[path]
        old, new = (before or b"").splitlines(), (after or b"").splitlines()
        come, gone = Counter(new) - Counter(old), Counter(old) - Counter(new)
        lines = [[line for line in new if line in come], [line for line in old if line in gone]]
        what = (path, after is None, lines if come or gone else new)
        digest.update(repr(what).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _made(files: Mapping[str, Any], **texts: Any) -> Made:
    return Made(**_texts(texts), files={path: (str(old), str(new)) for path, (old, new) in files.items()})


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in row.items()}
