"""What every command group is made with: our settings of typer, examples in `--help`, the flags of this invocation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import typer.core

_WHOLE_SENTENCE = 1_000


class Group(typer.core.TyperGroup):
    """Its help gives each command the whole first sentence; typer's own cuts it where the line ends."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = [self.commands[name] for name in self.list_commands(ctx)]
        rows = [(one.name, one.get_short_help_str(_WHOLE_SENTENCE)) for one in commands if not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


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
    app = typer.Typer(**_settings(), cls=Group, no_args_is_help=True)

    @app.callback(help=text)
    def _group() -> None:  # a callback keeps a group with one subcommand a group
        """Nothing of its own."""

    return app


def group_of_names(text: str, default: str) -> typer.Typer:
    """A group whose first word may also be a name: what is no subcommand, and no word at all, goes to `default`."""

    class Names(Group):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            first = next((word for word in args if not word.startswith("-")), "")
            asked = first in self.commands or (not first and any(word in ("-h", "--help") for word in args))
            return list(super().parse_args(ctx, args if asked else [default, *args]))

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            super().format_commands(ctx, formatter)
            known = (one.get_help_record(ctx) for one in self.commands[default].params if one.name != "help")
            if rows := [row for row in known if row]:
                with formatter.section(f"Without a command it is `{default}`, with"):
                    formatter.write_dl(rows)

    app = typer.Typer(**_settings(), cls=Names)

    @app.callback(help=text)
    def _group() -> None:
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
