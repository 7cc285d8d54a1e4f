"""`hermes doctor`: shows what the checks find, each with its fix."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import checks_git
from hermes_fs.cli.app import example, single
from hermes_fs.cli.checks import examine
from hermes_fs.cli.finding import Finding, Scene, State
from hermes_fs.cli.output import bad, bold, dim, good, print_json, warning
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import HermesError, NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.store import locate
from hermes_fs.store.workspace import Workspace

app = single()

_NAME = 10


@app.command(epilog=example("hermes doctor", "hermes doctor --offline", "hermes doctor --fix", "hermes doctor --json"))
def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no server.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Do git's housekeeping where it is due, first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array of findings.")] = False,
) -> None:
    """Check this machine, the workspace and the model's server; each finding comes with its fix.

    Exits with 1 if something is broken.
    """
    scene = Scene(_root(context.obj.workspace), os.environ, SystemClock(), offline)
    findings = (*_fixed(scene), *examine(scene)) if fix else examine(scene)
    if as_json:
        found = list(findings)
        rows = [{"name": one.name, "state": one.state, "detail": one.detail, "fix": one.fix} for one in found]
        print_json(rows)
        states = [one.state for one in found]
    else:
        states = _shown(findings)
    raise typer.Exit(1 if "broken" in states else 0)


def _root(explicit: Path | None) -> Path | None:
    """The workspace that is meant; one that is named but is none is looked at all the same."""
    try:
        return locate.find(explicit, Path.cwd(), os.environ)
    except NotFound:
        named = explicit or (Path(os.environ["HERMES_WORKSPACE"]) if os.environ.get("HERMES_WORKSPACE") else None)
        return named.expanduser() if named else None


def _fixed(scene: Scene) -> Iterator[Finding]:
    """What is put right without a question: nothing that a person could miss."""
    if scene.root is None:
        return
    try:
        with Workspace.open(scene.root) as workspace:
            yield checks_git.mend(workspace)
    except HermesError as error:
        yield Finding("repository", "warn", error.message, error.hint)


def _shown(findings: Iterable[Finding]) -> list[State]:
    states: list[State] = []
    marks = {"ok": good("✓"), "warn": warning("!"), "broken": bad("✗")}
    print()
    for one in findings:
        states.append(one.state)
        print(f"  {marks[one.state]} {one.name:<{_NAME}}  {one_line(one.detail)}", flush=True)
        if one.fix:
            print(f"    {'':<{_NAME}}  {dim('→')} {one_line(one.fix)}")
    broken = states.count("broken")
    print("\n  " + (bold(f"{broken} broken") if broken else bold("All is well.")))
    return states
