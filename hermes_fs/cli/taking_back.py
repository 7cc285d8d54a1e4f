"""`hermes undo | revert | restore`: taking back what was learned. Each is itself a lesson that can be taken back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hermes_fs.agent.gating import reverted
from hermes_fs.cli import dates, gating
from hermes_fs.cli.app import example, single
from hermes_fs.cli.moments import commit_at
from hermes_fs.cli.open import BY_HAND, config_of, confirm, opened
from hermes_fs.cli.output import dim, good, print_json
from hermes_fs.core.clock import iso
from hermes_fs.core.errors import Conflict, NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Change, Commit
from hermes_fs.store import choosing, history, skill_versions, taking_back
from hermes_fs.store.choosing import Chosen
from hermes_fs.store.history import Lesson
from hermes_fs.store.policy import Policy
from hermes_fs.store.workspace import Workspace

undo = single()
revert = single()
restore = single()

_ID_LENGTH = 5  # digits from which on a number may be the beginning of an id

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Why = Annotated[str, typer.Option(help="Recorded in the history.")]
AsJson = Annotated[bool, typer.Option("--json", help="The new lesson as one JSON object.")]


@undo.command(epilog=example("hermes undo", "hermes undo --yes"))
def undo_command(
    context: typer.Context, yes: Yes = False, override: gating.Override = "", as_json: AsJson = False
) -> None:
    """Take back the last lesson that stands; again: the one before it. Your own edits of files are yours to undo."""
    with opened(context) as workspace:
        lesson = taking_back.last_standing(workspace)
        if not as_json:
            print(f"{good(lesson.short)}  {one_line(lesson.subject)}")
        confirm("Take this back?", yes)
        _say("Taken back", _taken_back(workspace, [lesson], "", override), as_json)


@revert.command(
    epilog=example(
        "hermes revert 3f2a91c0 8812ab90 --why 'wrong server'",
        "hermes revert --since yesterday",
        "hermes revert --session last",
        "hermes revert --skill deploy --to v3",
    )
)
def revert_command(
    context: typer.Context,
    lesson_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Beginning of a commit or change id.")
    ] = None,
    skill: Annotated[str, typer.Option(metavar="NAME", help="Of this skill: its last lesson, or all since --to.")] = "",
    to: Annotated[str, typer.Option(metavar="REV", help="With --skill: a version (v3), a lesson or a date.")] = "",
    session: Annotated[str, typer.Option(metavar="ID", help="All that was learned in a session, or `last`.")] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="All that was learned from then on: 7d, yesterday.")] = "",
    why: Why = "",
    yes: Yes = False,
    override: gating.Override = "",
    as_json: AsJson = False,
) -> None:
    """Take lessons back; what was learned after them stays. Several selections narrow one another. Where a later lesson
    changed the same, a proposal is made of it. Reverting a revert brings the lesson back."""
    with opened(context) as workspace:
        moment = dates.require(since, dates.utc_now()) if since else None
        chosen = Chosen(lesson_ids or (), skill, _skill_rev(workspace, skill, to), _session(workspace, session), moment)
        lessons = choosing.choose(workspace.git, chosen)
        if not as_json:
            _show(lessons, named=bool(lesson_ids) and len(lessons) == 1)
        if len(lessons) > 1 and sys.stdin.isatty():
            confirm(f"Take these {len(lessons)} lessons back?", yes)
        _say("Taken back", _taken_back(workspace, lessons, why, override), as_json)


def _taken_back(workspace: Workspace, lessons: Sequence[Lesson], why: str, override: str) -> Commit:
    """Conflict where a later lesson is in the way and a proposal was made of it."""
    policy = Policy(**config_of(workspace.root).review.model_dump())
    change = reverted(workspace, lessons, why, BY_HAND, policy)
    if isinstance(change, Change):
        return gating.take_back(workspace, change, override)
    hint = f"look at what would be: hermes review show {change.id}"
    raise Conflict(f"{change.because}: nothing was taken back yet", hint)


@restore.command(epilog=example("hermes restore MEMORY.md --at yesterday", "hermes restore skills/deploy"))
def restore_command(
    context: typer.Context,
    path: Annotated[str, typer.Argument(help="A file or folder of the mind.")],
    at: Annotated[str, typer.Option(help="A lesson or a date; without it: before its last change.")] = "",
    why: Why = "",
    override: gating.Override = "",
    as_json: AsJson = False,
) -> None:
    """Bring a file, or a skill's folder, back as it was, as a new lesson."""
    with opened(context) as workspace:
        rev = _rev(workspace, path, at)
        change = taking_back.restored(workspace, path, rev, why, BY_HAND)
        _say("Restored", gating.commit(workspace, change, override, "publisher"), as_json)


def _show(lessons: Sequence[Lesson], named: bool) -> None:
    for lesson in () if named else lessons:
        when = dates.friendly(lesson.when, dates.utc_now())
        print(f"{good(lesson.short)}  {dim(when.ljust(15))} {one_line(lesson.subject)}")


def _session(workspace: Workspace, session: str) -> str:
    """The whole id; `last` is the session in which something was learned last."""
    if session != "last":
        return session
    named = (lesson.trailers.get("Session", "") for lesson in history.walk(workspace.git))
    found = next((name for name in named if name), "")
    if not found:
        raise NotFound("no session taught anything yet", "see what was learned with `hermes log`")
    return found


def _skill_rev(workspace: Workspace, skill: str, to: str) -> str:
    """The commit of a version (`v3`, `3`), a lesson or a date, "" for none."""
    digits = to.removeprefix("v")
    if not (skill and digits.isdecimal() and len(digits) < _ID_LENGTH):
        return commit_at(workspace, to) if to else ""
    versions = skill_versions.versions(workspace.git, skill)
    found = next((one for one in versions if one.number == int(digits)), None)
    if not found:
        raise NotFound(f"skill {skill} has no version {to}", f"see them with `hermes skills log {skill}`")
    return found.commit


def _rev(workspace: Workspace, path: str, at: str) -> str:
    if not at:
        return taking_back.before_last_change(workspace, path)
    return commit_at(workspace, at)


def _say(what: str, done: Commit, as_json: bool) -> None:
    if as_json:
        print_json({"commit": done.id, "change": done.change, "subject": done.subject, "when": iso(done.when)})
        return
    print(f"{what}: {good(done.id[:8])}  {one_line(done.subject)}")
    print(dim(f"Changed your mind? hermes revert {done.id[:8]}"))
