"""Purges a workspace in a process of its own, for tests that kill it: `python -m … ROOT`."""

from __future__ import annotations

import sys
from pathlib import Path

from hermes_fs.store.forgetting import purge
from hermes_fs.store.workspace import Workspace
from tests.store.forgetting.lived import TEXT

if __name__ == "__main__":
    with Workspace.open(Path(sys.argv[1])) as workspace:
        purge.purge(workspace, TEXT)
