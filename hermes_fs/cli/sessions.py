"""`hermes sessions`: what was talked about, where it is kept, and committing it beside main."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.cli import dates
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bold, dim, print_json, print_table, print_text, warning
from hermes_fs.core.clock import SystemClock, iso, parse_iso
from hermes_fs.core.foreign import unwrap
from hermes_fs.core.ids import Ulids
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.store import transcript
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import SessionInfo, Sessions
from hermes_fs.store.transcript import OWN_CHANNELS, Record
from hermes_fs.store.workspace import Workspace

app = group("Earlier conversations: list them, read one, find its file, commit them beside main.")

Session = Annotated[str, typer.Argument(metavar="ID", help="Beginning or end of its id, or `last`.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

_PARENT = dict.fromkeys(OWN_CHANNELS, "about")
_LONG = 400  # characters of a tool's result that are shown


@app.command("list", epilog=example("hermes sessions list", "hermes sessions list --since 7d --json"))
def list_command(
    context: typer.Context,
    limit: Annotated[int, typer.Option("-n", "--limit", min=0, help="At most so many; 0: all.")] = 20,
    person: Annotated[str, typer.Option(help="Only with this person.")] = "",
    since: Annotated[str, typer.Option(help="Started from this date on: 2026-01-31, 7d, yesterday.")] = "",
    own: Annotated[bool, typer.Option("--all", help="The agent's own looks back, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Earlier conversations, newest first, also those of other machines that were fetched."""
    now = dates.utc_now()
    with _known(context) as (_, sessions, _refs):
        found = sessions.recent(limit, person, dates.require(since, now) if since else None, own)
    if as_json:
        print_json([_as_json(info) for info in found])
        return
    rows = [
        (
            _short(info),
            dates.friendly(info.updated, now),
            info.messages,
            info.header.channel,
            info.header.person,
            info.header.title,
        )
        for info in found
    ]
    print_table(("ID", "WHEN", "MESSAGES", "CHANNEL", "PERSON", "TITLE"), rows)
    if not found:
        print("There is no session that fits. Start one with `hermes`.")


@app.command(epilog=example("hermes sessions show last", "hermes sessions show 01KG9Q3V7W --json"))
def show(context: typer.Context, session: Session, as_json: AsJson = False) -> None:
    """One conversation with all that happened in it, earlier summaries included."""
    with _known(context) as (_, sessions, _refs):
        info = sessions.find(session)
        contents = transcript.read(info.path)
    if as_json:
        records = [_flat(record) for record in contents.records]
        print_json({**_as_json(info), "records": records, "problems": contents.problems})
        return
    print(bold(one_line(info.header.title)))
    about = (info.id, info.header.model, info.header.channel, info.header.person, f"{info.messages} messages")
    print(dim(" · ".join(one_line(part) for part in about if part)))
    if info.header.parent:
        print(dim(f"{_PARENT.get(info.header.channel, 'goes on from')} {one_line(info.header.parent)}"))
    if info.header.commit:
        print(dim(f"prompted from {one_line(info.header.commit)[:8]}"))
    for record in contents.records:
        for line in _lines(record):
            print(line)
    for problem in contents.problems:
        print(warning(one_line(problem)))


@app.command(epilog=example("hermes sessions path last", "less $(hermes sessions path last)"))
def path(context: typer.Context, session: Session) -> None:
    """The file of a conversation."""
    with _known(context) as (_, sessions, _refs):
        print_text(str(sessions.find(session).path))


@app.command(epilog=example("hermes sessions commit", "hermes sessions commit last"))
def commit(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="[ID]", help="Only this one; without it: all that are due.")] = "",
    as_json: AsJson = False,
) -> None:
    """Commit conversations to refs/hermes/sessions now. It happens by itself when one ends or pauses."""
    with _known(context) as (_, sessions, refs):
        done = refs.commit([sessions.find(session)]) if session else refs.commit_due()
        notes = refs.take_reports()
    if as_json:
        print_json({"committed": done, "notes": notes})
        return
    for name in done:
        print(f"committed {one_line(name)}")
    if not done:
        print("Nothing is new.")
    for note in notes:
        print(warning(one_line(note)))


@app.command(
    epilog=example(
        "hermes sessions replay last --at 7d",
        "hermes sessions replay last --model gpt-5-mini",
        "hermes sessions replay 01KG9Q3V7W --mind ../mind-of-last-week --json",
        "hermes sessions replay last --live --work .",
    )
)
def replay(
    context: typer.Context,
    session: Session,
    at: Annotated[str, typer.Option(metavar="DATE|REV", help="The mind as it was then; else as it is now.")] = "",
    mind: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Another workspace, or a checkout, at its last lesson.")
    ] = None,
    model: Annotated[str, typer.Option(help="Another model; else the session's own.")] = "",
    first: Annotated[int, typer.Option(min=0, help="Only so many messages; 0: all.")] = 0,
    live: Annotated[bool, typer.Option("--live", help="Let tools run, isolated and offline.")] = False,
    work: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --live: in a copy of this folder; else an empty one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask again what was asked in a session, of another version of the mind or another model, and show what differs.
    Calls are answered from the record and others are refused, so nothing is done twice; nothing is learned."""
    asked = load("hermes_fs.cli.replaying:Replayed")(session, at, mind, model, first, live, work, as_json)
    load("hermes_fs.cli.replaying:replay")(context, asked)


@contextlib.contextmanager
def _known(context: typer.Context) -> Iterator[tuple[Workspace, Sessions, SessionRefs]]:
    """The sessions of the workspace; those that were fetched since are brought in first, where it can be written."""
    with opened(context) as workspace:
        clock = SystemClock()
        sessions = Sessions(workspace.root, workspace.host, clock, Ulids(clock))
        refs = SessionRefs(workspace.root, workspace.git, workspace.state_dir, sessions, clock)
        if not workspace.read_only:
            refs.materialise()
        yield workspace, sessions, refs


def _short(info: SessionInfo) -> str:
    """Enough of an id: the time in its ULID."""
    return info.id.rpartition("-")[2][:10]


def _as_json(info: SessionInfo) -> dict[str, Any]:
    header = dataclasses.asdict(info.header)
    more = {"id": info.id, "path": str(info.path), "updated": iso(info.updated), "messages": info.messages}
    return {**header, **more, "size": info.size, "open": info.open}


def _flat(record: Record) -> dict[str, Any]:
    envelope = {"type": record.type, "id": record.id, "at": record.at, "person": record.person}
    return {**envelope, "channel": record.channel, "origin": record.origin, **record.data}


def _lines(record: Record) -> Iterator[str]:
    """What of an event is worth a person's while, safe to print."""
    data = record.data
    said = str(data.get("text") or "")
    match record.type:
        case "message" if said:
            who = record.person if record.is_asked else str(data.get("role"))
            yield f"\n{bold(one_line(who))} {dim(_clock(record.at))}"
            yield neutralise(said)
        case "tool_call":
            yield dim(f"  → {one_line(str(data.get('name')))} {one_line(str(data.get('arguments')), 160)}")
        case "tool_result":
            mark = "✗" if data.get("failed") else "←"
            yield dim(f"  {mark} {one_line(unwrap(said), _LONG)}")
        case "learned":
            yield f"  ✦ {one_line(str(data.get('subject')))} {dim(one_line(str(data.get('commit')))[:8])}"
        case "proposed":
            subject, id = one_line(str(data.get("subject"))), one_line(str(data.get("proposal")))
            yield dim(f"  ? proposed: {subject} · hermes review show {id}")
        case "prompted":
            yield dim(f"  … the prompt was built anew from {one_line(str(data.get('commit')))[:8]}")
        case "compaction":
            yield dim(f"  … {data.get('replaced')} messages were summarised for the model")


def _clock(at: str) -> str:
    try:
        return f"{parse_iso(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""
