"""`hermes audit`: what the agent found when it looked back on tasks, skills and memory. Finds nothing out itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli.app import example, group_of_names
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import dim, print_json, print_text
from hermes_fs.core.errors import Conflict, Failed, NotFound
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Cancel
from hermes_fs.store.workspace import Workspace

app = group_of_names("How tasks went, which skills help, what is stale: reports with proposals.", "show")


@app.command(epilog=example("hermes audit", "hermes audit show 2026-11-21-01"))
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="As listed; empty: the latest.")] = "",
) -> None:
    """A report, the latest where none is named."""
    with opened(context) as workspace:
        known = _names(workspace)
        if not known and not name:
            print(dim("No audit yet. One is written after every 15 tasks, or now: hermes audit run"))
            return
        wanted = name.removesuffix(".md") or known[-1]
        if wanted not in known:
            raise NotFound(f"there is no audit {name!r}", "see them with `hermes audit list`")
        print_text(workspace.read(f"audits/{wanted}.md").text)


@app.command("list", epilog=example("hermes audit list"))
def list_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array of names, oldest first.")] = False,
) -> None:
    """Every report."""
    with opened(context) as workspace:
        known = _names(workspace)
    if as_json:
        print_json(known)
    elif known:
        print_text("\n".join(known))
    else:
        print(dim("No audit yet: hermes audit run"))


@app.command(epilog=example("hermes audit run"))
def run(context: typer.Context) -> None:
    """Write an audit now, with its proposals, and show it; none where nothing happened since the last. Asks no
    model."""
    options = load("hermes_fs.runtime:Options")(context.obj.workspace, Path.cwd(), os.environ)
    with load("hermes_fs.runtime:Runtime").open(options) as runtime:
        runtime.workspace.require_learning()
        errands = runtime.errands()
        order = errands.add(load("hermes_fs.store.errands:Errand")("audit", what="now"))
        with errands:
            taken = errands.take(("audit",), only=order.id)
            if taken is None:
                raise Conflict("another hermes is learning at the moment", "it writes the audit next: hermes audit")
            before = _names(runtime.workspace)
            finished = runtime.learner(lambda event: None, Cancel()).do(taken, watched=True)
        if finished.why:
            raise Failed(finished.why, "try again in a while")
        if finished.done.told and _names(runtime.workspace) == before:
            print(finished.done.told[0])
            return
        print_text(runtime.workspace.read(f"audits/{_names(runtime.workspace)[-1]}.md").text)


def _names(workspace: Workspace) -> list[str]:
    return sorted(path.stem for path in (workspace.root / "audits").glob("*.md") if path.is_file())
