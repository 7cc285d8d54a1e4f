"""`hermes log | show | diff | blame`: what was learned, when and why. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hermes_fs.cli import dates
from hermes_fs.cli.app import example, single
from hermes_fs.cli.open import config_of, opened
from hermes_fs.cli.output import bad, bold, dim, good, print_json, print_table, warning
from hermes_fs.core.clock import iso
from hermes_fs.core.loading import Later, load
from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.store import history
from hermes_fs.store.history import MAIN, Filter, Lesson
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:
    from hermes_fs.cli import evidence
    from hermes_fs.store import blame as blaming
    from hermes_fs.store import policy, review
else:  # each is for one of the commands here, or for what is seldom there
    evidence = Later("hermes_fs.cli.evidence")
    blaming = Later("hermes_fs.store.blame")
    policy, review = Later("hermes_fs.store.policy"), Later("hermes_fs.store.review")

log = single()
show = single()
diff = single()
blame = single()

_CHANGES = 5  # entries that the log shows of one lesson
_FILES = ("memory", "user", "notes", "note", "skill", "skills")
"""None of them can be the beginning of an id: those are hexadecimal, or begin with a digit."""
_SIGNS = {"+": good, "~": warning, "-": bad}


@log.command(epilog=example("hermes log --kind memory --since 7d", "hermes log -n 3 --json"))
def log_command(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="memory, user, skill, note, cron, config, revert …")] = "",
    path: Annotated[list[str] | None, typer.Option(help="Only what changed this file or folder.")] = None,
    person: Annotated[str, typer.Option(help="Only what was learned from this person.")] = "",
    session: Annotated[str, typer.Option(help="Only what was learned in this session.")] = "",
    since: Annotated[str, typer.Option(help="From this date on: 2026-01-31, 7d, yesterday.")] = "",
    until: Annotated[str, typer.Option(help="Before this date.")] = "",
    limit: Annotated[int, typer.Option("-n", "--limit", min=0, help="At most so many; 0: all.")] = 20,
    people: Annotated[bool, typer.Option("--people", help="Who taught how much, instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, newest first.")] = False,
) -> None:
    """What was learned, newest first: what, when, why and from which session."""
    now = dates.utc_now()
    if people:
        with opened(context) as workspace:
            _say_teachers(history.teachers(workspace.git), now, as_json)
        return
    wanted = Filter(
        kind=kind,
        paths=tuple(path or ()),
        person=person,
        session=session,
        since=dates.require(since, now) if since else None,
        until=dates.require(until, now) if until else None,
        limit=limit,
    )
    with opened(context) as workspace:
        lessons = history.log(workspace.git, wanted)
        waiting = 0 if as_json else _waiting(workspace)
        changes = {} if as_json else {one.commit: blaming.entry_changes(workspace.git, one) for one in lessons}
    if as_json:
        print_json([history.as_json(lesson) for lesson in lessons])
        return
    for lesson in lessons:
        when = dates.friendly(lesson.when, now)
        print(f"{good(lesson.short)}  {bold(one_line(lesson.subject))}{_mark(lesson)}")
        print(dim("          " + " · ".join(_about(lesson, when))))
        for sign, text in changes[lesson.commit][:_CHANGES]:
            print(f"          {_SIGNS[sign](sign)} {one_line(text)}")
        for line in lesson.why.splitlines()[:3]:
            print(f"          {one_line(line)}")
    if not lessons:
        print("Nothing was learned that fits. See everything with `hermes log -n 0`.")
    if waiting:
        print(dim(f"\n{waiting} {'proposal awaits' if waiting == 1 else 'proposals await'} you: hermes review"))


def _say_teachers(found: list[tuple[str, int, datetime]], now: datetime, as_json: bool) -> None:
    if as_json:
        print_json([{"who": who, "lessons": count, "last": iso(last)} for who, count, last in found])
        return
    rows = [(one_line(who), str(count), dates.friendly(last, now)) for who, count, last in found]
    print_table(("who", "lessons", "last"), rows)


@show.command(
    epilog=example(
        "hermes show last",
        "hermes show 3f2a91c0 --json",
        "hermes show memory --at 7d",
        "hermes show skill deploy --at 2026-01-31",
    )
)
def show_command(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="ID|WHAT", help="A lesson's id, or its beginning, or `last`; memory, user, notes, skill NAME, PATH."
        ),
    ],
    at: Annotated[str, typer.Option(metavar="DATE|REV", help="A file as it was then: 2026-01-31, 7d, an id.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with the diff, or the text.")] = False,
) -> None:
    """One lesson: its why, its evidence in the conversation, and exactly what it changed. Or a file of the mind as it
    is, or was at a moment (--at), and the lesson that it is from."""
    with opened(context) as workspace:
        if at or _is_file(what):
            load("hermes_fs.cli.past_files:show")(workspace, what, at, as_json)
            return
        lesson = history.find(workspace.git, what[0])
        patch = history.diff(workspace.git, lesson.parents[0] if lesson.parents else "", lesson.commit)
        before = list(evidence.said(workspace, lesson.trailers.get("Evidence", "")))
    if as_json:
        print_json({**history.as_json(lesson), "evidence_text": before, "diff": patch})
        return
    print(bold(one_line(lesson.subject)) + _mark(lesson))
    rows = {"commit": lesson.commit, "author": lesson.author, "when": f"{lesson.when.astimezone():%Y-%m-%d %H:%M}"}
    rows |= {name.lower(): value for name, value in lesson.trailers.items()}
    for name, value in rows.items():
        print(f"{dim(name.ljust(9))} {one_line(value)}")
    for line in lesson.why.splitlines():
        print(f"\n{neutralise(line)}")
    if before:
        print(f"\n{dim('evidence')}")
        for line in before:
            print(f"  {one_line(line)}")
    print()
    print_patch(patch)


@diff.command(epilog=example("hermes diff", "hermes diff 7d", "hermes diff 3f2a91c0", "hermes diff 3f2a91c0..8812ab90"))
def diff_command(
    context: typer.Context,
    since: Annotated[str, typer.Argument(metavar="[ID|DATE|A..B]", help="A lesson or a date, or two lessons.")] = "",
    path: Annotated[list[str] | None, typer.Option(help="Only this file or folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: lessons and diff.")] = False,
) -> None:
    """What the mind changed since a lesson or a date, your edits that are not committed yet included; without an
    argument, those edits alone."""
    with opened(context) as workspace:
        old, new = _ends(workspace, since)
        patch = history.diff(workspace.git, old, new or workspace.tree_with_edits(), path or ())
        until = new or MAIN
        lessons = history.between(workspace.git, old, until, path or ()) if since else []
    if as_json:
        print_json({"lessons": [history.as_json(lesson) for lesson in lessons], "diff": patch})
        return
    for lesson in lessons:
        print(f"{good(lesson.short)}  {one_line(lesson.subject)}{_mark(lesson)}")
    print_patch(patch)


@blame.command(epilog=example("hermes blame MEMORY.md", "hermes blame notes/deploys.md --json"))
def blame_command(
    context: typer.Context,
    path: Annotated[str, typer.Argument(help="A file of the mind.")],
    by_section: Annotated[
        bool, typer.Option("--sections", help="Of a note or a skill: a row for each section.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Which lesson each entry, or line, of a file comes from. With --sections, which touched each part last."""
    with opened(context) as workspace:
        rows = blaming.blame(workspace.git, path)
        rows = blaming.by_section(workspace.git, rows) if by_section else rows
    if as_json:
        names = ("text", "entry", "section")
        print_json(
            [{name: getattr(row, name) for name in names} | {"lesson": history.as_json(row.lesson)} for row in rows]
        )
        return
    now = dates.utc_now()
    for row in rows:
        when = dates.friendly(row.lesson.when, now)
        entry = f"{dim(row.entry)} " if row.entry else ""
        print(f"{good(row.lesson.short)} {dim(when.ljust(15))} {entry}{one_line(row.text)}")


def _is_file(what: Sequence[str]) -> bool:
    """Whether a person means a file without saying so: an id is one word without dots and slashes."""
    return len(what) > 1 or what[0] in _FILES or "/" in what[0] or "." in what[0]


def _waiting(workspace: Workspace) -> int:
    """How many proposals wait. The settings, which say when one expires, are read where there are any."""
    if not workspace.git.run("for-each-ref", "--count=1", "refs/hermes/proposals/"):
        return 0
    return review.Review(workspace, policy.Policy(**config_of(workspace.root).review.model_dump())).count()


def _about(lesson: Lesson, when: str) -> Iterator[str]:
    yield when
    yield one_line(lesson.author.split(" <")[0])
    trailers = lesson.trailers
    if trailers.get("Trigger") and lesson.by == "agent":
        yield trailers["Trigger"]
    if trailers.get("Person") and trailers["Person"] != "owner":
        yield one_line(trailers["Person"])
    if trailers.get("Session"):
        yield f"session …{one_line(trailers['Session'])[-6:]}"


def _mark(lesson: Lesson) -> str:
    return warning("  (taken back)") if lesson.reverted_by else ""


def _ends(workspace: Workspace, since: str) -> tuple[str, str]:
    """Commits to compare; "" for the new one means the files as they are."""
    git = workspace.git
    if ".." in since:
        old, _, new = since.partition("..")
        return history.find(git, old).commit, history.find(git, new or "last").commit
    if not since:
        return git.resolve(MAIN), ""
    moment = dates.parse(since, dates.utc_now())
    return (history.commit_at(git, moment) if moment else history.find(git, since).commit), ""


def print_patch(patch: str) -> None:
    if not patch:
        print("No difference.")
    for line in patch.split("\n")[:-1]:
        text = neutralise(line)
        style = {"+": good, "-": bad, "@": dim}.get(line[:1], str)
        print(bold(text) if line.startswith(("diff ", "+++", "---")) else style(text))
