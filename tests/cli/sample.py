"""A command group that does the things which a dispatcher must survive."""

from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli.app import example, group
from hermes_fs.core.errors import Conflict

app = group("Sample commands.")


@app.command(epilog=example("hermes sample where", "hermes -w ~/mind sample where"))
def where(context: typer.Context, rest: Annotated[list[str] | None, typer.Argument(help="Words.")] = None) -> None:
    """Print the workspace that the flags name."""
    print(context.obj.workspace, *(rest or []))


@app.command()
def clash() -> None:
    raise Conflict("MEMORY.md has changed\nmeanwhile", "read it again")


@app.command()
def crash() -> None:
    (Path("/nowhere") / "x").read_text()


@app.command()
def interrupt() -> None:
    raise KeyboardInterrupt


@app.command()
def flood() -> None:
    for number in range(100_000):
        print(number)


@app.command()
def leave(code: int) -> None:
    raise typer.Exit(code)
