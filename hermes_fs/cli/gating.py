"""What commands that change skills share: the gate, loaded on use, and a person's word against it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

import typer

from hermes_fs.core.loading import load
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Change, Commit, Verdict
from hermes_fs.store.formats.format import By
from hermes_fs.store.message import Approval
from hermes_fs.store.policy import Gate, Ungated
from hermes_fs.store.workspace import Workspace

Override = Annotated[str, typer.Option("--override", metavar="REASON", help="Why you want what the gate refuses.")]
"""The flag of every command that changes a skill."""


def anew(workspace: Workspace, by: By = "agent") -> Gate:
    """The gate for a person who decides: what it refused before is tried again. `by`: whose words the skill is."""

    def gate(change: Change, *, cancel: Cancel | None = None) -> Verdict | None:
        made: Gate = load("hermes_fs.agent.gate:gate_of")(workspace, os.environ, remember=False, by=by)
        return made(change, cancel=cancel)

    return gate


def commit(workspace: Workspace, change: Change, by: str, override: str = "") -> Commit:
    """A skill change that a person gives by a command: through the gate and the door. Raises Ungated where the gate
    refuses it and they did not say why they want it all the same; else as `Workspace.commit`."""
    verdict = anew(workspace)(change)
    if verdict is None or verdict.passed:
        return workspace.commit(replace(change, verdict=verdict))
    if not override.strip():
        raise Ungated(verdict, 'mend that, or add --override "REASON"')
    approval = Approval(workspace.ids(), by, override=override.strip())
    return workspace.commit(replace(change, verdict=verdict), approval)
