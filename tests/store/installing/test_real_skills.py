"""Skills that others wrote come in as they are, but for what the standard wants of a SKILL.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_fs.store import acting
from hermes_fs.store.formats import skill
from hermes_fs.store.installing import accepting, lock
from hermes_fs.store.installing.accepting import Yes
from hermes_fs.store.installing.bringing import bring
from hermes_fs.store.installing.newcomer import findings, newcomer
from hermes_fs.store.installing.source import Source
from hermes_fs.store.workspace import Workspace
from tests.store.real_skills import folders

EXAMPLES_OF_CREDENTIALS = {"golang-security", "golang-testing"}
"""Skills that show, for the sake of teaching, what looks like a credential."""


@pytest.mark.slow
def test_seventeen_real_skills_are_installed_pinned_and_trusted(root: Path) -> None:
    with Workspace.open(root) as workspace:
        workspace.trust.accept(acting.pending(workspace))
        suspected = set()
        for folder in folders():
            one = newcomer(bring(Source("folder", str(folder)), workspace.state_dir))
            found = findings(workspace, one)
            suspected |= {one.name} if found else set()
            accepting.install(workspace, one, Yes("because", "its examples are none" if found else "", bool(found)))
            kept = {path: (root / one.place(path)).read_bytes() for path in one.files}
            assert kept == one.files and skill.check(kept["SKILL.md"].decode(), one.name) == []
            assert all(data == (folder / path).read_bytes() for path, data in kept.items() if path != "SKILL.md")
        assert suspected == EXAMPLES_OF_CREDENTIALS
        assert len(lock.read(workspace)) == 17 and acting.pending(workspace) == []
