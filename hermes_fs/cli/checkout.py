"""`hermes checkout`: copies of the mind as it was, to talk with. The mind itself stays as it is."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import dates
from hermes_fs.cli.app import example, single
from hermes_fs.cli.moments import commit_at
from hermes_fs.cli.open import confirm, opened
from hermes_fs.cli.output import bold, dim, good, print_json, print_table, warning
from hermes_fs.core import config
from hermes_fs.core.clock import parse_iso
from hermes_fs.core.errors import UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting, history, past
from hermes_fs.store.past import Past
from hermes_fs.store.workspace import Workspace

app = single()

_SHOWN = 5


@app.command(
    epilog=example(
        "hermes checkout --at yesterday",
        "hermes checkout --at 3f2a91c0 ~/then",
        "hermes checkout --list",
        "hermes checkout --remove ~/then",
    )
)
def checkout(
    context: typer.Context,
    place: Annotated[Path | None, typer.Argument(metavar="[PATH]", help="Where; else beside the mind.")] = None,
    at: Annotated[str, typer.Option(metavar="DATE|ID", help="A date, or a lesson.")] = "",
    listing: Annotated[bool, typer.Option("--list", help="The copies there are.")] = False,
    remove: Annotated[Path | None, typer.Option(metavar="PATH", help="Take a copy away.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The copy as a JSON object; with --list an array.")] = False,
) -> None:
    """A copy of the mind as it was, in a folder of its own, to talk with: it knows what was known then and learns
    nothing. What acts in it is what may act now."""
    if bool(at) + listing + bool(remove) != 1:
        raise UsageError("one of --at, --list and --remove", "for example: hermes checkout --at yesterday")
    with opened(context) as workspace:
        if listing:
            _list(workspace, as_json)
        elif remove:
            _remove(past.find(workspace, remove), yes)
        else:
            _check_out(workspace, at, place, as_json)


def _check_out(workspace: Workspace, at: str, place: Path | None, as_json: bool) -> None:
    commit = commit_at(workspace, at)
    [lesson] = history.these(workspace.git, [commit])
    chosen = place or workspace.root.with_name(f"{workspace.root.name}-{commit[:8]}")
    now = config.load(workspace.root, workspace.state_dir, None, acting.withheld(workspace))
    settings = json.dumps(now.model_dump(mode="json"), indent=1).encode()
    made = past.check_out(workspace, commit, at, chosen.expanduser().absolute(), settings)
    with Workspace.open(made.root) as then:
        waiting = len(acting.pending(then))
    if as_json:
        print_json({**_as_json(made), "left_out": list(made.left_out), "untrusted": waiting})
        return
    when = dates.friendly(lesson.when, dates.utc_now())
    shown = shlex.quote(str(made.root))
    print(f"{good(commit[:8])}  {bold(one_line(lesson.subject))}  {dim(when)}")
    print(f"The mind as it was then: {one_line(shown)}\nTalk with it: hermes -w {one_line(shown)}")
    print(dim("It learns nothing, and what you say there stays in its own sessions/."))
    if waiting:
        what = "1 thing that acts is" if waiting == 1 else f"{waiting} things that act are"
        print(warning(f"{what} not trusted as it was then: hermes -w {one_line(shown)} trust list"))
    if made.left_out:
        print(warning(f"left out, for they are no plain files: {one_line(', '.join(made.left_out[:_SHOWN]))}"))


def _list(workspace: Workspace, as_json: bool) -> None:
    copies = past.all_of(workspace)
    if as_json:
        print_json([_as_json(copy) for copy in copies])
        return
    now = dates.utc_now()
    lessons = {one.commit: one for one in history.these(workspace.git, list({copy.commit for copy in copies}))}
    rows = [
        (copy.commit[:8], dates.friendly(lessons[copy.commit].when, now), dates.friendly(parse_iso(copy.made), now),
         f"{one_line(str(copy.root))}{'' if copy.root.is_dir() else '  (gone)'}")
        for copy in copies
    ]  # fmt: skip
    if rows:
        print_table(("as at", "of", "made", "where"), rows)
    else:
        print("There is no copy of the past. Make one: hermes checkout --at yesterday")


def _remove(copy: Past, yes: bool) -> None:
    own = past.belongings(copy)
    if own:
        more = f" and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
        print(f"Only there: {one_line(', '.join(own[:_SHOWN]))}{more}")
        confirm("Take it away with that?", yes)
    past.remove(copy)
    print(f"Gone: {one_line(str(copy.root))}")


def _as_json(copy: Past) -> dict[str, object]:
    here = copy.root.is_dir()
    return {"path": str(copy.root), "commit": copy.commit, "at": copy.at, "made": copy.made, "there": here}
