"""`hermes approvals`: a person's standing answers to commands on this machine, and taking one back."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import config_of, opened, root_of
from hermes_fs.cli.output import dim, print_json
from hermes_fs.core.errors import NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.store import settings

app = group("Which commands always or never run here, and taking an answer back.")


@app.command("list", epilog=example("hermes approvals list"))
def list_answers(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List the standing answers, numbered."""
    kept = config_of(root_of(context)).approvals
    if as_json:
        print_json({"always": list(kept.always), "never": list(kept.never)})
        return
    for number, (answer, text) in enumerate(_numbered(kept.always, kept.never), 1):
        print(f"{number:>3}  {answer:<6}  {one_line(text)}")
    if not kept.always and not kept.never:
        print(dim("No standing answers: each command that may do harm is asked about."))


@app.command(epilog=example("hermes approvals remove 2"))
def remove(context: typer.Context, number: Annotated[int, typer.Argument(min=1, help="As `list` shows it.")]) -> None:
    """Take a standing answer back: the command is asked about again."""
    kept = config_of(root_of(context)).approvals
    answers = _numbered(kept.always, kept.never)
    if number > len(answers):
        raise NotFound(f"there is no answer {number}", "see `hermes approvals list`")
    which, text = answers[number - 1]
    left = [one for one in (kept.always if which == "always" else kept.never) if one != text]
    with opened(context) as workspace:
        settings.write_local(workspace.state_dir, {f"approvals.{which}": left or None})
    print(f"Taken back: {which} {one_line(text)}")


def _numbered(always: tuple[str, ...], never: tuple[str, ...]) -> list[tuple[str, str]]:
    return [*(("always", text) for text in always), *(("never", text) for text in never)]
