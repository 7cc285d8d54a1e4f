"""`hermes memory`: a person looks at and edits the entries of MEMORY.md and USER.md, through the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer

from hermes_fs.cli.app import example, group
from hermes_fs.cli.evidence import said
from hermes_fs.cli.open import BY_HAND, here, opened
from hermes_fs.cli.output import bold, dim, good, print_json
from hermes_fs.core import config
from hermes_fs.core.errors import NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Kind
from hermes_fs.store import history, portraits
from hermes_fs.store.blame import Blamed, blame
from hermes_fs.store.formats import entries
from hermes_fs.store.workspace import Workspace

app = group("What the agent always keeps in mind: entries of MEMORY.md, and of USER.md about you.")

Edit = Callable[[str], str]
AboutUser = Annotated[bool, typer.Option("--user", help="In USER.md, what it knows about you, not MEMORY.md.")]


@app.command("list", epilog=example("hermes memory list", "hermes memory list --json"))
def list_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per file, in an array.")] = False,
) -> None:
    """The entries with their ids, and how much of the limit they take."""
    with opened(context) as workspace:
        limits = config.load(workspace.root, workspace.state_dir).memory
        about = portraits.paths(here(workspace))[1]
        files = [_file(workspace, "MEMORY.md", limits.memory_limit), _file(workspace, about, limits.user_limit)]
    if as_json:
        print_json(files)
        return
    for file in files:
        size = f"{file['characters']:,} of {file['limit']:,} characters"
        print(f"{bold(file['path'])}  {dim(size)}")
        for entry in file["entries"]:
            print(f"  {good(entry['id'])}  {one_line(entry['text'])}")
        if not file["entries"]:
            print(dim("  nothing yet"))


@app.command(
    epilog=example("hermes memory show k3v9qa", "hermes memory show k3v9qa --why", "hermes memory show --json")
)
def show(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="[ID]", help="The entry's id; empty: all of them.")] = "",
    why: Annotated[bool, typer.Option("--why", help="The lesson that it comes from and what was said then.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Where each entry comes from: its age, its origin, its lesson, the conversation."""
    with opened(context) as workspace:
        found = [
            one
            for path in ("MEMORY.md", portraits.paths(here(workspace))[1])
            if workspace.read(path).blob
            for one in _known(workspace, path)
        ]
        chosen = [one for one in found if not which or one.entry == which.strip("[]").lower()]
        if which and not chosen:
            raise NotFound(f"no entry {which!r} is committed", "see them with `hermes memory list`")
        now = workspace.clock.now()
        if as_json:
            print_json([_as_json(workspace, one) for one in chosen])
            return
        for one in chosen:
            print(f"{good(one.entry)}  {one_line(one.text)}\n  {dim(_source(one, now))}")
            if why:
                _show_why(workspace, one)
        if not chosen:
            print(dim("Nothing is remembered yet."))


def _known(workspace: Workspace, path: str) -> list[Blamed]:
    try:
        return blame(workspace.git, path)
    except NotFound:  # not committed yet
        return []


def _source(one: Blamed, now: datetime) -> str:
    said = one.lesson.trailers
    days = max((now - one.lesson.when).days, 0)
    age = "today" if not days else "yesterday" if days == 1 else f"{days} days ago"
    who = "by hand" if one.lesson.by == "person" else f"origin {said.get('Origin', 'agent')}, {said.get('Trigger', '')}"
    session = f", session {said['Session']}" if said.get("Session") else ""
    return one_line(f"{age} ({one.lesson.when.astimezone():%Y-%m-%d}), {who}, lesson {one.lesson.short}{session}")


def _show_why(workspace: Workspace, one: Blamed) -> None:
    if one.lesson.why:
        print(f"  {one_line(one.lesson.why)}")
    evidence = one.lesson.trailers.get("Evidence", "")
    if evidence:
        print(f"  {dim('evidence ' + one_line(evidence))}")
    for line in said(workspace, evidence):
        print(f"    {one_line(line, 160)}")
    print(f"  {dim(f'hermes show {one.lesson.short}')}")


def _as_json(workspace: Workspace, one: Blamed) -> dict[str, Any]:
    lesson = history.as_json(one.lesson)
    told = list(said(workspace, one.lesson.trailers.get("Evidence", "")))
    return {"id": one.entry, "text": one.text, "lesson": lesson, "evidence_text": told}


@app.command(epilog=example('hermes memory add "Backups run on Fridays at 02:00"'))
def add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What to remember, one sentence.")],
    user: AboutUser = False,
) -> None:
    """Add an entry; it is committed in your name and reaches the agent with its next session."""
    done = ""

    def edit(before: str) -> str:
        nonlocal done
        edited = entries.add(before, text)
        done = f"{good(edited.entry.id)}  {one_line(edited.entry.text)}"
        return edited.text

    with opened(context) as workspace:
        _update(workspace, user, edit, f"added by hand: {text}")
    print(done)


@app.command(epilog=example("hermes memory remove k3v9qa", 'hermes memory remove --user "prefers tea"'))
def remove(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="ID", help="The entry's id, or words that only it holds.")],
    user: AboutUser = False,
) -> None:
    """Take an entry out; `hermes undo` brings it back."""
    done = ""

    def edit(before: str) -> str:
        nonlocal done
        edited = entries.remove(before, which)
        done = f"removed  {good(edited.entry.id)}  {one_line(edited.entry.text)}"
        return edited.text

    with opened(context) as workspace:
        _update(workspace, user, edit, "removed by hand")
    print(done)


def _file(workspace: Workspace, path: str, limit: int) -> dict[str, Any]:
    text = workspace.read(path).text
    rows = [{"id": entry.id, "text": entry.text} for entry in entries.entries(text)]
    return {"path": path, "characters": entries.rendered_size(text), "limit": limit, "entries": rows}


def _update(workspace: Workspace, user: bool, edit: Edit, why: str) -> None:
    path = portraits.paths(here(workspace))[1] if user else "MEMORY.md"
    kind: Kind = "user" if user else "memory"
    workspace.update(path, edit, kind=kind, why=why, provenance=BY_HAND)
