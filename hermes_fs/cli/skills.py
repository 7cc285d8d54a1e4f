"""`hermes skills`: a person looks at the skills that count here and checks them against the standard. The commands that
change or copy one stand in files of their own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import typer

from hermes_fs.cli import (
    skill_found,
    skills_change,
    skills_eval,
    skills_export,
    skills_hubs,
    skills_install,
    skills_keep,
    skills_past,
    skills_stats,
    skills_test,
    skills_update,
)
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bad, dim, good, print_json, print_table, print_text
from hermes_fs.core.errors import NotFound
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting, catalogue, fitting, skill_places
from hermes_fs.store.catalogue import Known
from hermes_fs.store.installing import lock
from hermes_fs.store.skill_places import FILE, Spot
from hermes_fs.store.workspace import Workspace

app = group("The agent's skills: how it does things, in the Agent Skills standard.")


@app.command("list", epilog=example("hermes skills list", "hermes skills list --all --json"))
def list_command(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="And those that are archived or hidden by another.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Every skill with what it is for: the mind's own, then those of the places beside it."""
    with opened(context) as workspace:
        rows = _known(workspace)
        named = Named(acting.unknown_skills(workspace), lock.names(workspace.root))
        said = skill_found.left_out(workspace)
    shown = [row for row in rows if everything or not row.hidden]
    if as_json:
        print_json([_as_json(row, named) for row in shown])
        return
    if shown:
        _print_rows(shown, named)
    elif not rows:
        print(dim("No skills yet. In a chat, ask the agent to save what it did as one, or `hermes skills new NAME`."))
    broken = [row.spot.name for row in shown if row.problems]
    if broken:
        some = " ".join(shlex.quote(name) for name in broken[:3]) + " …" * (len(broken) > 3)
        print(f"\n{bad(f'{len(broken)} with problems')}: see them with `hermes skills validate {one_line(some)}`")
    for line in (*_unseen(rows, everything), *said):
        print(dim(one_line(line)))


class Named(NamedTuple):
    """Names of skills of the mind: those that wait for trust, those that came from elsewhere."""

    waiting: set[str]
    installed: frozenset[str]


def _known(workspace: Workspace) -> list[Known]:
    def judge(spot: Spot) -> list[str]:
        return skill_found.problems(workspace, spot)

    return catalogue.listed(workspace.root, workspace.state_dir, judge, skill_found.beyond(workspace))


def _print_rows(rows: list[Known], named: Named) -> None:
    """Where all are the mind's own, nothing is said of places."""
    lines = [(row.spot.name, row.spot.place.label, _about(row, named)) for row in rows]
    if all(row.spot.is_own for row in rows):
        print_table(("skill", "what it is for"), [(name, about) for name, _, about in lines])
    else:
        print_table(("skill", "where", "what it is for"), lines)


def _about(row: Known, named: Named) -> str:
    marks = " ".join(f"[{mark}]" for mark in _marks(row, named))
    return f"{marks} {row.description or '(cannot be read)'}".strip()


def _marks(row: Known, named: Named) -> Iterator[str]:
    if row.archived:
        yield "archived"
    elif row.hidden:
        yield "hidden by another of its name"
    if row.pinned:
        yield "pinned"
    if row.spot.is_own and row.spot.name in named.installed:
        yield "installed"
    if row.spot.is_own and row.spot.name in named.waiting:
        yield "waits for trust"


def _unseen(rows: list[Known], everything: bool) -> Iterator[str]:
    archived = sum(row.archived for row in rows)
    hidden = sum(row.hidden and not row.archived for row in rows)
    if not everything and (archived or hidden):
        yield f"{archived} archived, {hidden} hidden by another of the same name: hermes skills list --all"


def _as_json(row: Known, named: Named) -> dict[str, Any]:
    return {
        "name": row.spot.name,
        "description": row.description,
        "problems": list(row.problems),
        "place": row.spot.place.label,
        "path": str(row.spot.folder),
        "own": row.spot.is_own,
        "archived": row.archived,
        "pinned": row.pinned,
        "hidden": row.hidden,
        "installed": row.spot.is_own and row.spot.name in named.installed,
        "waits": row.spot.is_own and row.spot.name in named.waiting,
    }


@app.command(epilog=example("hermes skills show parse-nginx-logs", "hermes skills show deploy --file scripts/run.sh"))
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The skill's name.")],
    file: Annotated[str, typer.Option(help="One of its files instead.")] = FILE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """One skill as the agent reads it, the files beside it, and where it lies."""
    with opened(context) as workspace:
        spot = skill_found.found(workspace, name)
        places = (skill_places.own(workspace.root), *skill_found.beyond(workspace))
        others = [other.where for other in skill_places.all_of(name, places)[1:]]
        data = spot.read(file)
        if data is None:
            raise NotFound(f"there is no {spot.where}/{file}", f"it has: {', '.join(spot.files()[:20])}")
        wrong = skill_found.problems(workspace, spot)
        came = lock.told(workspace.root, name) if spot.is_own else ""
    text = data.decode("utf-8", "replace")
    beside = [path for path in spot.files() if path != FILE]
    if as_json:
        print_json({"name": name, "path": str(spot.folder), "place": spot.place.label, "own": spot.is_own,
                    "file": file, "text": text, "files": beside, "hides": others, "problems": wrong,
                    "installed": came})  # fmt: skip
        return
    print_text(text)
    for label, words in _facts(spot, beside, others, came):
        print(dim(f"\n{label}: {one_line(words)}"))


def _facts(spot: Spot, beside: list[str], others: list[str], came: str) -> Iterator[tuple[str, str]]:
    if beside:
        yield "beside it", ", ".join(beside)
    if not spot.is_own:
        yield "it lies in", f"{spot.folder} (read only)"
    if came:
        yield "installed from", came
    if others:
        yield "it hides", ", ".join(others)


@app.command(epilog=example("hermes skills search nginx logs", "hermes skills search 'ship the website' --hubs"))
def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What it should do, in any words.")],
    in_hubs: Annotated[bool, typer.Option("--hubs", help="What the sites in skills.hubs offer, instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """The skills here that fit some words, best first, as a message with these words would be given them."""
    text = " ".join(words)
    with opened(context) as workspace:
        if in_hubs:
            skills_hubs.search(workspace, text, as_json)
            return
        root, state_dir, beyond = workspace.root, workspace.state_dir, skill_found.beyond(workspace)
        rows = [(fit.name, fit.description) for fit in fitting.fitting(root, state_dir, text, 20, beyond)]
        known = catalogue.described(root, state_dir, beyond)
    sought = text.lower().split()
    holding = [row for row in known if row not in rows and all(word in " ".join(row).lower() for word in sought)]
    if as_json:
        print_json([{"name": name, "description": about} for name, about in (*rows, *holding)])
    elif rows or holding:
        print_table(("skill", "what it is for"), [*rows, *holding])
    else:
        print(dim("No skill fits. See all with `hermes skills list`."))


@app.command(epilog=example("hermes skills validate", "hermes skills validate parse-nginx-logs --json"))
def validate(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Only these skills.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Check skills against the standard, and their evals; without a name, all of the mind. Exits with 1 if one breaks
    it."""
    with opened(context) as workspace:
        place = skill_places.own(workspace.root)
        spots = [skill_found.found(workspace, name) for name in names or ()]
        spots = spots or [Spot(place, name) for name in catalogue.names(workspace.root)]
        rows = [(spot.name, [*skill_found.problems(workspace, spot), *_broken_evals(spot)]) for spot in spots]
    if as_json:
        print_json([{"name": name, "problems": found} for name, found in rows])
    else:
        for name, found in rows:
            print(f"{bad('✗') if found else good('✓')} {one_line(name)}")
            for problem in found:
                print(f"    {one_line(problem)}")
        if not rows:
            print(dim("No skills yet."))
    raise typer.Exit(1 if any(found for _, found in rows) else 0)


def _broken_evals(spot: Spot) -> list[str]:
    """File, line and what to do, of each case that cannot be read."""
    files = {path: data for path in spot.files() if path.startswith("evals/") and (data := spot.read(path)) is not None}
    found: list[str] = load("hermes_fs.agent.evals.case:problems")(files) if files else []
    return found


# What stands in files of its own, a line each.
app.command("new", epilog=skills_change.NEW)(skills_change.new)
app.command("edit", epilog=skills_change.EDIT)(skills_change.edit)
app.command("log", epilog=skills_past.LOG)(skills_past.log)
app.command("diff", epilog=skills_past.DIFF)(skills_past.diff)
app.command("pin", epilog=skills_keep.PIN)(skills_keep.pin)
app.command("unpin", epilog=skills_keep.UNPIN)(skills_keep.unpin)
app.command("archive", epilog=skills_keep.ARCHIVE)(skills_keep.archive)
app.command("restore", epilog=skills_keep.RESTORE)(skills_keep.restore)
app.command("remove", epilog=skills_keep.REMOVE)(skills_keep.remove)
app.command("export", epilog=skills_export.EPILOG)(skills_export.export)
app.command("install", epilog=skills_install.EPILOG)(skills_install.install)
app.command("eval", epilog=skills_eval.EPILOG)(skills_eval.evaluate)
app.command("update", epilog=skills_update.EPILOG)(skills_update.update)
app.command("stats", epilog=skills_stats.EPILOG)(skills_stats.stats)
app.command("test", epilog=skills_test.EPILOG)(skills_test.test)
