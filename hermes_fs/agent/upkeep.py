"""Puts into the queue what it is time for beside the conversations. Does none of it, and waits for nothing."""

from __future__ import annotations

from datetime import datetime

from hermes_fs.agent import audit, consolidate, summarise
from hermes_fs.core.config import Config
from hermes_fs.store.errands import Errands
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.workspace import Workspace


def order(workspace: Workspace, sessions: Sessions, errands: Errands, config: Config, now: datetime) -> None:
    """An audit, more room in memory, summaries of conversations that pause or were left without one."""
    audit.order_if_due(workspace, errands, config.audit.every)
    if config.learning.reflection == "auto":
        consolidate.order_if_full(workspace, errands, config.memory.memory_limit)
    if config.learning.summaries == "auto":
        summarise.order_due(sessions, errands, workspace.state_dir, now)
