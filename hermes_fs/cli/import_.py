"""`hermes import`: a workspace out of a bundle, or what another agent kept into the workspace that is here."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.cli import gating, trusting
from hermes_fs.cli.app import example, single
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.export import AsJson, refs_of
from hermes_fs.cli.open import confirm, opened, root_of
from hermes_fs.cli.output import bad, bold, dim, good, print_json, print_table
from hermes_fs.core import config
from hermes_fs.core.errors import NotFound, Refused, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting
from hermes_fs.store.carrying import bringing, bundle, homes, planning
from hermes_fs.store.carrying.bringing import Done
from hermes_fs.store.carrying.planning import Plan
from hermes_fs.store.carrying.things import Home, LeftOut
from hermes_fs.store.formats.format import counted
from hermes_fs.store.locate import default
from hermes_fs.store.policy import Policy
from hermes_fs.store.workspace import Workspace

app = single()


_LEFT_OUT = 30
_BundlePath = Annotated[Path | None, typer.Argument(help="Of a file: the new workspace; default: ~/hermes.")]


@app.command(
    "import",
    epilog=example(
        "hermes import ~/mind-2026-11-21.bundle ~/hermes",
        "hermes import ~/.hermes --dry-run",
        "hermes import ~/.openclaw",
        "hermes import ~/notes/agent",
    ),
)
def import_(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A file of `hermes export`, a ~/.hermes, a ~/.openclaw, a folder.")
    ],
    path: _BundlePath = None,
    kind: Annotated[
        str, typer.Option("--as", metavar="KIND", help=f"What a folder is: {', '.join(homes.KINDS)}.")
    ] = "",
    bundled: Annotated[bool, typer.Option("--bundled", help="Skills that came with the other agent, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, change nothing.")] = False,
    trust: Annotated[bool, typer.Option("--trust", help="Of a file: it is your own; trust all of it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring in what another agent kept: memory, notes, skills, jobs, conversations. Or make a workspace of a file.

    It is shown first. What is there already does not come twice. Skills are off until you trust them, jobs until you
    switch them on.
    """
    place = source.expanduser().absolute()
    if not place.exists():
        raise NotFound(f"there is nothing at {place}", "look at the path")
    if not place.is_dir():
        _restore(context, place, path, trust, as_json)
        return
    if path:
        raise UsageError(
            "a folder comes into the workspace that is here", "name no second path; -w names the workspace"
        )
    with opened(context) as workspace:
        _bring(workspace, homes.open_home(place, workspace.state_dir, kind), bundled, dry_run, yes, as_json)


def _bring(workspace: Workspace, home: Home, bundled: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    plan = planning.plan(workspace, home, bundled)
    if not as_json:
        _show(workspace, plan)
    if dry_run or plan.is_empty:
        if as_json:
            print_json(_as_json(plan, None))
        elif plan.is_empty:
            known = plan.rows or plan.left_out
            print("Nothing is new: all of it is here, or was left out." if known else "It holds nothing to bring in.")
        # conversations may have gone on, which only their writing sees
        if dry_run or not any(row.what == "conversations" for row in plan.rows):
            return
    if as_json and not yes:
        raise Refused("nobody is asked with --json", "add --yes, or --dry-run")
    if not plan.is_empty:
        confirm("Bring it in?", yes)
    _carry_out(workspace, plan, as_json)


def _carry_out(workspace: Workspace, plan: Plan, as_json: bool) -> None:
    wanted = config.load(workspace.root, workspace.state_dir, withheld=acting.withheld(workspace)).review
    total = sum(row.new for row in plan.rows if row.what == "conversations")
    with Bar("bringing", "conversations") as progress:
        done = bringing.bring(
            workspace,
            plan,
            Policy(**wanted.model_dump()),
            gating.anew(workspace, "publisher"),
            refs_of(workspace),
            lambda number: progress(number, max(total, number)),
        )
    if as_json:
        print_json(_as_json(plan, done))
        return
    _say(plan, done)


def _restore(context: typer.Context, file: Path, path: Path | None, trust: bool, as_json: bool) -> None:
    wanted = path or _free_place(context)
    workspace, left_out = bundle.restore(file, wanted)
    with workspace:
        brought = refs_of(workspace).materialise()
        if as_json:
            if trust:
                workspace.trust.accept(acting.pending(workspace))
            waiting = [item.key for item in acting.pending(workspace)]
            said = {"workspace": str(workspace.root), "head": workspace.head(), "left_out": left_out}
            print_json({**said, "session_files": len(brought), "untrusted": waiting})
            return
        for line in left_out:
            print(f"note: {one_line(line)}")
        print(f"{good('Made')} a workspace at {bold(one_line(str(workspace.root)))} of {one_line(file.name)}")
        print(dim(f"{counted(len(brought), 'file')} of earlier sessions came along. It is synced to nowhere yet."))
        trusting.settle(workspace, trust)


def _free_place(context: typer.Context) -> Path:
    """Where a workspace is made of a bundle if nobody says where. Refused where there is one already."""
    root = root_of(context)
    if root:
        hint = "make one of its own: hermes import FILE PATH; what you sync comes by `hermes sync`"
        raise Refused(f"there is a workspace already, {root}, and a bundle is a whole one", hint)
    return context.obj.workspace or default(os.environ)


# -- what is shown ----------------------------------------------------------------------------------------------------


def _show(workspace: Workspace, plan: Plan) -> None:
    home = plan.home
    print(f"{bold(one_line(str(home.root)))}, {home.kind}, into {one_line(str(workspace.root))}\n")
    rows = [(row.what, f"{row.new:,}", f"{row.there:,}" if row.there else "", row.where, row.note) for row in plan.rows]
    print_table(("what", "new", "here", "goes to", ""), rows)
    if plan.left_out:
        print(f"\n{bold(f'{len(plan.left_out)} left out')}")
    for one in plan.left_out[:_LEFT_OUT]:
        print(f"  {one_line(one.what)}: {dim(one_line(one.why))}")
    if len(plan.left_out) > _LEFT_OUT:
        print(dim(f"  and {len(plan.left_out) - _LEFT_OUT} more; --json names all"))
    print()


def _say(plan: Plan, done: Done) -> None:
    came = [counted(len(done.lessons), "lesson")]
    if done.talks:
        came.append(f"{counted(done.talks, 'conversation')} with {counted(done.messages, 'message')}")
    if done.lessons or done.talks or done.proposal:
        print(
            f"{good('Imported')} {', '.join(came)}. {dim('hermes log shows the lessons, hermes undo takes one back.')}"
        )
    else:
        print("Nothing is new.")
    if done.skills:
        print(dim(f"{counted(len(done.skills), 'skill')} off until you trust them: hermes trust list"))
    if any(row.what == "jobs" and row.new for row in plan.rows):
        print(dim("The jobs are switched off: `enabled: true` in cron.yaml switches one on."))
    if done.proposal:
        print(dim(f"Its voice waits as a proposal: hermes review show {done.proposal}"))
    for one in done.left_out:
        print(f"  {bad('not brought')} {one_line(one.what)}: {one_line(one.why)}")


def _as_json(plan: Plan, done: Done | None) -> dict[str, Any]:
    """What programs read: stable names."""
    left = [*plan.left_out, *(done.left_out if done else ())]
    return {
        "source": str(plan.home.root),
        "kind": plan.home.kind,
        "rows": [asdict(row) for row in plan.rows],
        "left_out": [_left(one) for one in left],
        "done": done is not None,
        "lessons": [one.id for one in done.lessons] if done else [],
        "skills": done.skills if done else [],
        "proposal": done.proposal if done else "",
        "conversations": done.talks if done else 0,
        "messages": done.messages if done else 0,
    }


def _left(one: LeftOut) -> dict[str, str]:
    return {"what": one.what, "why": one.why}
