"""Proposes to go back from a version of a skill that does credibly worse than the one before, once outcomes say so.

It asks no model, and decides nothing: a person does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from hermes_fs.core.errors import Refused
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import outcomes, proposal, skill_places, skill_versions, sources
from hermes_fs.store.formats import skill
from hermes_fs.store.outcomes import Task
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposal import WAITING, Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.skill_versions import LEAST_USES, Score, Use, Version
from hermes_fs.store.workspace import Workspace

BY_AUDIT = Provenance(origin="agent", trigger="audit")
BECAUSE = "an earlier version does better"


def propose(workspace: Workspace, policy: Policy) -> list[Proposal]:
    """Those that are new; what waits already, or was rejected, is not proposed again. Cheap where no skill was used
    enough. Raises as `Proposals.propose`, but for Refused."""
    if workspace.read_only:
        return []
    done = outcomes.by_version(outcomes.tasks(workspace.root / "sessions", workspace.state_dir))
    waiting = {ref.id for ref in proposal.refs(workspace.git, (WAITING,))}
    made = [_proposed(workspace, policy, *found) for found in _worse(workspace, done)]
    return [one for one in made if one and one.id not in waiting]


def back(workspace: Workspace, name: str, now: Version, was: Version, why: str) -> Change:
    """The skill as an earlier version had it; `why` are the figures of both, as `figures` tells them."""
    git = workspace.git
    old = {path: git.read_blob(entry.oid) for path, entry in git.files(was.tree)}
    new = {path: git.read_blob(entry.oid) for path, entry in git.files(now.tree)}
    files = {f"skills/{name}/{path}": old.get(path) for path in {**old, **new} if old.get(path) != new.get(path)}
    return Change(files, "skill", f"Back to v{was.number} of {name}. {why}", BY_AUDIT)


def figures(version: Version, score: Score) -> str:
    """How a version does, in words."""
    span = f"95 % interval {score.low:.0%} to {score.high:.0%}"
    return f"v{version.number}: {score.good:g} of {score.uses} tasks went well ({score.rate:.0%}, {span})"


def is_left_alone(workspace: Workspace, name: str) -> bool:
    """Pinned by a person, or put away already."""
    data = sources.read(workspace.root, f"skills/{name}/{skill_places.FILE}")
    return data is None or any(skill.marks(data))


def _worse(workspace: Workspace, done: Mapping[tuple[str, str], Sequence[Task]]) -> Iterator[tuple[str, Use, Use]]:
    """Skill, the present version, the one before. Git is asked only about skills that the figures leave in doubt."""
    uses, trees, failed = Counter[str](), defaultdict[str, set[str]](set), set[str]()
    for (name, tree), tasks in done.items():
        uses[name] += len(tasks)
        trees[name].add(tree)
        failed |= {name} if any(task.weight < 1 for task in tasks) else set()
    for name in sorted(failed):
        if uses[name] <= LEAST_USES or len(trees[name]) < 2 or is_left_alone(workspace, name):
            continue
        known = skill_versions.versions(workspace.git, name)
        use = skill_versions.uses(workspace.git, name, known, done)[-1] if known and known[-1].tree else None
        if use and use.before and use.is_worse:
            yield name, use, use.before


def _proposed(workspace: Workspace, policy: Policy, name: str, now: Use, was: Use) -> Proposal | None:
    """Without the gate, which has its say when a person accepts: main had this version before."""
    why = f"{figures(now.version, now.score)}; {figures(was.version, was.score)}."
    try:
        return Proposals(workspace, policy).propose(back(workspace, name, now.version, was.version, why), BECAUSE)
    except Refused:
        return None
