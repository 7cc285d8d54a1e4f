"""`hermes people`: what the agent believes of whom, drawn as a tree; asking it; forgetting a claim. Thinks nothing."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from hermes_fs.cli import people_tree
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import BY_HAND, opened
from hermes_fs.cli.output import bold, dim, good, print_json, print_table
from hermes_fs.core.errors import NotFound
from hermes_fs.core.people import OWNER, STATUSES, Claim
from hermes_fs.core.terminal import one_line
from hermes_fs.store import portraits
from hermes_fs.store.formats import portrait
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
    who: Who = OWNER,
    evidence: Annotated[bool, typer.Option("--evidence", help="Every place in a transcript, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """What is believed of somebody, as a tree; what was replaced stands dimmed below what replaced it."""
    with opened(context) as workspace:
        person = portraits.person(workspace, portraits.resolve(workspace, who))
        today = workspace.clock.now().astimezone().date()
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
        handle = portraits.resolve(workspace, who) if who else _holder(workspace, which)
        gone: list[Claim] = []

        def edit(before: portrait.Portrait) -> portrait.Portrait:
            after, claim = portrait.forget(before, which)
            gone.append(claim)
            return after

        portraits.edit_by_hand(workspace, handle, edit, "forgotten by hand", BY_HAND)
    print(f"forgotten  {good(gone[-1].id)}  {one_line(gone[-1].text)}")


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
