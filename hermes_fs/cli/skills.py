"""`hermes skills`: a person looks at the skills of the mind and checks them against the standard."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli import skills_stats
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bad, dim, good, print_json, print_table, print_text
from hermes_fs.core.errors import HermesError, NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.store import catalogue
from hermes_fs.store.formats import skill
from hermes_fs.store.workspace import Workspace

app = group("The agent's skills: how it does things, in the Agent Skills standard.")

app.command("stats", epilog=skills_stats.EPILOG)(skills_stats.stats)

FILE = "SKILL.md"


@app.command("list", epilog=example("hermes skills list", "hermes skills list --json"))
def list_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Every skill with what it is for."""
    with opened(context) as workspace:
        rows = catalogue.judged(workspace.root, workspace.state_dir, lambda name: _problems(workspace, name))
    if as_json:
        print_json([{"name": name, "description": about, "problems": found} for name, about, found in rows])
    elif rows:
        print_table(("skill", "what it is for"), [(name, about or "(cannot be read)") for name, about, _ in rows])
    else:
        print(dim("No skills yet. In a chat, ask the agent to save what it did as one."))
    broken = [name for name, _, found in rows if found]
    if broken and not as_json:
        print(f"\n{bad(f'{len(broken)} with problems')}: see them with `hermes skills validate`")


@app.command(epilog=example("hermes skills show parse-nginx-logs"))
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The skill's name.")],
) -> None:
    """One skill as the agent reads it, and the files beside it."""
    with opened(context) as workspace:
        _require(workspace, name)
        text = workspace.read(f"skills/{name}/{FILE}").text
        folder = workspace.root / "skills" / name
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    print_text(text)
    beside = [path for path in files if path != FILE]
    if beside:
        print(dim("\nbeside it: " + one_line(", ".join(beside))))


@app.command(epilog=example("hermes skills validate", "hermes skills validate parse-nginx-logs --json"))
def validate(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME…", help="Only these skills.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Check skills against the standard; exits with 1 if one breaks it."""
    with opened(context) as workspace:
        for name in names or ():
            _require(workspace, name)
        rows = [(name, _problems(workspace, name)) for name in names or catalogue.names(workspace.root)]
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


def _problems(workspace: Workspace, name: str) -> list[str]:
    try:
        return skill.check(workspace.read(f"skills/{name}/{FILE}").text, name)
    except HermesError as error:
        return [str(error)]


def _require(workspace: Workspace, name: str) -> None:
    if name not in catalogue.names(workspace.root):
        raise NotFound(f"there is no skill {name!r}", "see them with `hermes skills list`")
