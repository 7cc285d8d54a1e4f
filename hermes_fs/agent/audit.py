"""The audit: looks at how skills do and what memory holds, writes a report, and proposes. Decides nothing for good.

It needs no model: what it says is counted. Every change that it wants waits for a person; pinned skills stay as they
are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hermes_fs.agent import worse
from hermes_fs.agent.audit_report import Findings, is_news, report
from hermes_fs.agent.learner import Bench, Done
from hermes_fs.agent.worse import BY_AUDIT
from hermes_fs.core.errors import HermesError, Refused
from hermes_fs.core.types import Change, Commit
from hermes_fs.store import alike, history, outcomes, skill_health, skill_places, sources
from hermes_fs.store.errands import Errand, Errands
from hermes_fs.store.formats import entries, skill
from hermes_fs.store.history import Filter, Lesson
from hermes_fs.store.outcomes import Task
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.skill_health import Health
from hermes_fs.store.workspace import Workspace

_MOST_PROPOSED = 5
"""Proposals that one audit makes: a person reads them all, or none."""
_COMPARED = 500
"""Skills that are compared with each other."""


def is_due(workspace: Workspace, every: int) -> bool:
    """Whether so many tasks were done since the last audit; 0 means that none is wanted."""
    if not every or workspace.read_only:
        return False
    last = last_audit(workspace)
    return len(_since(_tasks(workspace), last.when if last else None)) >= every


def order_if_due(workspace: Workspace, errands: Errands, every: int) -> None:
    """Puts an audit into the queue where it is time for one; one that waits there stands for it."""
    if is_due(workspace, every):
        errands.add(Errand("audit"))


def last_audit(workspace: Workspace) -> Lesson | None:
    """The lesson that wrote the last one."""
    return next(iter(history.log(workspace.git, Filter(kind="audit", paths=("audits",), limit=1))), None)


def run(errand: Errand, bench: Bench) -> Done:
    """One audit. What a killed one had proposed or written already is not done twice."""
    last = last_audit(bench.workspace)
    if errand.started and last and last.change > errand.started:
        return Done()
    commit, proposals = audit(bench, last.when if last else None)
    if commit is None:
        return Done(("nothing happened since the last audit, so none was written · hermes audit",))
    waiting = f"; {len(proposals)} to review: hermes review" if proposals else ""
    return Done((f"audit written: {commit.subject}{waiting} · hermes audit",))


def audit(bench: Bench, since: datetime | None) -> tuple[Commit | None, list[Proposal]]:
    """Looks, proposes, writes the report; None for it where the last one says the same. Raises as the door does."""
    workspace = bench.workspace
    done = _tasks(workspace)
    skills = skill_health.health(workspace, done, bench.clock)
    twins = _twins(workspace, skills)
    proposals = list(_proposed(bench, skills, twins))
    lines = [f"{one.subject}: {one.why.splitlines()[0]} (`hermes review show {one.id}`)" for one in proposals]
    doubts = contradictions(entries.entries(workspace.read("MEMORY.md").text))
    findings = Findings(since, bench.clock.now(), _since(done, since), done, skills, twins, doubts, lines)
    if not is_news(findings, _last_report(workspace)):
        return None, proposals
    name = _name(workspace, findings.now)
    text = report(findings, name)
    change = Change({f"audits/{name}.md": text.encode()}, "audit", "", BY_AUDIT, {f"audits/{name}.md": ""})
    return workspace.commit(change), proposals


def _tasks(workspace: Workspace) -> list[Task]:
    return outcomes.tasks(workspace.root / "sessions", workspace.state_dir)


def _since(done: Sequence[Task], moment: datetime | None) -> list[Task]:
    return [task for task in done if moment is None or task.at > moment]


def _last_report(workspace: Workspace) -> str:
    names = sorted(path.name for path in (workspace.root / "audits").glob("*.md") if path.is_file())
    return workspace.read(f"audits/{names[-1]}").text if names else ""


def _name(workspace: Workspace, now: datetime) -> str:
    """`YYYY-MM-DD-NN`, the first that is free."""
    day = f"{now.astimezone():%Y-%m-%d}"
    taken = (f"{day}-{number:02}" for number in range(1, 100))
    return next((name for name in taken if not workspace.read(f"audits/{name}.md").blob), f"{day}-99")


# -- what it finds ----------------------------------------------------------------------------------------------------


def _twins(workspace: Workspace, skills: Sequence[Health]) -> list[tuple[str, str]]:
    """Pairs of skills that say the same, the one of less use first."""
    found: list[tuple[str, str]] = []
    known = {one.name: one for one in skills}
    for one in skills[:_COMPARED]:
        data = _skill_md(workspace, one.name)
        twin = alike.twin(workspace.root, workspace.state_dir, alike.text_of(data, one.name), None) if data else ""
        if twin in known:
            less, more = sorted((one, known[twin]), key=lambda each: (each.now.uses, -each.idle.days, each.name))
            found.append((less.name, more.name))
    return list(dict.fromkeys(found))


def contradictions(memory: Sequence[entries.Entry]) -> list[str]:
    """Pairs of memory entries that say the same of different things: nearly the same words, but for a number, a name
    or an address."""
    worded = [(entry, set(entry.text.lower().split())) for entry in memory]
    found = []
    for place, (one, words) in enumerate(worded):
        for other, others in worded[place + 1 :]:
            shared = words & others
            apart = words ^ others
            if (
                len(shared) >= 3
                and len(apart) <= max(2, len(shared) // 2)
                and len(words - others)
                and len(others - words)
            ):
                found.append(f"`{one.id}` and `{other.id}` in MEMORY.md may contradict each other.")
    return found


# -- what it proposes -------------------------------------------------------------------------------------------------


def _proposed(bench: Bench, skills: Sequence[Health], twins: Sequence[tuple[str, str]]) -> Iterator[Proposal]:
    """At most five; what a person rejected before, or what the gate does not let through, is left out."""
    left = _MOST_PROPOSED
    for change, because in _wanted(bench, skills, twins):
        if not left:
            return
        try:
            yield bench.proposals.propose(change, because)
        except Refused:
            continue
        left -= 1


def _wanted(bench: Bench, skills: Sequence[Health], twins: Sequence[tuple[str, str]]) -> Iterator[tuple[Change, str]]:
    workspace = bench.workspace
    free = [one for one in skills if not worse.is_left_alone(workspace, one.name)]
    for one in free:
        if one.is_worse:
            yield _back(workspace, one), worse.BECAUSE
    names = {one.name for one in free}
    for less, more in twins:
        if less in names and (
            change := _put_away(workspace, less, f"it says much the same as {more}, which is used more")
        ):
            yield change, f"it says the same as {more}"
    for one in free:
        if one.is_forgotten and (change := _put_away(workspace, one.name, f"not used for {one.idle.days} days")):
            yield change, f"it was not used for {one.idle.days} days"


def _back(workspace: Workspace, one: Health) -> Change:
    """The skill as its predecessor had it."""
    assert one.before
    why = f"{worse.figures(one.version, one.now)}; {worse.figures(*one.before)}."
    return worse.back(workspace, one.name, one.version, one.before[0], why)


def _put_away(workspace: Workspace, name: str, why: str) -> Change | None:
    """The skill marked as archived; None where that cannot be written."""
    path = f"skills/{name}/SKILL.md"
    doc = workspace.read(path)
    try:
        text = skill.set_mark(doc.text, name, skill.STATUS, "archived")
    except HermesError:
        return None
    return Change({path: text.encode()}, "skill", f"Archive {name}: {why}.", BY_AUDIT, {path: doc.blob})


def _skill_md(workspace: Workspace, name: str) -> bytes | None:
    return sources.read(workspace.root, f"skills/{name}/{skill_places.FILE}")
