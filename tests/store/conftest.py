"""Real repositories for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.store.git import Git
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import make_workspace, opened, sh


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit on main."""
    root = tmp_path / "repo"
    root.mkdir()
    sh(root, "git", "init", "-q", "-b", "main")
    (root / "a.txt").write_text("one\n")
    (root / "folder").mkdir()
    (root / "folder" / "b.txt").write_text("two\n")
    sh(root, "git", "add", "-A")
    sh(root, "git", "commit", "-qm", "first")
    return root


@pytest.fixture
def git(repo: Path) -> Iterator[Git]:
    git = Git(repo)
    yield git
    git.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with one commit on main."""
    return make_workspace(tmp_path / "mind")


@pytest.fixture
def workspace(root: Path) -> Iterator[Workspace]:
    with opened(root) as workspace:
        yield workspace
