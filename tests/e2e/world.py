"""A workspace with a lesson and a conversation in it, copied for each test, and `hermes` as a process in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALL = (sys.executable, "-m", "hermes_fs")
LESSON = "Staging is db2.internal"
State = tuple[str, bytes, dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class Done:
    """What a process said and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class World:
    """`root` is the workspace, `work` the folder that commands are started in, `url` a server that answers."""

    root: Path
    work: Path
    url: str
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def transcript(self) -> Path:
        """The last one."""
        return max((self.root / "sessions").rglob("*.jsonl"))

    def run(self, argv: Sequence[str], stdin: bytes = b"", more: Mapping[str, str] | None = None) -> Done:
        environ = self.environment(more or {})
        done = subprocess.run(
            [*CALL, *argv], input=stdin, capture_output=True, cwd=self.work, env=environ, timeout=60, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def shell(self, script: str, more: Mapping[str, str] | None = None) -> Done:
        """A line of bash in which $HERMES is the program and $MIND the workspace."""
        environ = {**self.environment(more or {}), "HERMES": " ".join(CALL), "MIND": str(self.root)}
        done = subprocess.run(
            ["bash", "-c", script], input=b"", capture_output=True, cwd=self.work, env=environ, timeout=60, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        told = {"HERMES_WORKSPACE": str(self.root), "OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": "k"}
        found = {**os.environ, **told, "PYTHONPATH": str(ROOT), **self.environ, **more}
        return {name: value for name, value in found.items() if value}

    def git(self, *argv: str) -> str:
        return subprocess.run(["git", *argv], cwd=self.root, check=True, capture_output=True, text=True).stdout

    def state(self) -> State:
        """What may not be lost: the last lesson, the memory, the conversations."""
        sessions = {str(path): path.read_bytes() for path in (self.root / "sessions").rglob("*.jsonl")}
        return (self.root / ".git/refs/heads/main").read_text(), (self.root / "MEMORY.md").read_bytes(), sessions


def copied(template: Path, folder: Path, url: str) -> World:
    (folder / "work").mkdir()
    shutil.copytree(template, folder / "mind", symlinks=True)
    return World(folder / "mind", folder / "work", url)
