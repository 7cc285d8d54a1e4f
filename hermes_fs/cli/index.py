"""`hermes index`: looks at the search index, makes it anew, proves it against the files."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hermes_fs.cli.app import example, group
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import good, print_json, print_table
from hermes_fs.cli.sense import senses
from hermes_fs.core.errors import Failed
from hermes_fs.core.terminal import one_line
from hermes_fs.store.index import Index

if TYPE_CHECKING:
    from hermes_fs.store.meaning import Meaning

app = group("The search index: a cache made from the files, which can be made anew at any time.")

_SHOWN = 20
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command(epilog=example("hermes index status", "hermes index status --json"))
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """What is indexed, and what the index takes."""
    with _index(context) as (index, meaning), Bar("indexing", "files") as progress:
        index.refresh(progress=progress)
        found = index.status()
        meant = meaning.progress() if meaning else None
    if as_json:
        facts = {"path": str(found.path), "files": found.files, "rows": found.rows, "kinds": found.by_kind}
        facts |= {"text_bytes": found.text, "size_bytes": found.size}
        print_json({**facts, "meaning": dataclasses.asdict(meant) if meant else None})
        return
    print(f"{found.rows:,} rows of {found.files:,} files; {_mib(found.text)} of text, {_mib(found.size)} on the disk")
    print_table(("kind", "rows"), sorted((kind, f"{count:,}") for kind, count in found.by_kind.items()))
    if meant:
        print(f"meaning: {meant.done:,} of {meant.total:,} rows by {meant.model or 'no model yet'}, {_mib(meant.size)}")
    print(one_line(str(found.path)))


@app.command(epilog=example("hermes index rebuild"))
def rebuild(context: typer.Context, as_json: AsJson = False) -> None:
    """Make the index anew from the files; searches go on meanwhile. Where meaning is on, all is embedded."""
    begun = time.monotonic()
    with _index(context) as (index, meaning):
        with Bar("indexing", "files") as progress:
            made = index.rebuild(progress)
        seconds = round(time.monotonic() - begun, 2)
        with Bar("embedding", "rows") as progress:
            embedded = meaning.catch_up(progress=progress) if meaning else None
    if as_json:
        print_json({"rows": made.added, "files": made.files, "seconds": seconds, "embedded": embedded})
        return
    print(f"{made.added:,} rows of {made.files:,} files in {seconds:.1f} s")
    if embedded is not None:
        print(f"the meaning of {embedded:,} of them in {time.monotonic() - begun - seconds:.1f} s")


@app.command(epilog=example("hermes index verify"))
def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Compare every row of the index with what the files say now. Exits with 1 where they differ."""
    with _index(context) as (index, _):
        problems = index.verify()
    if as_json:
        print_json({"whole": not problems, "problems": problems})
        raise typer.Exit(1 if problems else 0)
    for problem in problems[:_SHOWN]:
        print(one_line(problem))
    if problems:
        raise Failed(f"the index differs from the files in {len(problems):,} places", "run `hermes index rebuild`")
    print(f"{good('whole:')} the index says exactly what the files say")


@contextlib.contextmanager
def _index(context: typer.Context) -> Iterator[tuple[Index, Meaning | None]]:
    with opened(context) as workspace, senses(workspace.root, workspace.state_dir, 0.0) as meaning:
        index = Index.open(workspace.root, workspace.state_dir)
        try:
            yield index, meaning
        finally:
            index.close()


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
