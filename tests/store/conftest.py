"""Real repositories for the tests of the store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_shell import sh

from hermes_fs.store.git import Git


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own with a git identity, so that the machine's does not matter."""
    folder = tmp_path_factory.mktemp("home")
    (folder / ".gitconfig").write_text("[user]\n\tname = Ada Human\n\temail = ada@example.org\n")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    for name in [key for key in os.environ if key.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return folder


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
