"""`hermes setup`: asks for what a first day needs, step by step, and may be run again at any time.

Each step keeps what it did at once, so leaving in the middle loses nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.cli import setup_steps, standing
from hermes_fs.cli.app import example, single
from hermes_fs.cli.desk import Desk
from hermes_fs.cli.open import config_of, root_of
from hermes_fs.cli.output import bold, dim, good, warning
from hermes_fs.cli.setup_model import first_message, model
from hermes_fs.core.errors import HermesError
from hermes_fs.core.terminal import one_line

app = single()

_STEPS: tuple[Callable[[Desk, Path], None], ...] = (
    model,
    first_message,
    setup_steps.commands,
    setup_steps.approvals,
    setup_steps.cost,
    setup_steps.completion,
    setup_steps.git_identity,
)
_LEFT = "\n\n  What was answered is kept. Go on with: hermes setup\n"


@app.command(epilog=example("hermes setup", "hermes setup --yes", "hermes -w ~/mind setup"))
def setup(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: show what is set and what is missing.")] = False,
) -> None:
    """Set up step by step: workspace, model, where commands run, approvals, cost, completion. Enter keeps what holds.

    Without a terminal it shows what is set and what is missing, and changes nothing.
    """
    tty = Tty.find() if sys.stdin.isatty() and sys.stdout.isatty() and not yes else None
    if tty is None:
        _show(root_of(context))
        return
    desk = Desk(tty, Ink(sys.stdout, os.environ))
    try:
        root = setup_steps.workspace(desk, root_of(context), context.obj.workspace)
        for step in _STEPS:
            _take(step, desk, root)
    except KeyboardInterrupt:
        tty.write(_LEFT)
        raise
    tty.write(f"\n  {bold('That is all.')} Talk to it with: hermes\n\n")


def _take(step: Callable[[Desk, Path], None], desk: Desk, root: Path) -> None:
    """One step that fails does not keep the others from being asked."""
    try:
        step(desk, root)
    except HermesError as error:
        desk.trouble(error)


def _show(root: Path | None) -> None:
    rows = standing.everything(root, config_of(root))
    for name, held in rows.items():
        print(f"{warning('!') if held.missing else good('✓')} {name:<11} {one_line(held.text)}")
        if held.missing:
            print(f"  {'':<11} {dim('→')} {one_line(held.missing)}")
    missing = [name for name, held in rows.items() if held.missing]
    print(f"missing: {', '.join(missing)}" if missing else "nothing is missing")
