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


def test_a_link_that_a_clone_left_out_is_nobodys_deletion(tmp_path: Path) -> None:
    workspace, _ = init(tmp_path / "there")
    workspace.close()
    there = tmp_path / "there"
    (there / "notes" / "link.md").symlink_to("/etc/passwd")
    git(there, "add", "-A")
    git(there, "commit", "-q", "-m", "hostile")
    here, _ = remote.clone(str(there), tmp_path / "here")
    with here:
        assert here.commit_pending() == []
        with pytest.raises(Refused, match="symbolic link"):
            here.commit(Change({"notes/link.md": b"x\n"}, "note", "", OWNER))


def test_files_are_not_written_through_a_link_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "old"
    root.mkdir()
    (root / "MEMORY.md").write_text("- remember me\n")
    (root / "people").symlink_to(outside)
    with pytest.raises(Refused, match="symbolic link"):
        init(root)
    assert list(outside.iterdir()) == []


def test_a_repository_whose_own_settings_redirect_connections_is_not_fetched_into(tmp_path: Path) -> None:
    workspace, _ = init(tmp_path / "here")
    other, _ = init(tmp_path / "there")
    other.close()
    with workspace:
        remote.fetch(workspace.git, str(tmp_path / "there"), "refs/heads/main:refs/remotes/x/main")
        git(tmp_path / "here", "config", "core.sshCommand", "touch /tmp/ran")
        with pytest.raises(Refused, match=r"core\.sshcommand"):
            remote.fetch(workspace.git, str(tmp_path / "there"), "refs/heads/main:refs/remotes/x/main")


def test_memories_with_windows_line_ends_stay_as_they_are_whatever_the_persons_git_would_do(
    tmp_path: Path, home: Path
) -> None:
    (home / ".gitconfig").write_text((home / ".gitconfig").read_text() + "[core]\n\tautocrlf = true\n")
    root = tmp_path / "old"
    root.mkdir()
    (root / "MEMORY.md").write_bytes(b"- remember me\r\n")
    workspace, _ = init(root)
    with workspace:
        assert workspace.commit_pending() == []
    assert git(root, "status", "--porcelain") == ""
