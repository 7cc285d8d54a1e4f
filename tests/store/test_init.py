"""A workspace is made once, from nothing, from memories that are there, or from another machine's; never over code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, Refused, UsageError
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import remote
from hermes_fs.store.init import init, template

OWNER = Provenance(origin="owner", trigger="user", person="owner")


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout


def test_a_new_workspace_is_one_commit_of_the_template_and_a_second_init_changes_nothing(tmp_path: Path) -> None:
    workspace, made = init(tmp_path / "w")
    head = workspace.head()
    workspace.close()
    assert made
    assert git(tmp_path / "w", "status", "--porcelain") == ""
    assert sorted(git(tmp_path / "w", "ls-files").split()) == sorted(template())
    again, made = init(tmp_path / "w")
    assert (again.head(), made, again.read_only) == (head, False, "")
    again.close()


def test_a_code_repository_and_a_folder_of_other_files_are_refused(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "code")], check=True)
    (tmp_path / "code" / "a.py").write_text("x = 1\n")
    git(tmp_path / "code", "add", "-A")
    git(tmp_path / "code", "commit", "-q", "-m", "x")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "photo.jpg").write_bytes(b"x")
    for folder in ("code", "code/inside", "files"):
        with pytest.raises(Refused):
            init(tmp_path / folder)
    assert not (tmp_path / "code" / ".hermes-workspace").exists()


def test_a_folder_with_memories_is_adopted_as_it_is(tmp_path: Path) -> None:
    root = tmp_path / "old"
    (root / "skills" / "x").mkdir(parents=True)
    (root / "MEMORY.md").write_text("- remember me\n")
    (root / "skills" / "x" / "SKILL.md").write_text("---\nname: x\ndescription: y\n---\n")
    workspace, made = init(root)
    workspace.close()
    assert made
    assert (root / "MEMORY.md").read_text() == "- remember me\n"
    assert "skills/x/SKILL.md" in git(root, "ls-files")
    assert git(root, "status", "--porcelain") == ""


def test_an_init_that_was_interrupted_is_finished_by_the_next(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "w")], check=True)
    (tmp_path / "w" / ".hermes-workspace").write_text("format: 1\n")
    (tmp_path / "w" / "MEMORY.md").write_text("# Memory\n")
    workspace, _ = init(tmp_path / "w")
    assert workspace.head()
    workspace.close()


def test_a_clone_brings_main_and_runs_nothing_that_it_holds(tmp_path: Path) -> None:
    workspace, _ = init(tmp_path / "there")
    workspace.commit(Change({"notes/a.md": b"brought\n"}, "note", "", OWNER))
    workspace.close()
    there = tmp_path / "there"
    (there / ".gitattributes").write_text("*.md filter=evil\n")
    (there / "notes" / "link.md").symlink_to("/etc/passwd")
    git(there, "add", "-A")
    git(there, "commit", "-q", "-m", "hostile")
    here, left_out = remote.clone(str(there), tmp_path / "here")
    with here:
        assert here.read("notes/a.md").text == "brought\n"
        assert here.read_only == ""
    assert not (tmp_path / "here" / "notes" / "link.md").exists()
    assert any("link.md" in line and "symbolic link" in line for line in left_out)


@pytest.mark.parametrize("url", ["ext::sh -c true", "--upload-pack=touch x", "/nowhere/at/all", "gopher://x/y"])
def test_an_address_that_runs_something_or_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError):
        remote.clone(url, tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_a_clone_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "empty.git")], check=True)
    with pytest.raises(Refused):
        remote.clone(str(tmp_path / "empty.git"), tmp_path / "here")
    (tmp_path / "not-git").mkdir()
    with pytest.raises(Failed):
        remote.clone(str(tmp_path / "not-git"), tmp_path / "here")
    assert not (tmp_path / "here").exists()
