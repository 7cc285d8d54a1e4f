"""`hermes undo | revert | restore`: taking back what was learned. Each is itself a lesson that can be taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli import dates
from hermes_fs.cli.app import example, single
from hermes_fs.cli.open import BY_HAND, confirm, opened
from hermes_fs.cli.output import dim, good, print_json
from hermes_fs.core.clock import iso
from hermes_fs.core.errors import NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Commit
from hermes_fs.store import history, taking_back
from hermes_fs.store.workspace import Workspace

undo = single()
revert = single()
restore = single()

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Why = Annotated[str, typer.Option(help="Recorded in the history.")]
AsJson = Annotated[bool, typer.Option("--json", help="The new lesson as one JSON object.")]


@undo.command(epilog=example("hermes undo", "hermes undo --yes"))
def undo_command(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Take back the last lesson that stands; again: the one before it. Your own edits of files are yours to undo."""
    with opened(context) as workspace:
        lesson = taking_back.last_standing(workspace)
        if not as_json:
            print(f"{good(lesson.short)}  {one_line(lesson.subject)}")
        confirm("Take this back?", yes)
        _say("Taken back", taking_back.revert(workspace, [lesson], "", BY_HAND), as_json)


@revert.command(epilog=example("hermes revert 3f2a91c0", "hermes revert 3f2a91c0 8812ab90 --why 'wrong server'"))
def revert_command(
    context: typer.Context,
    lesson_ids: Annotated[list[str], typer.Argument(metavar="ID", help="Beginning of a commit or change id.")],
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Take lessons back; what was learned after them stays. Reverting a revert brings the lesson back."""
    with opened(context) as workspace:
        found = [history.find(workspace.git, name) for name in lesson_ids]
        lessons = list({lesson.commit: lesson for lesson in found}.values())
        _say("Taken back", taking_back.revert(workspace, lessons, why, BY_HAND), as_json)


@restore.command(epilog=example("hermes restore MEMORY.md --at yesterday", "hermes restore skills/deploy"))
def restore_command(
    context: typer.Context,
    path: Annotated[str, typer.Argument(help="A file or folder of the mind.")],
    at: Annotated[str, typer.Option(help="A lesson or a date; without it: before its last change.")] = "",
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Bring a file, or a skill's folder, back as it was, as a new lesson."""
    with opened(context) as workspace:
        rev = _rev(workspace, path, at)
        _say("Restored", taking_back.restore(workspace, path, rev, why, BY_HAND), as_json)


def _rev(workspace: Workspace, path: str, at: str) -> str:
    if not at:
        return taking_back.before_last_change(workspace, path)
    moment = dates.parse(at, dates.utc_now())
    if moment is None:
        return history.find(workspace.git, at).commit
    commit = history.commit_at(workspace.git, moment)
    if not commit:
        raise NotFound(f"there was no workspace yet at {at}", "name a later date")
    return commit


def _say(what: str, done: Commit, as_json: bool) -> None:
    if as_json:
        print_json({"commit": done.id, "change": done.change, "subject": done.subject, "when": iso(done.when)})
        return
    print(f"{what}: {good(done.id[:8])}  {one_line(done.subject)}")
    print(dim(f"Changed your mind? hermes revert {done.id[:8]}"))
