"""What every command group is made with: our settings of typer, examples in `--help`, the flags of this invocation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global flags; a command finds them in `context.obj`. `workspace` is None where `-w` was not given."""

    workspace: Path | None = None
    debug: bool = False


def single() -> typer.Typer:
    """An app of one command: `app = single()`, then `@app.command(epilog=example("hermes log"))`."""
    return typer.Typer(**_settings(), no_args_is_help=False)


def group(text: str) -> typer.Typer:
    """An app of several subcommands, `text` being its help."""
    app = typer.Typer(**_settings(), no_args_is_help=True)

    @app.callback(help=text)
    def _group() -> None:  # a callback keeps a group with one subcommand a group
        """Nothing of its own."""

    return app


def example(*lines: str) -> str:
    """The epilog of a command: each line a command line that works as written."""
    return "\b\n" + "\n".join(["Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


def _settings() -> dict[str, Any]:
    return {
        "add_completion": False,
        "rich_markup_mode": None,
        "pretty_exceptions_enable": False,
        "context_settings": {"help_option_names": ["-h", "--help"]},
    }
