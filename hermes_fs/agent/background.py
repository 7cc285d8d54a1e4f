"""Starts hermes itself as a process of its own, which outlives this one: to learn, to sync. Does nothing of its work.

It runs with this program's own code, whatever the folder that it starts in holds.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOG_BYTES = 100_000
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); import runpy;"
    " runpy.run_module('hermes_fs', run_name='__main__', alter_sys=True)"
)


def begin(root: Path, log: Path, environ: Mapping[str, str], words: Sequence[str] = ("learn", "--pending")) -> None:
    """Returns at once. `root` is the workspace, `log` takes what the process has to say, `words` are the command. Where
    it cannot be started, the next start of hermes tries again."""
    package = str(Path(__file__).parents[2])
    command = [sys.executable, "-P", "-c", _PROGRAM, package, "-w", str(root), *words]
    with contextlib.suppress(OSError):  # no process to be had, a full disk: the queue keeps what there is to do
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.unlink()
        with log.open("ab") as said:
            subprocess.Popen(
                command, cwd=root, env=dict(environ), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip


def sync(root: Path, state_dir: Path, environ: Mapping[str, str]) -> None:
    """As `begin`: the workspace and its remote become the same. The next conversation tells what came of it."""
    begin(root, state_dir / "sync.log", environ, ("sync", "once", "--quiet"))
