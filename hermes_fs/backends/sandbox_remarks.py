"""What a sandbox has to say beside a command's output: a host asked for in vain, a file planted in git, a new start."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path

from hermes_fs.backends.sandbox_client import Sandbox
from hermes_fs.backends.sandbox_crowd import WHY_ENDED
from hermes_fs.backends.sandbox_git import planted
from hermes_fs.backends.sandbox_mounts import Kind, Plan
from hermes_fs.core.errors import Refused

RENEWED = "the sandbox had ended and was started anew: variables and background jobs of before are gone"


class Remarks:
    """Thread-safe. `aside` is where planted files are moved to."""

    def __init__(self, roots: Sequence[Path], aside: Path) -> None:
        self._roots = tuple(roots)
        self._known = {path for root in self._roots for path in planted(root)}
        self._aside = aside
        self._lock = threading.Lock()
        self._renewed = False

    def renewed(self) -> None:
        with self._lock:
            self._renewed = True

    def take(self, running: Sandbox) -> str:
        """Lines to stand below the output of the command that just ended, "" where there is nothing to say."""
        with self._lock:
            lines = [RENEWED] if self._renewed else []
            self._renewed = False
            lines += self._set_aside()
        with contextlib.suppress(OSError, ValueError):  # it has ended, which the next command says
            lines += [
                f"{line}; ask the user to allow that host" for line in running.control({"do": "refused"})["hosts"]
            ]
        lines += _why_ended(running.address.folder / WHY_ENDED)
        return "".join(f"\n[sandbox: {line}]\n" for line in lines)

    def _set_aside(self) -> list[str]:
        """A file that sends git to other settings would run programs outside, when the person uses git next."""
        moved = []
        for path in (path for root in self._roots for path in planted(root)):
            if path not in self._known:
                self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):  # gone again
                    path.rename(self._aside / f"{secrets.token_hex(4)}-{path.name}")
                    moved.append(f"the command made {path}, which would redirect git; it was moved to {self._aside}")
        return moved

    def check_unprotected(self, path: str, made: Plan) -> None:
        """Raises Refused where the sandbox shows a thing for reading only."""
        deepest = max((mount for mount in made.mounts if Path(path).is_relative_to(mount.source)),
                      key=lambda mount: len(mount.source.parts), default=None)  # fmt: skip
        if deepest is not None and deepest.kind is not Kind.WRITE and ".git" in deepest.source.parts:
            raise Refused(f"{path} belongs to git, which runs what stands there", "ask the user to change it")


def _why_ended(note: Path) -> list[str]:
    """Said once."""
    try:
        why = note.read_text("utf-8")
        note.unlink(missing_ok=True)
    except OSError:
        return []
    return [f"{why}: it was ended with all of them"]
