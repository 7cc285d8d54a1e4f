"""A workspace's repository with its sessions, on one host, under a clock that is turned by hand."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hermes_fs.core.clock import iso
from hermes_fs.core.ids import Ulids
from hermes_fs.store.git import Git
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header, Record, Transcript

DRAFT = Header("", "", "cli", "owner", "m", "p", "", "", "")


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Desk:
    """A workspace's repository with its sessions, on one host."""

    def __init__(self, root: Path, host: str = "here-ab12") -> None:
        if not (root / ".git").exists():
            subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
        self.root = root
        self.state = root / ".git" / "hermes"
        self.state.mkdir(exist_ok=True)
        self.clock = Hands()
        self.git = Git(root)
        self.sessions = Sessions(root, host, self.clock, Ulids(self.clock))
        self.refs = SessionRefs(root, self.git, self.state, self.sessions, self.clock)

    def talk(self, *texts: str, ended: bool = True) -> Transcript:
        writer = self.sessions.start(DRAFT)
        for text in texts:
            writer.append(said(text))
        if ended:
            writer.append(Record("e", "end", "t", "owner", "cli", "owner", {"reason": "exit"}))
        writer.close()
        self.clock.at += timedelta(seconds=1)
        return writer

    def now(self) -> str:
        return iso(self.clock.now())

    def in_refs(self) -> dict[str, bytes]:
        refs = self.git.run("for-each-ref", "--format=%(refname)", "refs/hermes/sessions").decode().split()
        return {
            name: self.git.read_blob(entry.oid) for ref in refs for name, entry in self.git.files(self.git.resolve(ref))
        }


def said(text: str) -> Record:
    return Record("i", "message", "t", "owner", "cli", "owner", {"role": "user", "text": text})
