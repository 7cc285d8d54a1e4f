"""Shows what waits for trust, and asks about all of it at once after a clone."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hermes_fs.cli.output import bold, dim, print_table
from hermes_fs.store import acting
from hermes_fs.store.trust import Item
from hermes_fs.store.workspace import Workspace

SHORT = 10
"""Characters of a digest that are shown."""
_LISTED = 20


def settle(workspace: Workspace, yes: bool) -> None:
    """After a clone: what it brings that would act. Trusted at once where the person says so, else it stays off."""
    waiting = acting.pending(workspace)
    print(f"\n{bold(f'{len(waiting)} things')} that came along wait for your trust:")
    show(waiting[:_LISTED])
    if len(waiting) > _LISTED:
        print(dim(f"  and {len(waiting) - _LISTED} more: hermes trust list"))
    if yes or _asked():
        workspace.trust.accept(waiting)
        print("Trusted, as they are now. What changes by another way than you asks again.")
    else:
        print(dim(f"They stay off. Look at them: hermes -w {workspace.root} trust list"))


def show(items: Sequence[Item]) -> None:
    """A table of items."""
    print_table(("what", "as", "it would"), [(item.key, item.digest[:SHORT], item.does) for item in items])


def _asked() -> bool:
    if not sys.stdin.isatty():
        return False
    return input("Is this workspace your own, and shall all of it be trusted? [y/N] ").strip().lower() in ("y", "yes")
