"""`hermes skills stats`: how each version of a skill did, by what its tasks came to. Counts nothing itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from hermes_fs.cli.app import example
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import dim, print_json, print_table
from hermes_fs.core.errors import NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.store import outcomes, skill_versions
from hermes_fs.store.outcomes import Task
from hermes_fs.store.skill_versions import Score, Version
from hermes_fs.store.workspace import Workspace

EPILOG = example("hermes skills stats", "hermes skills stats parse-nginx-logs", "hermes skills stats --json")
_WIDTH = 12


class Row(NamedTuple):
    """A version and the tasks that count for it; `worse` than the one before it."""

    version: Version | None
    tasks: Sequence[Task]
    worse: bool = False

    @property
    def score(self) -> Score:
        return skill_versions.score(self.tasks)


def stats(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="One skill, by version; empty: the present version of each.")] = "",
    by_model: Annotated[bool, typer.Option("--by-model", help="A line for each model.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Uses, success rate and tokens of skills, by version and model."""
    with opened(context) as workspace:
        done = outcomes.by_version(outcomes.tasks(workspace.root / "sessions", workspace.state_dir))
        wanted = [name] if name else sorted({skill for skill, _ in done})
        found = {skill: _rows(workspace, skill, done) for skill in wanted}
    if name and not found[name]:
        raise NotFound(f"there never was a skill {name!r}", "see them with `hermes skills list`")
    if as_json:
        print_json([_plain(skill, row) for skill, rows in found.items() for row in rows])
    elif name:
        _show_versions(found[name], by_model)
    else:
        _show_all(found, by_model)


def _rows(workspace: Workspace, name: str, done: Mapping[tuple[str, str], list[Task]]) -> list[Row]:
    """A row a version, oldest first; without a number for trees that main never had, such as a hand edit's or those of
    another place."""
    known = skill_versions.versions(workspace.git, name)
    rows = [Row(use.version, use.tasks, use.is_worse) for use in skill_versions.uses(workspace.git, name, known, done)]
    trees = {one.tree for one in known}
    other = [task for (skill, tree), used in done.items() if skill == name and tree not in trees for task in used]
    return [*rows, *([Row(None, other)] if other else [])]


def _show_all(found: Mapping[str, Sequence[Row]], by_model: bool) -> None:
    cells = []
    for skill, rows in found.items():
        if rows:
            last = next((row for row in reversed(rows) if row.version and row.version.tree), rows[-1])
            cells += _lines(one_line(skill), last, by_model)
    if not cells:
        print(dim("No skill was used yet. Outcomes are counted from the first task that reads one."))
        return
    print_table(("skill", "version", "uses", "success", "95 %", "", "tokens"), cells)


def _show_versions(rows: Sequence[Row], by_model: bool) -> None:
    cells = []
    for row in rows:
        made = row.version
        when = f"{made.when.astimezone():%Y-%m-%d}  {one_line(made.subject)}" if made else "not on main"
        cells += [(*line[1:], when) for line in _lines("", row, by_model)]
    print_table(("version", "uses", "success", "95 %", "", "tokens", "made"), cells)


def _lines(skill: str, row: Row, by_model: bool) -> list[tuple[str, ...]]:
    version, score = row.version, row.score
    number = f"v{version.number}" if version and version.tree else "deleted" if version else "?"
    lines = [(skill, number, *_figures(score, row.worse))]
    if by_model:
        for model, _ in score.models:
            part = skill_versions.score([task for task in row.tasks if task.model == model])
            lines.append(("", one_line(model), *_figures(part, False)))
    return lines


def _figures(score: Score, worse: bool) -> tuple[str, ...]:
    if not score.uses:
        return ("0", "", "", "", "")
    rate = f"{score.rate:.0%}"
    span = f"{score.low:.0%} to {score.high:.0%}"
    bar = "█" * round(score.rate * _WIDTH)
    return (str(score.uses), f"{rate} ▼ worse" if worse else rate, span, bar, f"{score.tokens:,}")


def _plain(skill: str, row: Row) -> dict[str, Any]:
    version, score = row.version, row.score
    made = dataclasses.asdict(version) | {"when": version.when.isoformat()} if version else {}
    figures = dataclasses.asdict(score) | {"rate": round(score.rate, 4), "models": dict(score.models)}
    tasks = [{"session": task.session, "task": task.id, "result": task.result, "why": task.why} for task in row.tasks]
    return {"skill": skill, "version": made or None, **figures, "tasks": tasks}
