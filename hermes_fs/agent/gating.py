"""The one way of what a person wants of a skill: through the gate, with their word against it where they give one.

For every front end alike; asks nobody and shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit, Provenance, Verdict
from hermes_fs.store import skill_versions, taking_back
from hermes_fs.store.candidate import candidates
from hermes_fs.store.formats.format import By
from hermes_fs.store.history import Lesson
from hermes_fs.store.message import Approval
from hermes_fs.store.paths import skill_of
from hermes_fs.store.policy import Gate, Policy, Ungated
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:
    from hermes_fs.agent.gate import Evaluator
    from hermes_fs.store.proposal import Proposal

OWNER = "owner"


def anew(workspace: Workspace, environ: Mapping[str, str], by: By = "agent", evaluate: Evaluator | None = None) -> Gate:
    """The gate for a person who decides: what it refused before is tried again. `by`: whose words the skill is;
    "publisher" also for a version that main had: a person chose it, so it may drop much, or say what another says."""
    made: Gate = load("hermes_fs.agent.gate:gate_of")(workspace, environ, False, evaluate, by)
    return made


def commit(workspace: Workspace, change: Change, gate: Gate, override: str = "") -> Commit:
    """A change that a person gives: through the gate, as far as it touches skills, and the door. Raises Ungated where
    the gate refuses it and they did not say why they want it all the same; else as `Workspace.commit`."""
    return _commit(workspace, change, _by_skill(change), gate, override)


def take_back(workspace: Workspace, change: Change, gate: Gate, override: str = "") -> Commit:
    """As `commit`, of lessons that are taken back: only what `to_try` finds is tried."""
    return _commit(workspace, change, to_try(workspace, change), gate, override)


def to_try(workspace: Workspace, change: Change) -> list[Change]:
    """What of lessons that are taken back is to be tried. A skill that becomes what main had before, or goes, is not,
    so that nothing stands in the way of an undo. What a merge makes of it is."""
    return [part for part in _by_skill(change) if not _was_there(workspace, part)]


def reverted(
    workspace: Workspace, lessons: Sequence[Lesson], why: str, provenance: Provenance, policy: Policy
) -> Change | Proposal:
    """What takes lessons back, to be given to `take_back`; or the proposal that was made where a later one is in the
    way. Raises as `taking_back.propose`."""
    try:
        return taking_back.reverted(workspace, lessons, why, provenance)
    except taking_back.InTheWay as error:
        return taking_back.propose(workspace, lessons, why, provenance, error.message, policy)


# -- inside -----------------------------------------------------------------------------------------------------------


def _commit(workspace: Workspace, change: Change, parts: Sequence[Change], gate: Gate, override: str) -> Commit:
    verdicts: list[Verdict | None] = [gate(part) for part in parts]
    refused = next((one for one in verdicts if one and not one.passed), None)
    several = len(list(_by_skill(change))) > 1  # a verdict is of one
    if refused is None:
        verdict = None if several else next(iter(verdicts), None)
        return workspace.commit(replace(change, verdict=verdict))
    if not override.strip():
        raise Ungated(refused, 'mend that, or add --override "REASON"')
    approval = Approval(workspace.ids(), OWNER, override=override.strip())
    return workspace.commit(replace(change, verdict=None if several else refused), approval)


def _by_skill(change: Change) -> list[Change]:
    """The change, as far as it touches each skill; whole where that is one."""
    skills = sorted({skill for path in change.files if (skill := skill_of(path))})
    return [change] if len(skills) == 1 else list(_parts(change, skills))


def _parts(change: Change, skills: Sequence[str]) -> Iterator[Change]:
    for skill in skills:
        files = {path: data for path, data in change.files.items() if skill_of(path) == skill}
        expect = {path: change.expect[path] for path in files if path in change.expect}
        yield replace(change, files=files, expect=expect)


def _was_there(workspace: Workspace, part: Change) -> bool:
    """Whether the skill becomes a version that main had, or goes."""
    return all(
        not one.tree or any(one.tree == old.tree for old in skill_versions.versions(workspace.git, one.name))
        for one in candidates(workspace, part)
    )
