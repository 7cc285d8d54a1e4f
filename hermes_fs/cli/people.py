"""`hermes people`: what the agent believes of whom, drawn as a tree; asking it; forgetting a claim. Thinks nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.cli import people_tree
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import BY_HAND, here, opened
from hermes_fs.cli.output import bold, dim, good, print_json, print_table, print_text
from hermes_fs.core import config
from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.people import STATUSES, Claim, Opinion
from hermes_fs.core.ports import Cancel
from hermes_fs.core.terminal import one_line
from hermes_fs.store import portraits
from hermes_fs.store.portraits import Person
from hermes_fs.store.workspace import Workspace

app = group("What the agent believes of you and of other people: claims with their evidence.")

Who = Annotated[str, typer.Argument(metavar="HANDLE", help="Whose model, by handle or name; you, if nobody is named.")]


@app.command("list", epilog=example("hermes people list", "hermes people list --json"))
def list_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Everybody who is known, and how much is believed of them."""
    with opened(context) as workspace:
        known = [portraits.person(workspace, handle) for handle in portraits.handles(workspace)]
    if as_json:
        print_json([_summary(person) for person in known])
        return
    rows = [(person.handle, person.name, person.role, _counts(person.claims)) for person in known]
    print_table(("handle", "name", "role", "claims"), rows)
    _complain(known)


@app.command(epilog=example("hermes people show", "hermes people show anna --evidence"))
def show(
    context: typer.Context,
    who: Who = "",
    evidence: Annotated[bool, typer.Option("--evidence", help="Every place in a transcript, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """What is believed of somebody, as a tree; what was replaced stands dimmed below what replaced it."""
    with opened(context) as workspace:
        person = portraits.person(workspace, portraits.resolve(workspace, who or here(workspace)))
        today = workspace.clock.now().astimezone().date()
        elsewhere = _elsewhere(workspace)
    if elsewhere:
        with _runtime(context) as runtime:
            person = replace(person, claims=tuple(runtime.about(person.handle).claims()), problems=())
    if as_json:
        print_json({**_summary(person), "claims": [asdict(claim) for claim in person.claims]})
        return
    title = " ".join(filter(None, (person.handle, f"({person.name})" if person.name else "")))
    print(f"{bold(one_line(title))}  {dim(_counts(person.claims))}")
    for line in people_tree.lines(person.claims, today, evidence):
        print(line)
    _complain([person])


@app.command(epilog=example("hermes people forget k3v9qa", "hermes people forget k3v9qa --of anna"))
def forget(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="CLAIM_ID", help="The claim's id, as `show` prints it.")],
    who: Annotated[str, typer.Option("--of", metavar="HANDLE", help="Whose; found by the id if not given.")] = "",
) -> None:
    """Take a claim out of the model; `hermes undo` brings it back, history keeps it."""
    with opened(context) as workspace:
        elsewhere = _elsewhere(workspace)
        handle = portraits.resolve(workspace, who) if who or elsewhere else _holder(workspace, which)
        gone = None if elsewhere else portraits.forget_by_hand(workspace, handle, which, BY_HAND)
    if gone is None:
        with _runtime(context) as runtime:
            gone = runtime.about(handle).forget(which)
    print(f"forgotten  {good(gone.id)}  {one_line(gone.text)}")


@app.command(epilog=example('hermes people ask "How does she like reviews written?" --of anna'))
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="In plain words.")],
    who: Annotated[str, typer.Option("--of", metavar="HANDLE", help="Of whom; of you, if nobody is named.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Ask what is believed of somebody; the answer names the claims that it rests on. 5 where nothing fits."""
    if not question.strip():
        raise UsageError("there is nothing to answer", 'ask something: hermes people ask "What do I drink?"')
    with _runtime(context) as runtime:
        handle = portraits.resolve(runtime.workspace, who or runtime.person)
        opinion: Opinion = runtime.about(handle).ask(question, Cancel())
    if as_json:
        print_json({"person": handle, **asdict(opinion)})
    elif opinion.text:
        print_text(opinion.text)
        print(dim(f"{opinion.confidence:.0%} sure{'; it rests on' if opinion.claims else ''}"))
    else:
        print(f"No answer: {one_line(opinion.problem or 'nothing fits')}.{' Nearest:' if opinion.nearest else ''}")
    for claim in () if as_json else opinion.claims or opinion.nearest:
        print(f"  {good(one_line(claim.id))}  {one_line(claim.text)}  {dim(claim.status)}")
    raise typer.Exit(0 if opinion.text else 5)


def _runtime(context: typer.Context) -> Any:
    """A whole runtime, loaded by the commands that need one."""
    options = load("hermes_fs.runtime:Options")(context.obj.workspace, Path.cwd(), os.environ)
    return load("hermes_fs.runtime:Runtime").open(options)


def _elsewhere(workspace: Workspace) -> bool:
    """Whether another than the mind keeps the claims."""
    return config.load(workspace.root, workspace.state_dir).people.provider != "native"


def _holder(workspace: Workspace, which: str) -> str:
    """Whose claim has this id. Raises NotFound."""
    wanted = which.strip("[] ").lower()
    for handle in portraits.handles(workspace):
        if any(claim.id == wanted for claim in portraits.person(workspace, handle).claims):
            return handle
    raise NotFound(f"no claim {which!r:.40}", "see them with `hermes people show`")


def _summary(person: Person) -> dict[str, Any]:
    counts = {str(status): sum(claim.status == status for claim in person.claims) for status in STATUSES}
    known = {"handle": person.handle, "name": person.name, "role": person.role}
    return {**known, **counts, "problems": list(person.problems)}


def _counts(claims: tuple[Claim, ...]) -> str:
    if not claims:
        return "nothing yet"
    counts = {status: sum(claim.status == status for claim in claims) for status in STATUSES}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def _complain(people: list[Person]) -> None:
    for problem in (problem for person in people for problem in person.problems):
        print(f"note: {one_line(problem)}", file=sys.stderr)
