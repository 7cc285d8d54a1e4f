"""`hermes import`: a workspace out of a bundle, or what another agent kept into the workspace that is here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import trusting
from hermes_fs.cli.app import example, single
from hermes_fs.cli.export import AsJson, refs_of
from hermes_fs.cli.open import root_of
from hermes_fs.cli.output import bold, dim, good, print_json
from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting
from hermes_fs.store.carrying import bundle
from hermes_fs.store.formats.format import counted
from hermes_fs.store.locate import default

app = single()


@app.command("import", epilog=example("hermes import ~/mind-2026-11-21.bundle ~/hermes"))
def import_(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file that `hermes export` wrote.")],
    path: Annotated[Path | None, typer.Argument(help="Of a file: the new workspace; default: ~/hermes.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Of a file: it is your own; trust all of it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a workspace of a file that `hermes export` wrote."""
    place = source.expanduser().absolute()
    if not place.exists():
        raise NotFound(f"there is nothing at {place}", "look at the path")
    _restore(context, place, path, trust, as_json)


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
