"""`hermes eval` and `hermes skills eval`: makes cases, runs them and shows what came of it. Judges nothing itself."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.agent.evals import case as cases
from hermes_fs.agent.evals import mine
from hermes_fs.agent.evals.arms import Arm, Plan, Tally, compare
from hermes_fs.agent.evals.replay import Replay, announced, replay
from hermes_fs.agent.gate import Scores
from hermes_fs.cli import gating
from hermes_fs.cli.app import example, group
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.open import BY_HAND, confirm, opened
from hermes_fs.cli.output import bad, dim, good, print_json, print_table, print_text, warning
from hermes_fs.core.errors import NotFound, Refused, UsageError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Change
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import transcript
from hermes_fs.store.candidate import File, Files, files_of
from hermes_fs.store.paths import check_path
from hermes_fs.store.review import Review
from hermes_fs.store.sessions import info_of
from hermes_fs.store.workspace import Workspace

_NEW = example("hermes eval new --from-session last", "hermes eval new --from-session last --print")

app = group("Tasks with checkers that say whether a skill helps.")


@app.command("new", epilog=_NEW)
def new(
    context: typer.Context,
    session: Annotated[str, typer.Option("--from-session", help="A session's id, the beginning of one, or last.")],
    skill: Annotated[str, typer.Option(help="Whose eval it becomes; empty: the skill that the task used.")] = "",
    task: Annotated[str, typer.Option(help="Event id of the person's message; empty: the last task.")] = "",
    name: Annotated[str, typer.Option(help="What the case is called; empty: by what was asked.")] = "",
    work_dir: Annotated[str, typer.Option(help="Where the session worked; empty: here.")] = "",
    just_print: Annotated[bool, typer.Option("--print", help="Show the case, keep nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    override: gating.Override = "",
) -> None:
    """Make a case with its checks out of a task of a session."""
    with _runtime(context) as runtime:
        info = info_of(runtime.sessions.find(session).path)
        records = transcript.read(info.path).records
        made = mine.mine(records, info.id, work_dir or str(Path.cwd()), task, name)
        text = cases.write(made)
        cases.parse(text.encode(), made.name)  # what we write is what we read
        print_text(text)
        if just_print:
            return
        owner = skill or _used(records)
        path = f"skills/{owner}/evals/{made.name}.yaml"
        check_path(path)
        if not runtime.workspace.read(f"skills/{owner}/SKILL.md").blob:
            raise NotFound(f"there is no skill {owner!r}", "see them with `hermes skills list`")
        if runtime.workspace.read(path).blob:
            raise Refused(f"there is a case {path} already", "give this one another name: --name NAME")
        confirm(f"Keep it as {path}?", yes)
        expect = {path: ""}
        change = Change({path: text.encode()}, "skill", "", BY_HAND, expect)
        done = gating.commit(runtime.workspace, change, override)
        print(f"{done.subject}\nTry it: hermes skills eval {owner} --case {made.name}")


@app.command("list", epilog=example("hermes eval list", "hermes eval list write-changelog"))
def list_command(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="SKILL", help="Only of these skills.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Every case with what it asks; one that cannot be read is named below, with what is wrong."""
    with opened(context) as workspace:
        skills = names or sorted(path.parent.name for path in workspace.root.glob("skills/*/evals"))
        rows = [row for skill in skills for row in _listed(skill, _bytes(_on_disk(workspace, skill)))]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print(dim("No evals yet. Make one out of what you just did: hermes eval new --from-session last"))
    whole = [row for row in rows if not row["problem"]]
    if whole:
        columns = ("skill", "case", "checks", "task")
        print_table(columns, [tuple(row[column] for column in columns) for row in whole])
    for row in rows:
        if row["problem"]:
            print(f"{bad('✗')} {one_line(row['skill'])}  {one_line(row['problem'])}")


def _listed(skill: str, files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """A row for each case; a broken one hides no other."""
    for path in sorted(files):
        row = {"skill": skill, "case": Path(path).stem, "task": "", "checks": 0, "problem": ""}
        try:
            found = cases.cases_of({path: files[path]})
        except Refused as error:
            yield row | {"problem": error.message}
            continue
        for one in found:
            yield row | {"task": one.task, "checks": len(one.checks)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `hermes skills eval` was asked for; `proposal` names one whose version is the candidate."""

    name: str
    chosen: Sequence[str]
    proposal: str
    repeat: int
    jobs: int
    model: str


def evaluate(context: typer.Context, wanted: Wanted, as_json: bool) -> None:
    """Runs it and shows what came of it; exits with 1 if the skill does not help."""
    with _runtime(context) as runtime:
        plan = _plan(runtime.workspace, wanted)
        cancel = Cancel()
        with Bar("trying", "attempts") as bar:
            found = compare(plan, runtime.means(wanted.model, cancel), bar)
    if as_json:
        print_json({"skill": wanted.name, "arms": {arm: _plain(tally) for arm, tally in found.items()}})
    else:
        _show(plan, found)
        print(verdict(found))
    raise typer.Exit(0 if _helps(found) else 1)


def replayed(workspace: Workspace, name: str, incumbent: str, files: Files) -> Scores | None:
    """An `agent.gate.Evaluator` for a person who waits, told on stderr how far it is."""
    with ExitStack() as stack:

        def wanted() -> Replay | None:
            runtime = stack.enter_context(Runtime.open(Options(workspace.root, Path.cwd(), os.environ)))
            means = functools.partial(runtime.means, "", Cancel())
            bar = stack.enter_context(Bar("replaying", "attempts"))
            evals = runtime.config.evals
            return replay(runtime.workspace.git, means, evals, bar) if evals.replay else None

        evaluator = announced(wanted, lambda line: print(f"note: {line}", file=sys.stderr, flush=True))
        return evaluator(name, incumbent, files)


# -- inside -----------------------------------------------------------------------------------------------------------


def _plan(workspace: Workspace, wanted: Wanted) -> Plan:
    name = wanted.name
    now = _on_disk(workspace, name)
    if not now and not wanted.proposal:
        raise NotFound(f"there is no skill {name!r}", "see them with `hermes skills list`")
    versions: dict[Arm, Files | None] = {"no skill": None, **({"incumbent": now} if now else {})}
    if wanted.proposal:
        versions["candidate"] = _proposed(workspace, name, now, wanted.proposal)
    chosen = cases.named(cases.cases_of(_bytes(versions.get("candidate") or now)), wanted.chosen)
    if not chosen:
        raise Refused(f"{name} has no evals", f"make one: hermes eval new --from-session last --skill {name}")
    return Plan(name, chosen, versions, wanted.repeat, wanted.jobs)


def _on_disk(workspace: Workspace, name: str) -> Files:
    """A skill as main has it with what a person edited, by the tree that it would be."""
    check_path(f"skills/{name}/SKILL.md")
    tree = workspace.tree_with_edits()
    folder = f"skills/{name}"
    inner = workspace.git.tree_at(tree, folder) if tree else ""
    return files_of(workspace.git, inner, folder)


def _proposed(workspace: Workspace, name: str, now: Files, proposal: str) -> Files:
    review = Review(workspace)
    one = review.find(proposal)
    content = {path.removeprefix(f"skills/{name}/"): data for path, data in review.content(one).items()
               if path.startswith(f"skills/{name}/")}  # fmt: skip
    if not content:
        raise UsageError(f"proposal {one.id} does not touch {name}", f"it touches {', '.join(one.paths[:3])}")
    kept = {path: file for path, file in now.items() if content.get(path, file) is not None}
    return {**kept, **{path: File(data) for path, data in content.items() if data is not None}}


def _bytes(files: Files) -> Mapping[str, bytes]:
    return {path: file.data for path, file in files.items()}


def _used(records: Sequence[transcript.Record]) -> str:
    used = [one.text("name") for one in records if one.type == "skill_used"]
    if not used:
        raise UsageError("this session used no skill", "say whose eval it becomes: --skill NAME")
    return used[-1]


def _runtime(context: typer.Context) -> Runtime:
    return Runtime.open(Options(context.obj.workspace, Path.cwd(), os.environ))


def _show(plan: Plan, found: Mapping[Arm, Tally]) -> None:
    rows = []
    for arm, tally in found.items():
        low, high = tally.interval
        tokens = f"{tally.usage.total // tally.n:,}" if tally.n else ""
        used = "" if arm == "no skill" else f"{tally.activated} of {tally.n}"
        passed, span = f"{tally.passed} of {tally.n}", f"{low:.0%} to {high:.0%}"
        rows.append((arm, passed, f"{tally.rate:.0%}", span, used, tokens, f"{tally.seconds:.1f} s"))
    print_table(("", "passed", "", "95 %", "read the skill", "tokens", "time"), rows)
    last = found[list(found)[-1]]
    for attempt in last.attempts:
        mark = good("✓") if attempt.passed else bad("✗")
        print(f"{mark} {one_line(attempt.case)}")
        for failure in attempt.failures:
            print(f"    {one_line(failure)}")
    cost = sum((tally.usage.cost or 0.0) for tally in found.values())
    count = len(plan.cases)
    print(dim(f"{count} case{'s' * (count != 1)} × {plan.repeat}" + (f", ${cost:.2f}" if cost else "")))


def _helps(found: Mapping[Arm, Tally]) -> bool:
    *others, last = found.values()
    return bool(last.activated) and last.rate > max(tally.rate for tally in others)


def verdict(found: Mapping[Arm, Tally]) -> str:
    """Why it ends with 0 or with 1, in a line."""
    *others, last = found
    if _helps(found):
        return good("It helps.")
    if not found[last].activated:
        return warning("The skill was never read, so nothing of this is its doing.")
    return warning(f"It is no better than: {', '.join(arm for arm in others if found[arm].rate >= found[last].rate)}.")


def _plain(tally: Tally) -> dict[str, Any]:
    attempts = [
        {"case": one.case, "passed": one.passed, "failures": list(one.failures), "activated": one.activated,
         "tokens": one.usage.total, "seconds": round(one.seconds, 2), "ended": one.ended}
        for one in tally.attempts
    ]  # fmt: skip
    return {"n": tally.n, "passed": tally.passed, "interval": list(tally.interval), "attempts": attempts}
