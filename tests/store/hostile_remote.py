"""What the tests of hostile remotes share: a remote that a stranger runs, and a clone of ours that syncs with it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import HermesError
from hermes_fs.store import remote
from hermes_fs.store.syncing.sync import Outcome
from tests.store.clones import Clone
from tests.store.hostile import Stranger, run_git


@dataclass
class Meeting:
    """`theirs` is where the stranger works, `bare` the remote that they publish on, `mine` our clone of it, made before
    they turned; `outside` is a folder of ours that is nobody's business."""

    theirs: Stranger
    bare: Path
    mine: Clone
    outside: Path

    @property
    def root(self) -> Path:
        return self.mine.mind.root

    def publish(self) -> None:
        """What the stranger has is on the remote, whatever was there."""
        self._push("+HEAD:refs/heads/main")

    def set_ref(self, name: str, oid: str) -> None:
        """A ref of the remote, whatever git thinks of its name."""
        packed = self.bare / "packed-refs"
        before = packed.read_text() if packed.exists() else ""
        kept = [line for line in before.splitlines() if line and line[0] != "#" and not line.endswith(f" {name}")]
        (self.bare / name).unlink(missing_ok=True)
        packed.write_text("\n".join(sorted([*kept, f"{oid} {name}"], key=lambda line: line.split(" ", 1)[1])) + "\n")

    def bring(self, oid: str) -> None:
        """Objects of the stranger's, with no ref."""
        self._push(f"{oid}:refs/tags/carrier-{oid[:8]}")

    def _push(self, spec: str) -> None:
        without = "git -c core.hooksPath=/dev/null -c core.alternateRefsCommand=true receive-pack"
        self.theirs.git("push", "-q", "--no-verify", f"--receive-pack={without}", str(self.bare), spec)
        self.theirs.canary.unlink(missing_ok=True)

    def sync(self, **wishes: object) -> tuple[Outcome | None, list[str]]:
        """Once; what it did, and all that was said. Afterwards nothing ran, and nothing outside has changed."""
        outcome, said = None, []
        try:
            outcome = self.mine.sync(**wishes)
            said = outcome.lines
        except HermesError as error:
            said = [f"{error.message} — {error.hint}"]
        self.is_unharmed()
        return outcome, said

    def is_unharmed(self) -> None:
        assert not self.theirs.canary.exists()
        assert [path.name for path in self.outside.iterdir()] == ["mine.txt"]
        assert (self.outside / "mine.txt").read_text() == "mine\n"
        assert run_git(self.root, "fsck", "--connectivity-only", "main", check=False) is not None


@contextmanager
def meeting(theirs: Stranger) -> Iterator[Meeting]:
    bare, outside = theirs.tmp / "remote.git", theirs.tmp / "outside"
    outside.mkdir()
    (outside / "mine.txt").write_text("mine\n")
    run_git(theirs.tmp, "clone", "-q", "--bare", str(theirs.there), str(bare))
    workspace, _ = remote.clone(str(bare), theirs.tmp / "mine")
    with workspace:
        yield Meeting(theirs, bare, Clone(workspace), outside)


def said(lines: list[str], *words: str) -> None:
    assert any(all(word in line for word in words) for line in lines), lines


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:  # closed: the test is over
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x.git"
        server.shutdown(socket.SHUT_RDWR)
        for one in held:
            one.close()


def noise() -> Iterator[bytes]:
    """Without end."""
    while True:
        yield os.urandom(1 << 16)
