"""`hermes review`: a person goes through what the agent proposes: look, accept, edit, reject."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer

from hermes_fs.apps.chat.tty import Tty
from hermes_fs.cli import dates, editing, inbox, proposing, review_pr
from hermes_fs.cli.app import example, group_of_names
from hermes_fs.cli.open import confirm, opened
from hermes_fs.cli.output import dim, good, print_json, warning
from hermes_fs.core import config
from hermes_fs.core.errors import HermesError, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Cancel
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Change, Commit, Verdict
from hermes_fs.store import acting, digest
from hermes_fs.store.policy import Gate, Policy
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.pulls import Known, Pulls
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace

app = group_of_names("What the agent proposes and waits for you; alone, it goes through all of it.", "walk")


app.command("pr", epilog=review_pr.EXAMPLE)(review_pr.pr)

Id = Annotated[str, typer.Argument(metavar="ID", help="As listed, or the beginning of it.")]
Away = Annotated[bool, typer.Option("--away", help="Those that were rejected or expired, instead.")]


@app.command(epilog=example("hermes review", "hermes review walk", "hermes review 3k9fzz"))
def walk(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[ID]", help="Only this one.")] = "",
) -> None:
    """Go through what waits, one by one; without a terminal, list it, or show the one."""
    tty = Tty.find() if sys.stdin.isatty() and sys.stdout.isatty() else None
    with _reviewing(context) as (workspace, review):
        waiting = [review.find(name)] if name else review.waiting()
        if tty is None and name:
            proposing.whole(workspace, review, waiting[0])
            return
        now = dates.utc_now()
        news = "" if name else digest.digest(workspace.git, workspace.state_dir, now, len(waiting))
        if not waiting:
            print(f"Nothing waits for you.{f' {news}: hermes log' if news else ''}")
        elif tty is None:
            _list(waiting, "")
            return
        else:
            print(dim(news), end="\n" if news else "")
            inbox.Inbox(tty, workspace, review).walk(waiting)
        if tty is not None and not name:
            digest.note_look(workspace.state_dir, now)


@app.command("list", epilog=example("hermes review list", "hermes review list --away", "hermes review list --json"))
def list_command(
    context: typer.Context,
    away: Away = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, oldest first.")] = False,
) -> None:
    """What waits for you, oldest first."""
    with _reviewing(context) as (workspace, review):
        found = review.put_away() if away else review.waiting()
        pulls = Pulls(workspace.state_dir, workspace.locked).all()
    if as_json:
        print_json([proposing.as_json(one, pulls.get(one.id)) for one in found])
    else:
        _list(found, "Nothing was rejected, nothing expired." if away else "Nothing waits for you.", pulls)


@app.command(epilog=example("hermes review show 3k9fzz", "hermes review show 3k9 --json"))
def show(
    context: typer.Context,
    name: Id,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with the diff.")] = False,
) -> None:
    """One proposal: why it waits, where it comes from, and exactly what it would change."""
    with _reviewing(context) as (workspace, review):
        one = review.find(name)
        if as_json:
            pull = Pulls(workspace.state_dir, workspace.locked).all().get(one.id)
            print_json({**proposing.as_json(one, pull), "diff": review.diff(one)})
        else:
            proposing.whole(workspace, review, one)


@app.command(epilog=example("hermes review accept 3k9fzz", "hermes review accept --all --yes"))
def accept(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="ID", help="As listed.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that this machine made, that wait and still fit.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --all: do not ask.")] = False,
    override: Annotated[str, typer.Option(metavar="REASON", help="Why you want what the gate refuses.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The new lessons as one JSON array.")] = False,
) -> None:
    """Make proposals lessons. One that was rejected, or that expired, can still be accepted; skills are tried out by
    the gate again."""
    if bool(names) == everything:
        raise UsageError("name what you accept, or say --all", "see what waits with `hermes review list`")
    if override and everything:
        raise UsageError("a reason is for one proposal", "name it: hermes review accept ID --override REASON")
    with _reviewing(context) as (_, review):
        chosen = [(name, "") for name in names or ()]
        if everything:
            waiting = [one for one in review.waiting() if one.standing.fits and not one.foreign]
            chosen = [(one.id, one.commit) for one in waiting]
            if waiting and not as_json:
                _list(waiting, "")
            if waiting:
                confirm(f"Accept all {len(waiting)}?", yes)
        done, failed = _accepted(review, chosen, as_json, override.strip())
    if as_json:
        print_json([{"commit": one.id, "change": one.change, "subject": one.subject} for one in done])
    elif not chosen:
        print("Nothing waits for you.")
    if failed:
        raise failed[0]


@app.command(epilog=example("hermes review reject 3k9fzz --why 'that is not my server'"))
def reject(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="ID", help="As listed.")],
    why: Annotated[str, typer.Option(help="The agent is told, should it propose the same again.")] = "",
) -> None:
    """Say no; the same is not proposed again. It is kept for a while: `hermes review accept` brings it back."""
    with _reviewing(context) as (_, review):
        for name in names:
            inbox.said_no(review.reject(name, inbox.OWNER, why))


@app.command(epilog=example("hermes review edit 3k9fzz", "hermes review edit 3k9fzz --file better.md"))
def edit(
    context: typer.Context,
    name: Id,
    file: Annotated[str, typer.Option(help="The new content from this file, - for what is piped in.")] = "",
    path: Annotated[str, typer.Option(help="Which file of the proposal --file is for, if it has several.")] = "",
) -> None:
    """Change what a proposal would make of its files, in $EDITOR; then accept it, and the history names you beside the
    agent."""
    with _reviewing(context) as (_, review):
        one = review.find(name)
        if not file:
            inbox.edited(review, one)
            return
        target = path or (one.paths[0] if len(one.paths) == 1 else "")
        if not target:
            raise UsageError(f"proposal {one.id} has several files", f"say which with --path: {', '.join(one.paths)}")
        made = review.edit(one.id, {target: editing.read_file(file)}, inbox.OWNER)
        print(f"Edited: {good(made.id)}  {one_line(made.subject)}")


def _gate(workspace: Workspace) -> Gate:
    """Loaded by the first that is accepted."""

    def gate(change: Change, *, cancel: Cancel | None = None) -> Verdict | None:
        made: Gate = load("hermes_fs.cli.gating:anew")(workspace, replays=True)
        return made(change, cancel=cancel)

    return gate


@contextmanager
def _reviewing(context: typer.Context) -> Iterator[tuple[Workspace, Review]]:
    with opened(context) as workspace:
        wanted = config.load(workspace.root, workspace.state_dir, withheld=acting.withheld(workspace)).review
        review = Review(workspace, Policy(**wanted.model_dump()), _gate(workspace))
        yield workspace, review
        if expired := review.take_expired():
            print(f"note: nobody looked at {', '.join(expired)} in time: hermes review list --away", file=sys.stderr)


def _list(found: list[Proposal], otherwise: str, pulls: Mapping[str, Known] | None = None) -> None:
    if not found:
        print(otherwise)
        return
    proposing.table(found, pulls or {})
    print(dim(f"\nLook at one: hermes review show {found[0].id}"))


def _accepted(
    review: Review, chosen: list[tuple[str, str]], silent: bool, override: str
) -> tuple[list[Commit], list[HermesError]]:
    """One that cannot be accepted keeps no other from it."""
    done: list[Commit] = []
    failed: list[HermesError] = []
    for name, seen in chosen:
        try:
            done.append(review.accept(name, inbox.OWNER, seen, override))
        except HermesError as error:
            failed.append(error)
            if len(chosen) > 1:
                print(f"{warning('left')}  {one_line(str(error))}", file=sys.stderr)
            continue
        if not silent:
            inbox.said_yes(done[-1])
    return done, failed
