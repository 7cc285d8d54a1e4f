"""`hermes search`: finds again what was said, done, noted and learned. Reads only; brings the index in step first."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import dates
from hermes_fs.cli.app import example, single
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.moments import commit_at
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bold, dim, good, print_json
from hermes_fs.cli.sense import senses
from hermes_fs.core.clock import iso, parse_iso
from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import as_it_was, history, marks, query
from hermes_fs.store.history import Lesson
from hermes_fs.store.index import Busy, Hit, Index
from hermes_fs.store.query import Query
from hermes_fs.store.sources import KINDS
from hermes_fs.store.workspace import Workspace

app = single()

_SESSION_SHOWN = 6
_PATIENCE = 0.5
"""Seconds that a search waits for another process that is writing the index."""
_SENSE_PATIENCE = 10.0
"""Seconds that it waits for what the question means: a model is to be loaded, or a server to be asked."""
_EMBED_SECONDS = 0.5
"""Seconds that it spends on what came since."""


@app.command(
    epilog=example(
        "hermes search staging database",
        "hermes search '\"connection refused\"' --kind tool_result --since 7d",
        "hermes search deploy person:ada since:2026-01 --json",
        "hermes search staging --as-of 2026-01-31",
    )
)
def search_command(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="QUERY", help="Words, or '\"a phrase\"'.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help=f"Only this kind, also several: {', '.join(KINDS)}.")] = None,
    person: Annotated[str, typer.Option(help="Only what this person said or what is about them.")] = "",
    since: Annotated[str, typer.Option(help="From this date on: 2026-01-31, 7d, yesterday.")] = "",
    until: Annotated[str, typer.Option(help="Before this date.")] = "",
    as_of: Annotated[
        str, typer.Option(metavar="DATE|REV", help="As it was then: what the mind held, and what was said until then.")
    ] = "",
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="At most so many.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help='One JSON object, {"hits": […]}, best first.')] = False,
) -> None:
    """Search conversations, notes, memory and skills. Filters may stand in the query as well: kind:, person:, since:,
    until:. Without words: the newest of what the filters let through."""
    now = dates.utc_now()
    wanted = _wanted(query.parse(" ".join(words or ()), now), kind or (), person)
    if since:
        wanted = dataclasses.replace(wanted, since=query.millis(dates.require(since, now)))
    if until:
        wanted = dataclasses.replace(wanted, until=query.millis(dates.require(until, now)))
    if wanted == Query():
        raise UsageError("there is nothing to search for", "write words: hermes search staging database")
    with opened(context) as workspace:
        if as_of:
            then, hits = _hits_then(workspace, wanted, as_of, limit)
        else:
            then, hits = None, _hits(workspace.root, workspace.state_dir, wanted, limit)
    if as_json:
        at = {"as_of": {"commit": then.commit, "subject": then.subject, "when": iso(then.when)}} if then else {}
        print_json({**at, "hits": [dataclasses.asdict(hit) for hit in hits]})
        raise typer.Exit(0 if hits else NotFound.exit_code)
    if not hits:
        raise NotFound("nothing was found", _what_to_try(wanted))
    if then:
        print(dim(f"as of {then.short} ({one_line(then.subject)}, {dates.friendly(then.when, now)})\n"))
    for hit in hits:
        print(f"{bold(_place(hit))}  {dim(_about(hit, now))}")
        print(f"    {_emphasised(hit.snippet, wanted.words)}")


def _wanted(typed: Query, kinds: Sequence[str], person: str) -> Query:
    for name in kinds:
        if name not in KINDS:
            near = difflib.get_close_matches(name, KINDS, 1)
            raise UsageError(f"there is no kind {name!r}", f"did you mean {near[0]}?" if near else ", ".join(KINDS))
    return dataclasses.replace(typed, kinds=tuple(kinds) or typed.kinds, person=person or typed.person)


def _hits(root: Path, state_dir: Path, wanted: Query, limit: int) -> list[Hit]:
    with senses(root, state_dir, _SENSE_PATIENCE) as meaning:
        index = Index.open(root, state_dir, meaning)
        try:
            with Bar("indexing", "files") as progress, contextlib.suppress(Busy):  # then what it holds already must do
                index.refresh(progress=progress, patience=_PATIENCE)
            if meaning:
                meaning.tend(_EMBED_SECONDS)
            return index.find(wanted, limit=limit)
        finally:
            index.close()


def _hits_then(workspace: Workspace, wanted: Query, as_of: str, limit: int) -> tuple[Lesson, list[Hit]]:
    """From the last lesson that stood then, and from conversations up to that moment."""
    commit = commit_at(workspace, as_of)
    [lesson] = history.these(workspace.git, [commit])
    moment = dates.parse(as_of, dates.utc_now()) or lesson.when + timedelta(seconds=1)  # git's times are whole seconds
    until = query.millis(moment)
    said = dataclasses.replace(
        wanted,
        kinds=tuple(kind for kind in wanted.kinds or KINDS if kind not in as_it_was.MIND),
        until=min(until, wanted.until or until),
    )
    mind = as_it_was.search(workspace.git, commit, wanted, limit)
    spoken = _hits(workspace.root, workspace.state_dir, said, limit) if said.kinds else []
    return lesson, as_it_was.together(mind, spoken, limit)


def _place(hit: Hit) -> str:
    """A conversation by its title, anything else by its file."""
    if hit.session:
        return one_line(hit.title) or "(no title)"
    return one_line(f"{hit.path}#{hit.anchor}" if hit.anchor else hit.path)


def _about(hit: Hit, now: datetime) -> str:
    facts = [hit.kind.replace("_", " "), dates.friendly(parse_iso(hit.when), now)]
    if hit.person and hit.person != "owner":
        facts.append(one_line(hit.person))
    if hit.session:
        facts.append(f"session …{one_line(hit.session)[-_SESSION_SHOWN:]}")
    return " · ".join(facts)


def _emphasised(snippet: str, words: Sequence[str]) -> str:
    text = one_line(snippet)
    out, done = "", 0
    for start, end in marks.spans(text, words):
        out += text[done:start] + good(bold(text[start:end]))
        done = end
    return out + text[done:]


def _what_to_try(wanted: Query) -> str:
    if wanted.kinds or wanted.person or wanted.since or wanted.until:
        return "take a filter away"
    return "take the quotation marks away" if wanted.phrases else "use fewer or other words"
