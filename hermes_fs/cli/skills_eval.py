"""`hermes skills eval`: its options. What runs evals is loaded by the first use: listing skills does without it."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli.app import example
from hermes_fs.core.loading import load

EPILOG = example(
    "hermes skills eval write-changelog",
    "hermes skills eval write-changelog --repeat 5 --jobs 1",
    "hermes skills eval write-changelog --proposal 3k9fzz",
)


def evaluate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The skill's name.")],
    case: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this case; may be repeated.")] = None,
    proposal: Annotated[str, typer.Option(help="Id of a proposal whose version is tried as the candidate.")] = "",
    repeat: Annotated[int, typer.Option(min=1, max=100, help="Attempts at each case in each arm.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="Attempts at a time.")] = 2,
    model: Annotated[str, typer.Option(help="Another model than the configured one.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Do a skill's cases without it, with it, and with a proposed version; exits with 1 if the skill does not help."""
    wanted = load("hermes_fs.cli.evaluating:Wanted")(name, case or (), proposal, repeat, jobs, model)
    load("hermes_fs.cli.evaluating:evaluate")(context, wanted, as_json)
