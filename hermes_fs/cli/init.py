"""`hermes init`: a workspace, new or from another machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import trusting
from hermes_fs.cli.app import example, single
from hermes_fs.cli.open import confirm
from hermes_fs.cli.output import bold, dim
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import UsageError
from hermes_fs.core.ids import Ulids
from hermes_fs.core.terminal import one_line
from hermes_fs.store import init as making
from hermes_fs.store import locate, remote
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.workspace import Workspace

app = single()


@app.command(
    epilog=example("hermes init", "hermes init ~/mind --remote git@example.org:me/mind.git", "hermes init --from URL")
)
def init(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(help="The folder; default: ~/hermes.")] = None,
    source: Annotated[str, typer.Option("--from", metavar="URL", help="Bring a workspace from another machine.")] = "",
    remote_url: Annotated[str, typer.Option("--remote", metavar="URL", help="Where it will be synced to.")] = "",
    sessions: Annotated[str, typer.Option(help="With --from, which transcripts: all, 90d or none.")] = "90d",
    trust: Annotated[bool, typer.Option("--trust", help="With --from: it is your own; trust all of it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Make a workspace. A second time changes nothing."""
    wanted = path or context.obj.workspace or _default()
    if source and remote_url:
        raise UsageError("--from and --remote exclude each other", "a clone is synced to where it comes from")
    if source:
        bring(wanted, source, sessions, trust)
        return
    planned = making.plan(wanted)
    if planned.adopts:
        print(f"{one_line(str(planned.root))} holds memories or skills. They become the first lesson of a workspace:")
        for name in planned.adopts:
            print(f"  {one_line(name)}")
        confirm("Adopt them?", yes)
    workspace, made = making.init(wanted, remote=remote.checked_url(remote_url) if remote_url else "")
    with workspace:
        _say(workspace, made)
        if workspace.read_only:
            print(f"note: nothing can be learned in it: {one_line(workspace.read_only)}")


def _default() -> Path:
    named = os.environ.get("HERMES_WORKSPACE", "")
    return Path(named) if named else locate.default(os.environ)


def bring(path: Path, url: str, sessions: str, trust: bool) -> None:
    workspace, left_out = remote.clone(url, path, sessions)
    with workspace:
        clock = SystemClock()
        known = Sessions(workspace.root, workspace.host, clock, Ulids(clock))
        brought = SessionRefs(workspace.root, workspace.git, workspace.state_dir, known, clock).materialise()
        for line in left_out:
            print(f"note: {one_line(line)}")
        _say(workspace, True)
        if brought:
            print(dim(f"{len(brought)} file{'s' * (len(brought) != 1)} of earlier sessions came along."))
        trusting.settle(workspace, trust)


def _say(workspace: Workspace, made: bool) -> None:
    print(f"{'Made' if made else 'There already is'} a workspace at {bold(one_line(str(workspace.root)))}")
    print(dim("Talk to it with `hermes`. It is a git repository: `hermes log` shows what it learns."))
