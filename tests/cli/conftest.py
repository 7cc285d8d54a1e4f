"""What tests of commands share: a workspace on disk, and `hermes` as a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_fs.store import acting
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import committed

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def git(root: Path, *argv: str) -> str:
    return subprocess.run(["git", *argv], cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def mind(tmp_path: Path) -> Path:
    """A small workspace, made with git alone."""
    return committed(tmp_path / "mind", {
        ".hermes-workspace": "format: 1\n",
        ".gitignore": "/sessions/\n/work/\n",
        "MEMORY.md": "# Memory\n\n- Staging is db2.internal\n",
        "USER.md": "# You\n",
        "config.yaml": "format: 1\n",
    })  # fmt: skip


def trust(root: Path) -> None:
    """As if this machine's person had accepted all of it."""
    with Workspace.open(root) as workspace:
        workspace.trust.accept(acting.pending(workspace))


@pytest.fixture
def hermes(mind: Path) -> Run:
    """`hermes` in that workspace: arguments in, the finished process out."""

    def run(*argv: str, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hermes_fs", "-w", str(mind), *argv]
        settings = {"input": "", "cwd": ROOT, "timeout": 60, **options}
        return subprocess.run(command, capture_output=True, text=True, **settings)  # type: ignore[call-overload]

    return run
