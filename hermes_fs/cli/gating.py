"""The gate as commands of the shell use it: with this process's environment, and a flag for a word against it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from hermes_fs.agent import gating
from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit
from hermes_fs.store.candidate import Files
from hermes_fs.store.formats.format import By
from hermes_fs.store.policy import Gate
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:
    from hermes_fs.agent.gate import Scores

Override = Annotated[str, typer.Option("--override", metavar="REASON", help="Why you want what the gate refuses.")]
"""The flag of every command that changes a skill."""


def anew(workspace: Workspace, by: By = "agent", replays: bool = False) -> Gate:
    """As `agent.gating.anew`. `replays`: with its evals, where a model can be asked."""

    def evaluate(name: str, incumbent: str, files: Files) -> Scores | None:
        found: Scores | None = load("hermes_fs.cli.evaluating:replayed")(workspace, name, incumbent, files)
        return found

    return gating.anew(workspace, os.environ, by, evaluate if replays else None)


def commit(workspace: Workspace, change: Change, override: str = "", by: By = "agent") -> Commit:
    """A change that a person gives by a command, as `agent.gating.commit` makes it a lesson."""
    return gating.commit(workspace, change, anew(workspace, by), override)


def take_back(workspace: Workspace, change: Change, override: str = "") -> Commit:
    """As `commit`, of lessons that are taken back."""
    return gating.take_back(workspace, change, anew(workspace, "publisher"), override)
