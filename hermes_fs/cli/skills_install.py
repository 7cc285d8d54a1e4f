"""`hermes skills install`: a skill from elsewhere is fetched, scanned and shown; a person's yes makes it a lesson."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import gating, skills_shown
from hermes_fs.cli.app import example
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bad, dim, good, print_json
from hermes_fs.core import config
from hermes_fs.core.errors import Refused
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Change, Commit
from hermes_fs.store import acting
from hermes_fs.store.installing import accepting, newcomer, source
from hermes_fs.store.installing.accepting import Yes as SaidYes
from hermes_fs.store.installing.newcomer import Found, Newcomer
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace

EPILOG = example(
    "hermes skills install anthropics/skills#pdf",
    "hermes skills install https://example.com/tools.git#skills/deploy@v2",
    "hermes skills install ./my-skill.zip --name my-own",
    "hermes skills install https://example.com#code-review",
)

_NOBODY = "nobody was there to look at it"

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: what it shows is accepted.")]
Override = Annotated[
    str, typer.Option(metavar="REASON", help="Take it although something was found; the lesson keeps the reason.")
]


def install(
    context: typer.Context,
    text: Annotated[
        str, typer.Argument(metavar="SOURCE", help="OWNER/REPO, git address, folder, archive or site; #SKILL@REF.")
    ],
    name: Annotated[str, typer.Option(help="What it is called here.")] = "",
    yes: Yes = False,
    override: Override = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object; nothing is asked.")] = False,
) -> None:
    """Take in a skill from elsewhere: it is fetched, scanned and shown, and counts once you say yes."""
    wanted = source.parse(text, Path.cwd())
    with opened(context) as workspace:
        workspace.require_learning()
        skills_shown.waiting(wanted)
        found: Found = load("hermes_fs.store.installing.bringing:bring")(wanted, workspace.state_dir)
        one = newcomer.newcomer(found, name)
        accepting.require_free(workspace, one.name)
        one = newcomer.beside(workspace, one)
        problems = newcomer.findings(workspace, one)
        if not as_json:
            skills_shown.whole(one, problems)
        require_clean(problems, override)
        if as_json or yes or sys.stdin.isatty():
            if not (yes or as_json):
                skills_shown.ask("Install it?", one)
            if as_json and not yes:
                raise Refused("nobody is asked with --json", "add --yes")
            done = accepting.install(workspace, one, said_yes(workspace, skills_shown.why(one), override, problems))
            _say(one, done, as_json)
        else:
            propose(workspace, accepting.change_of(workspace, one, skills_shown.why(one)), bool(problems))


def require_clean(problems: list[str], override: str) -> None:
    """Refused where something was found and nobody says why it may come in all the same."""
    if problems and not override.strip():
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise Refused(
            f"it is not taken in: {problems[0]}{more}",
            "look at its files; to take it all the same, give your reason with --override",
        )


def said_yes(workspace: Workspace, why: str, override: str, problems: list[str]) -> SaidYes:
    """With the gate, which runs the skill's own tests in a sandbox now that a person wants it."""
    return SaidYes(why, override.strip(), bool(problems), gating.anew(workspace, "publisher"))


def _say(one: Newcomer, done: Commit, as_json: bool) -> None:
    if as_json:
        print_json({**skills_shown.as_json(one), "commit": done.id, "change": done.change, "subject": done.subject})
    else:
        print(f"{good('Installed')} {one_line(one.name)}  {dim(done.id[:8])}  hermes undo takes it back")


def propose(workspace: Workspace, change: Change, found_wrong: bool) -> Proposal:
    """Nobody can say yes: it waits where the agent's own proposals wait, and nothing of it counts until then."""
    if found_wrong:
        raise Refused("nobody is there to accept what was found", "add --yes")
    wanted = config.load(workspace.root, workspace.state_dir, withheld=acting.withheld(workspace)).review
    try:
        made = Proposals(workspace, Policy(**wanted.model_dump())).propose(change, _NOBODY)
    except Refused as error:
        raise Refused(
            f"it cannot wait as a proposal: {error.message}", "run this at a terminal, or add --yes"
        ) from error
    print(f"{bad('Not taken in')}: {_NOBODY}. It waits as proposal {made.id}: hermes review show {made.id}")
    return made
