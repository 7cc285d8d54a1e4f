"""What the tests of hostile clones share: a workspace that a stranger armed, a canary, all that hermes does with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.cli.checks import examine
from hermes_fs.cli.finding import Scene
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import HermesError
from hermes_fs.core.ids import Ulids
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import acting, history, remote
from hermes_fs.store.init import init
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing

OWNER = Provenance(origin="owner", trigger="user", person="owner")


@dataclass
class Stranger:
    """A workspace at `there` that somebody else made; whatever runs touches `canary`. `outside` is not to change."""

    tmp: Path
    there: Path
    canary: Path

    @property
    def program(self) -> str:
        """A command that gives the canary away; arguments and input are ignored."""
        script = self.tmp / "attack.sh"
        script.write_text(f"#!/bin/sh\ntouch {self.canary}\nexit 1\n")
        script.chmod(0o755)
        return str(script)

    def git(self, *words: str, check: bool = True, **env: str) -> str:
        """As a person would run git there."""
        settings = {**os.environ, **env}
        return run_git(self.there, *words, check=check, env=settings)

    def plant(self, files: dict[str, str | bytes], message: str = "planted") -> None:
        """Commit files, whatever they are called."""
        for name, text in files.items():
            place = self.there / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "-m", message)

    def plant_tree(self, rows: list[tuple[str, str, str]]) -> None:
        """Commit entries (mode, object, name) at the root that no porcelain would add."""
        known = [line for line in self.git("ls-tree", "HEAD").splitlines()]
        fresh = [
            f"{mode} {'tree' if mode == '040000' else 'blob' if mode != '160000' else 'commit'} {oid}\t{name}"
            for mode, oid, name in rows
        ]
        tree = self.feed("\n".join([*known, *fresh]) + "\n", "mktree", "--missing")
        self.git("update-ref", "HEAD", self.git("commit-tree", "-p", "HEAD", "-m", "planted", tree).strip())

    def feed(self, text: str | bytes, *words: str) -> str:
        data = text if isinstance(text, bytes) else text.encode()
        done = subprocess.run(["git", *words], cwd=self.there, input=data, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def blob(self, text: str | bytes) -> str:
        return self.feed(text, "hash-object", "-w", "--stdin")

    def proves(self) -> None:
        """The attack works where nobody takes care."""
        assert self.canary.exists()
        self.canary.unlink()

    def clone(self, name: str = "here") -> tuple[Path, list[str]]:
        """Through hermes, used, and nothing ran; (the folder, what was said)."""
        workspace, lines = remote.clone(str(self.there), self.tmp / name)
        workspace.close()
        use(workspace.root)
        assert not self.canary.exists()
        return workspace.root, lines


def run_git(root: Path, *words: str, check: bool = True, env: dict[str, str] | None = None) -> str:
    """Git as a person runs it, with nobody at the keyboard."""
    command = ["timeout", "-k", "1", "10", "git", *words]
    env = {"EDITOR": "false", **(os.environ if env is None else env)}
    done = subprocess.run(command, cwd=root, env=env, input="", capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def stranger(tmp: Path) -> Stranger:
    workspace, _ = init(tmp / "there")
    with workspace:
        workspace.commit(Change({"notes/a.md": b"one\n"}, "note", "", OWNER))
        workspace.commit(Change({"notes/a.md": b"two\n"}, "note", "", OWNER))
    return Stranger(tmp, workspace.root, tmp / "ran")


def use(root: Path) -> list[str]:
    """Everything that hermes does with a workspace's repository; what it says about it."""
    with Workspace.open(root) as workspace:
        if not workspace.read_only:
            (root / "notes").mkdir(exist_ok=True)
            (root / "notes/by-hand.md").write_text("edited by hand\n")
            workspace.commit_pending()
            workspace.commit(Change({"notes/c.md": b"learned\n"}, "note", "", OWNER))
        acting.pending(workspace)
        lessons = history.log(workspace.git, history.Filter(limit=3))
        if len(lessons) > 1:
            history.diff(workspace.git, lessons[-1].commit, lessons[0].commit)
        workspace.settle()
        sessions = Sessions(root, workspace.host, SystemClock(), Ulids(SystemClock()))
        SessionRefs(root, workspace.git, workspace.state_dir, sessions, SystemClock()).materialise()
        with suppress(HermesError):
            remote.fetch(workspace.git, str(root.parent / "there"), "refs/heads/main:refs/remotes/x/main")
    return [f"{one.name}: {one.detail}" for one in examine(Scene(root, os.environ, SystemClock(), offline=True))]


def unpacked(theirs: Stranger, name: str = "unpacked") -> Path:
    """The folder as it comes out of an archive, .git and all."""
    shutil.copytree(theirs.there, theirs.tmp / name, symlinks=True)
    return theirs.tmp / name


@contextmanager
def recorder(status: int = 404, location: str = "") -> Iterator[tuple[str, list[Incoming]]]:
    """A loopback server: (its address, what was asked of it, with the headers that carry keys)."""
    headers = {"Location": location} if location else {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="x"'
    with Loopback(("", ".*", lambda asked: Outgoing(status=status, headers=headers))) as server:
        yield server.root, server.requests
