"""`hermes secrets`: credentials in the history of the mind, and what only looks like one."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import dim, print_json, print_table
from hermes_fs.core.errors import UsageError
from hermes_fs.store.formats.format import counted
from hermes_fs.store.leaks import Leaks
from hermes_fs.store.trust import Item

app = group("Credentials in the history of the mind, and what only looks like one.")


@app.command(epilog=example("hermes secrets scan", "hermes secrets scan --json"))
def scan(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Look through everything that was ever committed; what was scanned before is not read again.

    Exits with 1 if a credential was found. None is shown: only where it stands.
    """
    with opened(context) as workspace:
        found = Leaks(workspace.git, workspace.state_dir, workspace.trust.knows_secret).scan()
    rows = [(one.commit, one.path, one.line, one.kind, one.fingerprint) for one in found.leaks]
    headers = ("commit", "path", "line", "kind", "fingerprint")
    if as_json:
        print_json([dict(zip(headers, row, strict=True)) for row in rows])
    else:
        print_table(headers, rows)
        looked = f"{found.scanned:,} new version{'' if found.scanned == 1 else 's'} of files looked at"
        said = f"{looked}, {counted(len(rows), 'credential')} in history."
        print(said)
        if rows:
            print(dim("Change them where they are valid: history keeps them. Is one none? hermes secrets allow …"))
    raise typer.Exit(1 if rows else 0)


@app.command(epilog=example("hermes secrets allow 3f1c0a9e77"))
def allow(
    context: typer.Context,
    fingerprint: Annotated[str, typer.Argument(help="As the refusal or the scan names it.")],
) -> None:
    """Say that this is no credential: it may be kept. Holds on this machine."""
    with opened(context) as workspace:
        workspace.trust.accept([_item(fingerprint)])
    print(f"{fingerprint} may be kept")


@app.command("list", epilog=example("hermes secrets list"))
def list_command(context: typer.Context) -> None:
    """What you said is no credential, by fingerprint."""
    with opened(context) as workspace:
        known = [key for key in workspace.trust.digests() if key.startswith("secret:")]
    for key in known:
        print(key.removeprefix("secret:"))
    if not known:
        print("Nothing.")


@app.command(epilog=example("hermes secrets forbid 3f1c0a9e77"))
def forbid(
    context: typer.Context,
    fingerprint: Annotated[str, typer.Argument(help="One that was allowed.")],
) -> None:
    """Take an `allow` back."""
    with opened(context) as workspace:
        workspace.trust.revoke([_item(fingerprint).key])
    print(f"{fingerprint} counts as a credential again")


def _item(fingerprint: str) -> Item:
    if not re.fullmatch(r"[0-9a-f]{10}", fingerprint):
        raise UsageError(f"{fingerprint!r} is no fingerprint", "give the ten hex digits that the refusal names")
    return Item("secret", fingerprint, fingerprint, "is no credential")
