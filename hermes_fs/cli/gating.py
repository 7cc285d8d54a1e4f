"""What commands that change skills share: the one way through the gate, and a person's word against it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from hermes_fs.core.loading import load
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Change, Commit, Verdict
from hermes_fs.store import skill_versions
from hermes_fs.store.candidate import candidates
from hermes_fs.store.formats.format import By
from hermes_fs.store.message import Approval
from hermes_fs.store.paths import skill_of
from hermes_fs.store.policy import Gate, Ungated
from hermes_fs.store.workspace import Workspace

Override = Annotated[str, typer.Option("--override", metavar="REASON", help="Why you want what the gate refuses.")]
"""The flag of every command that changes a skill."""
OWNER = "owner"


def anew(workspace: Workspace, by: By = "agent", replays: bool = False) -> Gate:
    """The gate for a person who decides: what it refused before is tried again. `by`: whose words the skill is.
    `replays`: with its evals, where a model can be asked."""

    def evaluate(*given: Any) -> Any:
        return load("hermes_fs.cli.evaluating:replayed")(workspace, *given)

    def gate(change: Change, *, cancel: Cancel | None = None) -> Verdict | None:
        asked = evaluate if replays else None
        made: Gate = load("hermes_fs.agent.gate:gate_of")(workspace, os.environ, False, asked, by)
        return made(change, cancel=cancel)

    return gate


def commit(workspace: Workspace, change: Change, override: str = "", by: By = "agent") -> Commit:
    """A change that a person gives by a command: through the gate, as far as it touches skills, and the door. Raises
    Ungated where the gate refuses it and they did not say why they want it all the same; else as `Workspace.commit`.
    `by` is "publisher" for a version that main had: a person chose it, so it may drop much, or say what
    another says."""
    return _commit(workspace, change, [anew(workspace, by)(part) for part in _by_skill(change)], override)


def take_back(workspace: Workspace, change: Change, override: str = "") -> Commit:
    """As `commit`, of lessons that are taken back. A skill that becomes what main had before is not tried again, so
    that nothing stands in the way of an undo. What a merge makes of it is."""
    fresh = [part for part in _by_skill(change) if not _was_there(workspace, part)]
    return _commit(workspace, change, [anew(workspace, "publisher")(part) for part in fresh], override)


def _commit(workspace: Workspace, change: Change, verdicts: Sequence[Verdict | None], override: str) -> Commit:
    refused = next((one for one in verdicts if one and not one.passed), None)
    several = len(list(_by_skill(change))) > 1  # a verdict is of one
    if refused is None:
        verdict = None if several else next(iter(verdicts), None)
        return workspace.commit(replace(change, verdict=verdict))
    if not override.strip():
        raise Ungated(refused, 'mend that, or add --override "REASON"')
    approval = Approval(workspace.ids(), OWNER, override=override.strip())
    return workspace.commit(replace(change, verdict=None if several else refused), approval)


def _by_skill(change: Change) -> Iterator[Change]:
    """The change, as far as it touches each skill; whole where that is one."""
    skills = sorted({skill for path in change.files if (skill := skill_of(path))})
    if len(skills) == 1:
        yield change
        return
    for skill in skills:
        files = {path: data for path, data in change.files.items() if skill_of(path) == skill}
        yield replace(
            change, files=files, expect={path: change.expect[path] for path in files if path in change.expect}
        )


def _was_there(workspace: Workspace, part: Change) -> bool:
    """Whether the skill becomes a version that main had, or goes."""
    return all(
        not one.tree or any(one.tree == old.tree for old in skill_versions.versions(workspace.git, one.name))
        for one in candidates(workspace, part)
    )
