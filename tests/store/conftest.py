"""Real repositories for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.store.git import Git
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import committed, make_workspace, opened


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit on main."""
    return committed(tmp_path / "repo", {"a.txt": "one\n", "folder/b.txt": "two\n"})


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
