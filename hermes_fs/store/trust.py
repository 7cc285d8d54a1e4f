"""Owns what this machine's person has trusted of a workspace: one small file in .git/hermes. Decides nothing else.

Trust is of a digest: whatever changes in between asks again. A file that another machine wrote counts as empty, so no
archive brings its own trust along.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hermes_fs.core.errors import Failed
from hermes_fs.store.identity import machine_id
from hermes_fs.store.lock import Lock

ItemKind = Literal["mind", "instructions", "signers", "skill", "cron", "config", "people", "source", "secret"]
FILE = "trust"
_GONE = "gone:"  # begins the key of what was deleted


@dataclass(frozen=True, slots=True)
class Item:
    """Something of a workspace that acts on this machine or steers the agent. `digest` changes whenever it does (a git
    object id, or a SHA-256); `does` says in one line what it would do."""

    kind: ItemKind
    name: str
    digest: str
    does: str = ""

    @property
    def key(self) -> str:
        """How a person names it: `skill:deploy`."""
        return f"{self.kind}:{self.name}"


MIND = Item("mind", "memory", "own", "its memory, notes and past conversations count as your own words")
"""Whether the workspace itself is this person's. Until then what it remembers is a stranger's word."""


class Trust:
    """Thread-safe, and safe beside other processes. Raises Failed where its file cannot be written."""

    def __init__(self, state_dir: Path) -> None:
        self._place = state_dir / FILE
        self._lock = Lock(state_dir / f"{FILE}.lock")
        self._read: tuple[tuple[int, int], dict[str, str]] = ((-1, -1), {})

    def is_trusted(self, item: Item) -> bool:
        """Whether exactly this was trusted on this machine."""
        return self.digest_of(item.key) == item.digest

    def knows_skill(self, name: str, tree: str) -> bool:
        """Whether the skill with this tree is trusted. One that is not committed yet (tree "") is this person's."""
        return not tree or self.digest_of(f"skill:{name}") == tree

    def knows_file(self, path: str, blob: str) -> bool:
        """Whether standing instructions (SOUL.md, AGENTS.md) are trusted as `main` has them; "" is no such file."""
        return not blob or self.digest_of(f"instructions:{path}") == blob

    def knows_secret(self, fingerprint: str) -> bool:
        """Whether this person has said of what looks like a credential that it is none."""
        return self.digest_of(f"secret:{fingerprint}") == fingerprint

    @property
    def owns_the_mind(self) -> bool:
        """Whether what the workspace remembers is this person's own."""
        return self.is_trusted(MIND)

    def digest_of(self, key: str) -> str:
        """The trusted digest of an item, "" where there is none."""
        return self._load().get(key, "")

    def digests(self) -> dict[str, str]:
        """Every trusted item's key with its digest."""
        return dict(self._load())

    def accept(self, items: Iterable[Item]) -> None:
        """Trust these as they are, in place of what was trusted under the same names."""
        self._change({item.key: item.digest for item in items}, ())

    def revoke(self, keys: Collection[str]) -> None:
        """Trust these no more."""
        self._change({}, keys)

    def retire(self, items: Iterable[Item]) -> None:
        """These are gone, and count no more; of those that were trusted it is remembered, for when they come back."""
        gone = [item for item in items if self.is_trusted(item)]
        self._change({f"{_GONE}{item.key}": item.digest for item in gone}, [item.key for item in gone])

    def was_trusted(self, item: Item) -> bool:
        """Whether exactly this was trusted when it went."""
        return self.digest_of(f"{_GONE}{item.key}") == item.digest

    # -- the file -----------------------------------------------------------------------------------------------------

    def _load(self) -> dict[str, str]:
        try:
            status = self._place.stat()
        except OSError:  # none yet, and so no trust
            return {}
        stamp = status.st_mtime_ns, status.st_ino
        if self._read[0] != stamp:
            self._read = stamp, self._parsed()
        return self._read[1]

    def _parsed(self) -> dict[str, str]:
        with contextlib.suppress(OSError, ValueError, RecursionError):  # damaged: nothing in it is trusted
            data = json.loads(self._place.read_bytes())
            if isinstance(data, dict) and data.get("machine") == self._machine():
                rows = data.get("trusted")
                return {str(key): str(digest) for key, digest in rows.items()} if isinstance(rows, dict) else {}
        return {}

    def _machine(self) -> str:
        """What an archive from elsewhere cannot know: this machine's id, else the number of the folder on its disk."""
        return machine_id() or f"folder-{self._place.parent.stat().st_ino}"

    def _change(self, put: dict[str, str], dropped: Collection[str]) -> None:
        with self._lock:
            known = self._load()
            fresh = {key: digest for key, digest in {**known, **put}.items() if key not in dropped}
            if fresh != known:
                self._write(fresh)

    def _write(self, rows: dict[str, str]) -> None:
        data = json.dumps({"machine": self._machine(), "trusted": rows}, indent=0, sort_keys=True).encode()
        aside = self._place.with_name(f"{FILE}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            aside.replace(self._place)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise Failed(f"{self._place} cannot be written: {error.strerror}", "look at its permissions") from error
