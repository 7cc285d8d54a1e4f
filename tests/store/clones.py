"""Clones of one workspace on a bare remote, each with machine state of its own, for the tests of syncing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import init, remote
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.syncing.sync import Outcome, Sync, Wishes
from hermes_fs.store.transcript import Record
from hermes_fs.store.workspace import Workspace
from tests.store.desk import DRAFT, said

AGENT = Provenance(origin="agent", trigger="user", model="scripted")
OWNER = Provenance(origin="owner", trigger="user", person="owner")


@dataclass
class Clone:
    """One machine's."""

    mind: Workspace

    @property
    def refs(self) -> SessionRefs:
        clock = SystemClock()
        sessions = Sessions(self.mind.root, self.mind.host, clock, Ulids(clock))
        return SessionRefs(self.mind.root, self.mind.git, self.mind.state_dir, sessions, clock)

    def sync(self, **wishes: object) -> Outcome:
        return Sync(self.mind, self.refs, replace(Wishes(), **wishes)).run()  # type: ignore[arg-type]

    def learn(self, path: str, text: str, kind: str = "note") -> Commit:
        change = Change({path: text.encode()}, kind, "a test", OWNER)  # type: ignore[arg-type]
        return self.mind.commit(change)

    def propose(self, path: str, text: str) -> str:
        """The id of a proposal."""
        return Proposals(self.mind).propose(Change({path: text.encode()}, "note", "a test", AGENT), "a test").id

    def talk(self, text: str) -> None:
        """A conversation, ended."""
        clock = SystemClock()
        writer = Sessions(self.mind.root, self.mind.host, clock, Ulids(clock)).start(DRAFT)
        writer.append(said(text))
        writer.append(Record("e", "end", "t", "owner", "cli", "owner", {"reason": "exit"}))
        writer.close()

    def text(self, path: str) -> str:
        return self.mind.read(path).text

    @property
    def tree(self) -> str:
        return self.mind.git.resolve(f"{self.mind.head()}^{{tree}}")

    def is_clean(self) -> bool:
        """Whether the disk is as main has it, and git finds nothing wrong."""
        git = ("git", "-C", str(self.mind.root))
        self.mind.settle()
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
        fsck = subprocess.run([*git, "fsck", "--strict"], capture_output=True, text=True, check=False)
        return not status and fsck.returncode == 0


def bare(folder: Path) -> Path:
    """An empty repository to sync with."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    return folder


@contextmanager
def clones(folder: Path, names: str = "abc", address: str = "") -> Iterator[list[Clone]]:
    """The first makes the workspace and pushes it, the others are cloned from there."""
    address = address or str(bare(folder / "remote.git"))
    first, _ = init.init(folder / names[0], remote=address)
    made = [Clone(first)]
    made[0].sync()
    made += [Clone(remote.clone(address, folder / name)[0]) for name in names[1:]]
    try:
        yield made
    finally:
        for one in made:
            one.mind.close()
