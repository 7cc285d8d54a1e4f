"""Finds credentials in history: every version of every file that main, transcripts and proposals reach. Never keeps or
shows one: it names commit, path, line and kind. What was scanned once is not read again.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.core.loading import load
from hermes_fs.store.git import Git
from hermes_fs.store.transcript import write_whole

CACHE = "scanned.json"
_PATTERNS = 2
"""Said again whenever the patterns change: then everything is scanned anew."""
_MAX_BLOB = 8 << 20
_MAX_LEAKS = 200
_NAMED = 20
"""Leaks whose commit is looked for: that walks the history once for each."""
_REFS = ("refs/heads/main", "refs/hermes/sessions", "refs/hermes/proposals")


@dataclass(frozen=True, slots=True)
class Leak:
    """Where a credential stands; `fingerprint` is what `hermes secrets allow` takes."""

    commit: str
    path: str
    line: int
    kind: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Scan:
    """`left` is how many objects there was no time for."""

    leaks: tuple[Leak, ...]
    scanned: int
    left: int


class Leaks:
    """Scans one repository. Keeps what it found, and up to where it looked, in a file of `state_dir` that may be
    deleted."""

    def __init__(self, git: Git, state_dir: Path, harmless: Callable[[str], bool]) -> None:
        self._git = git
        self._place = state_dir / CACHE
        self._harmless = harmless

    def scan(self, seconds: float = 0.0) -> Scan:
        """Look at what is new since the last time, for `seconds` at most (0: to the end)."""
        deadline = time.monotonic() + seconds if seconds else 0.0
        cache = self._read()
        tips = self._tips()
        known = [tip for tip in cache["tips"] if self._git.kind_of(tip) == "commit"]
        if len(known) < len(cache["tips"]):  # history was rewritten: what was found may be gone
            cache, known = _empty(), []
        done, leaks = set(cache["partly"]), [Leak(**row) for row in cache["leaks"]]
        left, scanned = 0, 0
        for oid, path in self._objects(tips, known):
            if oid in done:
                continue
            if deadline and time.monotonic() > deadline:
                left += 1
                continue
            scanned += 1
            done.add(oid)
            if len(leaks) < _MAX_LEAKS:
                leaks += self._leaks_of(oid, path, tips if len(leaks) < _NAMED else [])
        partly = sorted(done) if left else []
        upto = known if left else tips
        self._write({"patterns": _PATTERNS, "tips": upto, "partly": partly, "leaks": [*map(asdict, leaks)]})
        return Scan(tuple(leak for leak in leaks if not self._harmless(leak.fingerprint)), scanned, left)

    def _tips(self) -> list[str]:
        said = self._git.run("for-each-ref", "--format=%(objectname)", *_REFS).decode().split()
        return sorted(dict.fromkeys(said))

    def _objects(self, tips: list[str], known: list[str]) -> Iterator[tuple[str, str]]:
        """(blob, the path that it first stood at); commits and trees have no path or are no blobs."""
        request = "\n".join([*tips, *(f"^{tip}" for tip in known)]).encode() + b"\n"
        listed = self._git.run("rev-list", "--objects", "--stdin", input=request) if tips else b""
        for row in listed.split(b"\n"):
            oid, _, path = row.partition(b" ")
            if path and self._git.kind_of(oid.decode()) == "blob":
                yield oid.decode(), path.decode("utf-8", "replace")

    def _leaks_of(self, oid: str, path: str, tips: list[str]) -> list[Leak]:
        if self._git.size_of(oid) > _MAX_BLOB:
            return []
        data = self._git.read_blob(oid)
        if b"\0" in data[:8000]:
            return []
        text = data.decode("utf-8", "replace")
        found = load("hermes_fs.core.secrets:find")(text)
        if not found:
            return []
        commit, mark = self._commit_of(oid, tips), load("hermes_fs.core.secrets:fingerprint")
        return [
            Leak(commit, path, text.count("\n", 0, one.start) + 1, one.kind, mark(text[one.start : one.end]))
            for one in found
        ]

    def _commit_of(self, oid: str, tips: list[str]) -> str:
        """The commit that brought a blob, "" where git does not find it."""
        with contextlib.suppress(Failed):  # the leak is named all the same
            said = self._git.run("log", "--format=%H", f"--find-object={oid}", *tips[:100]) if tips else b""
            return said.decode().split()[-1][:12] if said.strip() else ""
        return ""

    def _read(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # none yet, or damaged: all is scanned
            data = json.loads(self._place.read_bytes())
            leaks = [asdict(Leak(**row)) for row in data["leaks"]]
            if data["patterns"] == _PATTERNS:
                return {"tips": list(data["tips"]), "partly": list(data["partly"]), "leaks": leaks}
        return _empty()

    def _write(self, data: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # without it everything is scanned again
            write_whole(self._place, json.dumps(data).encode())


def _empty() -> dict[str, Any]:
    return {"tips": [], "partly": [], "leaks": []}
