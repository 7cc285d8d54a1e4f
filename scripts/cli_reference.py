"""Writes docs/reference/cli.md from the commands themselves: `python scripts/cli_reference.py`. A test compares it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "cli.md"
sys.path.insert(0, str(ROOT))  # runs from a clone that is not installed

from typer.main import get_command  # noqa: E402

from hermes_fs.cli.main import top_level_help  # noqa: E402
from hermes_fs.cli.table import COMMANDS  # noqa: E402
from hermes_fs.core.loading import load  # noqa: E402

_INTRODUCTION = """\
# The command line

Made by `scripts/cli_reference.py` from the commands themselves; do not edit.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 somebody else changed it meanwhile, 4 refused, 5 not found,
130 interrupted. An error is one line on stderr that ends with what to do; `--debug` shows the traceback.
"""


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every command and group: its full name, the command, its context."""
    for name, (target, _) in COMMANDS.items():
        command = get_command(load(target if ":" in target else f"{target}:app"))
        yield from _walk(f"hermes {name}", command, None)


def render() -> str:
    """The page."""
    parts = [_INTRODUCTION, _block("hermes --help", top_level_help())]
    parts += [_block(path, command.get_help(context)) for path, command, context in commands()]
    return "\n".join(parts)


def _walk(path: str, command: Any, parent: Any) -> Iterator[tuple[str, Any, Any]]:
    with command.make_context(path.rpartition(" ")[2] if parent else path, [], parent, **_LENIENT) as context:
        yield path, command, context
        for name, sub in getattr(command, "commands", {}).items():
            yield from _walk(f"{path} {name}", sub, context)


_LENIENT: dict[str, Any] = {"resilient_parsing": True, "terminal_width": 100, "max_content_width": 100}


def _block(title: str, text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    return f"## {title}\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
