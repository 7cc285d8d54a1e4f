"""A purge that is killed anywhere leaves all as it was, or is carried out by whoever opens the workspace next."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.store import init
from hermes_fs.store.workspace import Workspace
from tests.store.forgetting.lived import git, live, traces

PROJECT = Path(__file__).parents[3]
BEFORE = ("forget.objects", "forget.built", "forget.plan")
AFTER = (
    *("forget.refs", "forget.file", "forget.file:3", "forget.disk", "forget.logs", "forget.dead", "forget.packed"),
    *("forget.packs", "forget.loose", "forget.loose:20", "forget.gone", "forget.state"),
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mind that holds the secret everywhere, half of it packed."""
    root = tmp_path_factory.mktemp("lived") / "mind"
    made, _ = init.init(root)
    live(made)
    made.close()
    git(root, "repack", "-q", "-a", "-d", "-k")
    return root


@pytest.mark.slow
@pytest.mark.parametrize("step", (*BEFORE, *AFTER))
def test_killed_at_a_step_the_workspace_opens_in_the_old_or_the_new_state(
    lived: Path, tmp_path: Path, step: str
) -> None:
    root = tmp_path / "mind"
    shutil.copytree(lived, root, symlinks=True)
    was = git(root, "for-each-ref")
    words = [sys.executable, "-m", "tests.store.forgetting.purging", str(root)]
    done = subprocess.run(words, cwd=PROJECT, env={**os.environ, "HERMES_FAILPOINT": step}, check=False)
    assert done.returncode == -signal.SIGKILL
    with Workspace.open(root) as again:
        assert again.settle()
    assert git(root, "fsck", "--strict", "--no-dangling") == ""
    assert git(root, "status", "--porcelain") == ""
    assert not (root / ".git" / "hermes" / "forgetting.json").exists()
    if step in BEFORE:
        assert git(root, "for-each-ref") == was
    else:
        assert traces(root) == []
        assert "stash for [forgotten]" in git(root, "stash", "list")


@pytest.mark.slow
def test_a_transaction_of_refs_that_was_cut_in_half_is_finished(lived: Path, tmp_path: Path) -> None:
    root = tmp_path / "mind"
    shutil.copytree(lived, root, symlinks=True)
    old = git(root, "rev-parse", "refs/heads/main").strip()
    words = [sys.executable, "-m", "tests.store.forgetting.purging", str(root)]
    subprocess.run(words, cwd=PROJECT, env={**os.environ, "HERMES_FAILPOINT": "forget.refs"}, check=False)
    git(root, "update-ref", "refs/heads/main", old)  # as if git had died before this one
    (root / ".git" / "refs" / "heads" / "main.lock").write_text("")
    Workspace.open(root).close()
    assert traces(root) == []
    assert git(root, "fsck", "--strict", "--no-dangling") == ""
    assert git(root, "status", "--porcelain") == ""
