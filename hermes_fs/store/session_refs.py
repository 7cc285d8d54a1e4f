"""Commits transcripts to refs of their own, beside `main`, and brings them back from there. Never moves `main`.

One ref a host and month, `refs/hermes/sessions/<host>/<YYYY-MM>`, written by that host alone: fast-forward only, by
plumbing, so a crash leaves the old commit or the new one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hermes_fs.core.clock import Clock
from hermes_fs.core.secrets import redact
from hermes_fs.store import failpoint
from hermes_fs.store.git import Git
from hermes_fs.store.objects import Signature
from hermes_fs.store.sessions import FOLDER, SessionInfo, Sessions
from hermes_fs.store.transcript import read

REFS = "refs/hermes/sessions"
IDLE = timedelta(minutes=10)
RUNNING = timedelta(hours=1)
"""How often a session that goes on is committed."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A transcript as it was last committed."""

    size: int
    when: str


class SessionRefs:
    """`ledger` notes what was committed at which size, so that nothing is read twice; it may be deleted."""

    def __init__(self, root: Path, git: Git, state_dir: Path, sessions: Sessions, clock: Clock) -> None:
        self._root = root
        self._git = git
        self._ledger = state_dir / "committed-sessions.json"
        self._sessions = sessions
        self._clock = clock

    def commit_due(self, limit: int = 200) -> list[str]:
        """Commit this host's sessions that ended, are idle, or go on for an hour; the ids of those committed."""
        now = self._clock.now()
        ledger = self._read_ledger()
        due = [info for info in self._sessions.recent(limit) if self._is_due(info, ledger, now)]
        return self.commit(due)

    def commit(self, infos: Sequence[SessionInfo]) -> list[str]:
        """Commit these, one commit a month; the ids of those that had anything new."""
        months: dict[str, list[SessionInfo]] = {}
        for info in infos:
            if info.header.host == self._sessions.host:
                months.setdefault(info.header.started[:7], []).append(info)
        done: list[str] = []
        for month, members in months.items():
            done += self._commit_month(month, members)
        if done:
            self._note(infos)
        return done

    def materialise(self) -> list[Path]:
        """Write the transcripts that are in the refs only (another host's, after a clone) into sessions/. A file that
        is there stays as it is."""
        made: list[Path] = []
        for line in self._git.run("for-each-ref", "--format=%(refname)", f"{REFS}/").decode().splitlines():
            for name, entry in self._git.files(self._git.resolve(line)):
                path = self._root / name
                if entry.mode == "100644" and _is_ours(name) and not os.path.lexists(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    temporary = path.with_name(f".{path.name}.{os.getpid()}")
                    temporary.write_bytes(self._git.read_blob(entry.oid))
                    temporary.replace(path)
                    made.append(path)
        return made

    def _commit_month(self, month: str, infos: Sequence[SessionInfo]) -> list[str]:
        ref = f"{REFS}/{self._sessions.host}/{month}"
        old = self._git.resolve(ref)
        base = self._git.resolve(f"{ref}^{{tree}}") if old else ""
        files: dict[str, tuple[str, str] | None] = {}
        for info in infos:
            for path in self._files_of(info):
                name = path.relative_to(self._root).as_posix()
                files[name] = ("100644", self._git.hash_blob(_safe(path)))
        failpoint.reach("session-blobs")
        tree = self._git.write_tree_with(base, files)
        if tree == base:
            return []
        now = self._clock.now()
        agent = Signature("Hermes", f"hermes@{self._sessions.host}", now)
        subject = f"sessions: {len(infos)} from {self._sessions.host}, {month}"
        titles = "\n".join(f"- {info.id}: {info.header.title}" for info in infos)
        commit = self._git.commit(tree, [old] if old else [], f"{subject}\n\n{titles}\n", agent, agent)
        failpoint.reach("session-commit")
        self._git.update_ref(ref, commit, old)
        failpoint.reach("session-ref")
        return [info.id for info in infos]

    def _files_of(self, info: SessionInfo) -> Iterator[Path]:
        yield info.path
        summary = info.path.with_suffix(".md")
        if summary.is_file() and not summary.is_symlink():
            yield summary
        for name in _blobs(info.path):
            path = info.path.parent / "blobs" / name
            if path.is_file():
                yield path

    def _is_due(self, info: SessionInfo, ledger: dict[str, _Stored], now: datetime) -> bool:
        stored = ledger.get(info.id)
        if stored and stored.size == info.size:
            return False
        if not info.open or now - info.updated >= IDLE:
            return True
        return now - datetime.fromisoformat(stored.when if stored else info.header.started) >= RUNNING

    def _read_ledger(self) -> dict[str, _Stored]:
        try:
            data = json.loads(self._ledger.read_bytes())
            return {key: _Stored(int(size), str(when)) for key, (size, when) in data.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _note(self, infos: Sequence[SessionInfo]) -> None:
        ledger = self._read_ledger()
        when = self._clock.now().isoformat()
        ledger.update({info.id: _Stored(info.size, when) for info in infos})
        temporary = self._ledger.with_name(f"{self._ledger.name}.{os.getpid()}")
        temporary.write_text(json.dumps({key: [row.size, row.when] for key, row in ledger.items()}))
        temporary.replace(self._ledger)


def _safe(path: Path) -> bytes:
    """The file's bytes, scanned for secrets once more: patterns may have been added since they were written."""
    data = path.read_bytes()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    clean = redact(text)
    return data if clean == text else clean.encode()


def _blobs(path: Path) -> set[str]:
    """Names of the blobs that a transcript refers to; read only where any lie beside it."""
    if not (path.parent / "blobs").is_dir():
        return set()
    names: set[str] = set()
    for record in read(path).records:
        for item in record.data.get("media", ()):
            if "blob" in item["data"]:
                names.add(item["data"]["blob"])
    return names


def _is_ours(name: str) -> bool:
    """Whether a path from a ref may be written: below sessions/, without a part that leaves it."""
    parts = name.split("/")
    return parts[0] == FOLDER and len(parts) > 1 and not {"", ".", "..", ".git"} & {part.lower() for part in parts}
