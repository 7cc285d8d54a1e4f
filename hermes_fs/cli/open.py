"""Opens the workspace that a command is about."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.loading import Later, load
from hermes_fs.core.people import OWNER
from hermes_fs.core.types import Provenance
from hermes_fs.store import identity, locate
from hermes_fs.store.state import git_dir_of
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:
    from hermes_fs.core import config
else:
    config = Later("hermes_fs.core.config")

BY_HAND = Provenance(origin="owner", trigger="user", person="owner")
"""Where a change comes from that somebody makes with a command."""


def here(workspace: Workspace) -> str:
    """Who sits at this machine, by handle."""
    return config.load(workspace.root, workspace.state_dir).people.me or OWNER


@contextlib.contextmanager
def opened(context: typer.Context) -> Iterator[Workspace]:
    """The workspace of this invocation; what it has to report is said on stderr at the end."""
    workspace = Workspace.open(locate.find(context.obj.workspace, Path.cwd(), os.environ))
    if (workspace.git.common_dir / "worktrees").is_dir():
        load("hermes_fs.store.past:clear_left")(workspace.git.common_dir)
    try:
        yield workspace
    finally:
        workspace.close()
        for line in workspace.take_reports():
            print(f"note: {line}", file=sys.stderr)


def confirm(question: str, yes: bool) -> None:
    """Ask before something is done. Refused where the answer is no or nobody is there to give one."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nobody is there to say yes", "add --yes")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("nothing was changed")


def root_of(context: typer.Context) -> Path | None:
    """None where there is no workspace yet: the environment alone may say enough."""
    try:
        return locate.find(context.obj.workspace, Path.cwd(), os.environ)
    except NotFound:
        if context.obj.workspace:
            raise
        return None


def config_of(root: Path | None) -> config.Config:
    """Settings without opening the workspace. Those that another machine made do not count."""
    if root is None:
        return config.Config()
    state_dir = git_dir_of(root) / "hermes"
    if said := identity.disown(state_dir, identity.machine_id()):
        print(f"note: {said}", file=sys.stderr)
    return config.load(root, state_dir)
