"""The gate: tries a new version of a skill out before it counts, and says of exactly that version whether it may pass.

It reads the change as the door will write it, and writes nothing but what it refused (store/refusals.py). What a
person wants against its word is theirs to say, at the door.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hermes_fs.agent import skill_checks
from hermes_fs.agent.skill_checks import FILE
from hermes_fs.agent.trial import Trials
from hermes_fs.agent.try_out import try_out
from hermes_fs.core.clock import iso
from hermes_fs.core.errors import BudgetSpent, Cancelled, HermesError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Change, Verdict
from hermes_fs.store import alike, skill_versions
from hermes_fs.store.candidate import Candidate, Files, candidates
from hermes_fs.store.formats import skill
from hermes_fs.store.formats.format import By
from hermes_fs.store.refusals import Refusal, Refusals
from hermes_fs.store.workspace import Workspace

_MOST_REASONS = 12
_FOREIGN = "its files came from elsewhere, and nobody has trusted them on this machine: hermes trust show skill:{}"


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares of `n` cases that went well, 0 to 1: with no skill, with the version that main has (None where there is
    none), with the new one. `activated`: in how many of the cases the model made use of the new version."""

    bare: float
    incumbent: float | None
    candidate: float
    n: int
    activated: int


class Evaluator(Protocol):
    """Replays the cases of a skill's evals/. `incumbent` is the tree id of main's version, "" for none; `files` are
    those of the new one. None where it has no case, or none can be run. May block for minutes, and raise
    HermesError."""

    def __call__(self, name: str, incumbent: str, files: Files) -> Scores | None: ...


class SkillGate:
    """Implements `store.policy.Gate`. Blocks while tests and evals run; takes the workspace's lock for moments only.
    With `refusals`, what it refused once is not tried again; without, as where a person decides, everything is. `by` is
    whose words it judges: a publisher's skill may say what another says, for a person has chosen it; so it is with a
    version that main had."""

    def __init__(
        self,
        workspace: Workspace,
        trials: Trials,
        refusals: Refusals | None = None,
        evaluate: Evaluator | None = None,
        by: By = "agent",
    ) -> None:
        self._workspace = workspace
        self._trials = trials
        self._refusals = refusals
        self._evaluate = evaluate
        self._by: By = by

    def __call__(self, change: Change, cancel: Cancel | None = None) -> Verdict | None:
        """None for a change that leaves no skill behind it. Raises Conflict, Refused where the door would not look at
        it at all; Cancelled, BudgetSpent."""
        touched = candidates(self._workspace, change)
        left = [one for one in touched if one.tree]
        if not left:
            return None
        if len(left) > 1:
            names = ", ".join(one.name for one in left[:5])
            return Verdict("", False, (f"it changes several skills at once ({names}): change them one by one",))
        gone = {one.name for one in touched if not one.tree}
        return self._judged(left[0], gone, cancel or Cancel())

    def _judged(self, candidate: Candidate, gone: set[str], cancel: Cancel) -> Verdict:
        known = self._refusals.find(candidate.name, candidate.was, candidate.tree) if self._refusals else None
        if known:
            again = f"exactly this was tried on {known.when[:10]} already: change something"
            return Verdict(candidate.tree, False, (*known.reasons, again))
        reasons = self._read(candidate, gone)
        if reasons:
            return self._refused(candidate, reasons, final=True)
        if _is_marked_only(candidate):
            return Verdict(candidate.tree, True)
        if not self._workspace.trust.knows_skill(candidate.name, candidate.was):
            return self._refused(candidate, [_FOREIGN.format(candidate.name)], final=False)
        tried = try_out(self._trials, candidate, cancel, lambda: self._was_there(candidate))
        if tried.reasons:
            return self._refused(candidate, list(tried.reasons), tried.final)
        try:
            scores = self._scores(candidate)
        except (Cancelled, BudgetSpent):
            raise
        except HermesError as error:
            return self._refused(candidate, [f"its evals could not be replayed: {error.message}"], final=False)
        if scores and (against := _against(scores)):
            return self._refused(candidate, against, final=True, scores=_told(scores))
        return Verdict(candidate.tree, True, (), _told(scores) if scores else "", tried.passed)

    def _read(self, candidate: Candidate, gone: set[str]) -> list[str]:
        """What reading it alone shows."""
        workspace = self._workspace
        harmless = workspace.trust.knows_secret
        found = skill_checks.problems(candidate, workspace.formats, harmless, self._by)
        if _is_marked_only(candidate):
            return found
        if not found and self._by != "publisher":  # how much of it a new version of theirs drops, a person has seen
            changed = skill_checks.changed_too_much(candidate)
            found = [] if changed and self._was_there(candidate) else changed
        unchanged = FILE not in candidate.after or candidate.before.get(FILE) == candidate.after[FILE]
        if unchanged or self._by == "publisher":
            return found
        new = alike.text_of(candidate.after[FILE].data, candidate.name)
        was = alike.text_of(candidate.before[FILE].data, candidate.name) if FILE in candidate.before else None
        twin = alike.twin(workspace.root, workspace.state_dir, new, was)
        if twin and twin not in gone:
            found.append(f"the skill {twin} says nearly the same: extend that one instead")
        return found

    def _was_there(self, candidate: Candidate) -> bool:
        """Whether main had exactly this version before: going back drops much, and tests of later ones may fail."""
        known = skill_versions.versions(self._workspace.git, candidate.name)
        return any(one.tree == candidate.tree for one in known)

    def _scores(self, candidate: Candidate) -> Scores | None:
        """Only where something changed that an agent would do otherwise by."""
        cases = any(path.startswith("evals/") for path in candidate.after)
        moved = any(not path.startswith(("evals/", "tests/")) for path in candidate.changed)
        if not (self._evaluate and cases and moved):
            return None
        return self._evaluate(candidate.name, candidate.was, candidate.after)

    def _refused(self, candidate: Candidate, reasons: list[str], final: bool, scores: str = "") -> Verdict:
        shown = tuple(reasons[:_MOST_REASONS])
        if self._refusals and final:
            when = iso(self._workspace.clock.now())
            self._refusals.add(Refusal(candidate.name, candidate.was, candidate.tree, shown, when))
        return Verdict(candidate.tree, False, shown, scores)


def gate_of(
    workspace: Workspace,
    environ: Mapping[str, str],
    remember: bool = True,
    evaluate: Evaluator | None = None,
    by: By = "agent",
) -> SkillGate:
    """The gate of a workspace. `remember`: what it refused is not tried again; a person who decides wants it tried."""
    refusals = Refusals(workspace.state_dir, workspace.locked) if remember else None
    return SkillGate(workspace, Trials(workspace.state_dir, environ), refusals, evaluate, by)


def _is_marked_only(candidate: Candidate) -> bool:
    """A pin, or a mark of the archive, changes no word that an agent would do otherwise by: nothing is to be tried."""
    before, after = candidate.before.get(FILE), candidate.after.get(FILE)
    return bool(before and after and candidate.changed == (FILE,) and skill.same_but_marks(before.data, after.data))


def _against(scores: Scores) -> list[str]:
    """Only what is strictly better passes, and only where the skill itself made it so."""
    found = []
    if not scores.activated:
        found.append("the skill was used in none of its evals: say in its description when it is to be used")
    best = max(scores.bare, scores.incumbent if scores.incumbent is not None else 0.0)
    if scores.candidate <= best:
        than = "without the skill" if scores.incumbent is None or scores.bare > scores.incumbent else "before"
        found.append(
            f"its evals go no better than {than} ({best:.2f} -> {scores.candidate:.2f}, n={scores.n}):"
            " change what the failing cases need, or leave it"
        )
    return found


def _told(scores: Scores) -> str:
    before = scores.bare if scores.incumbent is None else scores.incumbent
    return f"{before:.2f} -> {scores.candidate:.2f} (n={scores.n})"
