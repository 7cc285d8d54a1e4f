"""`hermes trust`: what of the workspace came from elsewhere and may act on this machine, and who decides."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli import trusting
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import confirm, opened
from hermes_fs.cli.output import dim, print_json, print_text
from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting
from hermes_fs.store.trust import Item
from hermes_fs.store.workspace import Workspace

app = group("What came from elsewhere and may act on this machine only once you trust it.")

Names = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="As listed, such as skill:deploy.")]
All = Annotated[bool, typer.Option("--all", help="Everything.")]


@app.command("list", epilog=example("hermes trust list", "hermes trust list --all", "hermes trust list --json"))
def list_command(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="What is trusted, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """What waits for your trust and is off until then."""
    with opened(context) as workspace:
        rows = _all(workspace) if everything else acting.pending(workspace)
        trusted = {item.key: workspace.trust.is_trusted(item) for item in rows}
    if as_json:
        print_json(
            [
                {"name": one.key, "kind": one.kind, "digest": one.digest, "does": one.does, "trusted": trusted[one.key]}
                for one in rows
            ]
        )
        return
    if everything:
        trusting.show([item for item in rows if trusted[item.key]])
        print(dim(f"{sum(trusted.values())} trusted, {len(rows) - sum(trusted.values())} wait"))
        rows = [item for item in rows if not trusted[item.key]]
    trusting.show(rows)
    if not rows and not everything:
        print("Nothing waits for your trust.")


@app.command(epilog=example("hermes trust show skill:deploy"))
def show(context: typer.Context, name: Annotated[str, typer.Argument(help="As listed.")]) -> None:
    """All of what you would trust: its text, its files."""
    with opened(context) as workspace:
        item = _named(_all(workspace), name)
        state = "trusted" if workspace.trust.is_trusted(item) else "not trusted"
        print(f"{one_line(item.key)}  {item.digest}  {state}\n{one_line(item.does)}\n")
        for path, text in acting.texts(workspace.git, workspace.head(), item):
            print(dim(f"── {one_line(path)}"))
            print_text(text)


@app.command(epilog=example("hermes trust accept skill:deploy", "hermes trust accept --all --yes"))
def accept(
    context: typer.Context,
    names: Names = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Trust these as they are now; when they change, you are asked again."""
    with opened(context) as workspace:
        waiting = acting.pending(workspace)
        chosen = _chosen(waiting, names, everything)
        trusting.show(chosen)
        if chosen:
            confirm("Trust them?", yes)
            workspace.trust.accept(chosen)
    print(f"{len(chosen)} trusted." if chosen else "Nothing waits for your trust.")


@app.command(epilog=example("hermes trust revoke skill:deploy"))
def revoke(context: typer.Context, names: Names = None, everything: All = False) -> None:
    """Trust these no more: they are off at once."""
    with opened(context) as workspace:
        trusted = [item for item in _all(workspace) if workspace.trust.is_trusted(item)]
        chosen = _chosen(trusted, names, everything)
        workspace.trust.revoke([item.key for item in chosen])
    for item in chosen:
        print(f"{one_line(item.key)} is not trusted any more")


def _all(workspace: Workspace) -> list[Item]:
    head = workspace.head()
    return list(acting.items(workspace.git, head)) if head else []


def _chosen(items: list[Item], names: list[str] | None, everything: bool) -> list[Item]:
    if bool(names) == everything:
        raise UsageError("name what you mean, or say --all", "hermes trust list")
    return items if everything else [_named(items, name) for name in names or ()]


def _named(items: list[Item], name: str) -> Item:
    """`kind:name`, or the name alone where only one has it; `@` and the beginning of a digest may follow."""
    wanted, _, digest = (name, "", "") if any(name in (item.key, item.name) for item in items) else name.partition("@")
    found = [item for item in items if wanted in (item.key, item.name)]
    if len(found) != 1:
        what = "no such thing here" if not found else "more than one thing has that name"
        raise NotFound(f"{name}: {what}", "hermes trust list --all shows the names")
    if not found[0].digest.startswith(digest):
        raise NotFound(f"{wanted} is {found[0].digest[: trusting.SHORT]} now, not {digest}", "look at it again")
    return found[0]
