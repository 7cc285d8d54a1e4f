"""A place made for one attempt at a case: a mind with the skills that are tried, a work directory with the case's
files, and an isolated backend without a network. Nothing of it outlives the attempt, and nothing of the person's mind
is in it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.agent.evals.case import Case
from hermes_fs.agent.isolated import Isolation
from hermes_fs.backends import sandbox_folders
from hermes_fs.backends.confined import Ground
from hermes_fs.core.errors import Failed
from hermes_fs.core.ports import Backend
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import acting, init
from hermes_fs.store.candidate import Files
from hermes_fs.store.index import Index
from hermes_fs.store.workspace import Workspace

_SHOWN = ("PATH", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True, slots=True)
class Stage:
    """`work` is the work directory, `workspace` the mind of this attempt."""

    workspace: Workspace
    index: Index
    work: Path
    backend: Backend


@contextmanager
def stage(
    case: Case, skills: Mapping[str, Files], environ: Mapping[str, str], isolation: Isolation | None = None
) -> Iterator[Stage]:
    """`isolation` is what is known of this machine; without it that is found out for this one. Raises Refused or Failed
    where this machine has no isolation: a case runs a stranger's programs."""
    folder = Path(tempfile.mkdtemp(prefix="hermes-eval-"))
    try:
        work = folder / "work"
        for path, text in case.files.items():
            place = work / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        work.mkdir(exist_ok=True)
        (folder / "home").mkdir()
        workspace, _ = init.init(folder / "mind")
        with workspace:
            for name, files in skills.items():
                _learn(workspace, name, files)
            workspace.trust.accept(acting.pending(workspace))
            yield from _set(workspace, work, environ, isolation or Isolation(workspace.state_dir))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set(workspace: Workspace, work: Path, environ: Mapping[str, str], isolation: Isolation) -> Iterator[Stage]:
    shown = {name: environ[name] for name in _SHOWN if name in environ} | {"HOME": str(work.parent / "home")}
    if problem := isolation.why_not():
        raise Failed(f"evals run in a sandbox only: {problem}", "see `hermes backend test`")
    index = Index.open(workspace.root, workspace.state_dir)
    ground = Ground((work,), (workspace.root,), (workspace.root / ".git", workspace.state_dir.parent))
    backend = isolation.backend(work, workspace.state_dir, shown, ground, f"eval-{os.getpid()}")
    try:
        yield Stage(workspace, index, work, backend)
    finally:
        backend.close()
        for running in sandbox_folders.running(workspace.state_dir):
            sandbox_folders.stop(running)
        index.close()


def _learn(workspace: Workspace, name: str, files: Files) -> None:
    """The skill as it is, in the hand of a person: what is tried here may be what the agent could not write."""
    named = {f"skills/{name}/{path}": file.data for path, file in files.items() if not path.startswith("evals/")}
    workspace.commit(Change(named, "skill", "", Provenance("owner", "user")))
    for path, file in files.items():
        if file.runs and f"skills/{name}/{path}" in named:
            (workspace.root / "skills" / name / path).chmod(0o755)
