"""`hermes export`: the whole workspace as one file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli.app import example, single
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bold, dim, good, print_json
from hermes_fs.cli.skills_shown import size
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.core.terminal import one_line
from hermes_fs.store.carrying import bundle
from hermes_fs.store.formats.format import counted
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.workspace import Workspace

app = single()

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object; nothing is asked.")]


@app.command(epilog=example("hermes export", "hermes export ~/backup/mind.bundle", "hermes export --no-sessions"))
def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Default: mind-DATE.bundle, here.")] = None,
    no_sessions: Annotated[bool, typer.Option("--no-sessions", help="Without transcripts.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the whole workspace into one file: every lesson, every transcript, what waits for review.

    It is a git bundle, verified after it was written. `hermes import FILE PATH` makes a workspace of it again.
    """
    with opened(context) as workspace:
        target = file or Path(f"mind-{workspace.clock.now():%Y-%m-%d}.bundle")
        done = bundle.export(workspace, None if no_sessions else refs_of(workspace), target, force)
    if as_json:
        print_json({**asdict(done), "path": str(done.path)})
        return
    for line in done.notes:
        print(f"note: {one_line(line)}")
    months = "without transcripts" if no_sessions else f"{counted(done.months, 'month')} of transcripts"
    waiting = f", {counted(done.proposals, 'proposal')}" if done.proposals else ""
    print(f"{good('Exported')} {bold(one_line(str(done.path)))}  {size(done.size)}")
    print(f"  main at {done.head[:8]}, {months}{waiting}")
    print(dim("Verified. Whoever has it can read all of it. Back: hermes import FILE PATH"))


def refs_of(workspace: Workspace) -> SessionRefs:
    """Its transcripts beside main."""
    clock = SystemClock()
    sessions = Sessions(workspace.root, workspace.host, clock, Ulids(clock))
    return SessionRefs(workspace.root, workspace.git, workspace.state_dir, sessions, clock)
