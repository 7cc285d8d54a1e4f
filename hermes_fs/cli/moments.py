"""What people write for a moment of the mind: a date or a lesson, as the commit of main that stood then. Reads only."""

from __future__ import annotations

from hermes_fs.cli import dates
from hermes_fs.core.errors import NotFound
from hermes_fs.store import history
from hermes_fs.store.workspace import Workspace


def commit_at(workspace: Workspace, at: str) -> str:
    """Main as it stood at a lesson (an id, `last`) or a date. NotFound, UsageError."""
    moment = dates.parse(at, dates.utc_now())
    if moment is None:
        return history.find(workspace.git, at).commit
    commit = history.commit_at(workspace.git, moment)
    if not commit:
        raise NotFound(f"there was no workspace yet at {at}", "name a later date")
    return commit
