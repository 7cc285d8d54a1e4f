"""What the door does not let in, and that nothing is half-written when it, or the disk, says no."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused
from hermes_fs.core.types import Change, Kind, Origin, Provenance
from hermes_fs.store.paths import check_path
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import make_workspace, opened, sh, status

AGENT = Provenance("agent", "user")
OWNER = Provenance("owner", "user")


def put(path: str, kind: Kind = "note", origin: Origin = "agent") -> Change:
    return Change({path: b"x\n"}, kind, "", Provenance(origin, "user"))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../outside.md",
        "notes/../../outside.md",
        "notes/../MEMORY.md",
        "./MEMORY.md",
        "notes//a.md",
        "notes/",
        ".git/config",
        ".GIT/hooks/pre-commit",
        "notes/.git/config",
        "notes/.Git/x",
        "notes/git~1/x",
        "notes/.git /x",
        "notes/.git./x",
        "notes/.g\u200cit/x",
        "notes\\a.md",
        "notes/a\0.md",
        "notes/a\n.md",
        "notes/a\x1b[31m.md",
        "notes/a\u202e.md",
        "notes/cafe\u0301.md",
        "notes/ a.md",
        "notes/a.",
        "notes/a:b.md",
        "notes/" + "a" * 250 + ".md",
        "notes/" + "a/" * 600 + "b.md",
    ],
)
def test_a_path_that_is_not_plain_is_refused(workspace: Workspace, path: str) -> None:
    head = workspace.head()
    with pytest.raises(Refused) as error:
        workspace.commit(put(path))
    assert "\n" not in str(error.value)
    assert workspace.head() == head
    with pytest.raises(Refused):
        workspace.read(path)


@given(st.text(max_size=30))
def test_every_path_is_refused_or_stays_inside(path: str) -> None:
    try:
        check_path(path)
    except Refused:
        return
    parts = path.split("/")
    assert all(part not in ("", ".", "..") and part.casefold() != ".git" for part in parts)
    assert "\0" not in path
    assert "\\" not in path


@pytest.mark.parametrize(
    "path",
    [
        "config.yaml",
        "AGENTS.md",
        "SOUL.md",
        ".gitattributes",
        ".gitignore",
        ".hermes-workspace",
        "people/people.yaml",
        "README.md",
        "memory.md",
        "Memory.md",
        "Skills/x/SKILL.md",
        "sessions/2026/01/01/x.jsonl",
        "work/x",
        "notes",
        "skills/loose.md",
        "people/../config.yaml",
        "setup.py",
        ".github/workflows/ci.yml",
        ".gitmodules",
        "people/Ada Lovelace/USER.md",
    ],
)
@pytest.mark.parametrize("kind", ["note", "config", "revert", "merge"])
def test_the_agent_does_not_write_outside_its_part_of_the_mind(
    workspace: Workspace, path: str, kind: Literal["note", "config", "revert", "merge"]
) -> None:
    with pytest.raises(Refused):
        workspace.commit(put(path, kind))
    with pytest.raises(Refused):
        workspace.commit(put(path, kind, "web"))


def test_a_kind_writes_its_own_files_only(workspace: Workspace) -> None:
    for path, kind in (("cron.yaml", "memory"), ("skills/x/SKILL.md", "note"), ("notes/a.md", "skill")):
        with pytest.raises(Refused, match="does not write"):
            workspace.commit(put(path, kind, "owner"))  # type: ignore[arg-type]


def test_the_owner_may_set_what_the_agent_may_not(workspace: Workspace) -> None:
    workspace.commit(put("config.yaml", "config", "owner"))
    workspace.commit(put("SOUL.md", "config", "owner"))
    with pytest.raises(Refused):
        workspace.commit(put("setup.py", "config", "owner"))


def test_an_empty_change_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused):
        workspace.commit(Change({}, "note", "", AGENT))


def test_a_name_that_differs_only_in_case_is_refused(workspace: Workspace) -> None:
    workspace.commit(put("notes/topic.md"))
    for path in ("notes/Topic.md", "notes/topic.MD"):
        with pytest.raises(Refused, match="upper and lower case"):
            workspace.commit(put(path))


def test_a_file_where_a_folder_is_and_the_reverse_are_refused(workspace: Workspace, root: Path) -> None:
    workspace.commit(put("notes/deep/a.md"))
    with pytest.raises(Refused):
        workspace.commit(put("notes/deep"))
    with pytest.raises(Refused):
        workspace.commit(put("notes/deep/a.md/b.md"))
    workspace.settle()
    assert status(root) == ""


def test_a_path_through_a_symbolic_link_is_refused(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.md").write_text("secret\n")
    (root / "notes").symlink_to(outside)
    with pytest.raises(Refused):
        workspace.commit(put("notes/b.md"))
    with pytest.raises(Refused):
        workspace.read("notes/a.md")
    (root / "notes").unlink()
    (root / "notes").mkdir()
    (root / "notes" / "a.md").symlink_to(outside / "a.md")
    with pytest.raises(Refused):
        workspace.commit(put("notes/a.md"))
    with pytest.raises(Refused):
        workspace.read("notes/a.md")
    assert (outside / "a.md").read_text() == "secret\n"
    assert list(outside.iterdir()) == [outside / "a.md"]
    assert workspace.commit_pending() == []
    assert any("symbolic link" in line for line in workspace.take_reports())


def test_a_fifo_does_not_block(workspace: Workspace, root: Path) -> None:
    (root / "notes").mkdir()
    sh(root, "mkfifo", "notes/pipe.md")
    with pytest.raises(Refused, match="regular file"):
        workspace.read("notes/pipe.md")
    with pytest.raises(Refused):
        workspace.commit(put("notes/pipe.md"))


def test_a_repository_inside_the_mind_is_reported_and_not_kept(workspace: Workspace, root: Path) -> None:
    inner = root / "skills" / "foreign"
    inner.mkdir()
    (inner / "SKILL.md").write_text("x\n")
    sh(inner, "git", "init", "-q")
    sh(inner, "git", "add", "-A")
    sh(inner, "git", "commit", "-qm", "inner")
    assert workspace.commit_pending() == []
    assert any("skills/foreign" in line for line in workspace.take_reports())


# -- learning is off -----------------------------------------------------------------------------------------------


def assert_off(root: Path, words: str) -> None:
    with opened(root) as workspace:
        assert words in workspace.read_only
        assert workspace.read("MEMORY.md").text
        assert workspace.commit_pending() == []
        with pytest.raises(Refused, match="nothing can be learned"):
            workspace.commit(put("notes/a.md"))
        assert not (root / "notes").exists()


def test_on_another_branch_or_a_detached_head_learning_is_off(root: Path) -> None:
    sh(root, "git", "switch", "-qc", "side")
    assert_off(root, "branch side")
    sh(root, "git", "switch", "-q", "--detach", "main")
    assert_off(root, "detached")
    sh(root, "git", "switch", "-q", "main")
    with opened(root) as workspace:
        assert workspace.read_only == ""


def test_during_a_merge_learning_is_off(root: Path) -> None:
    sh(root, "git", "switch", "-qc", "side")
    (root / "MEMORY.md").write_text("- side\n")
    sh(root, "git", "commit", "-qam", "side")
    sh(root, "git", "switch", "-q", "main")
    (root / "MEMORY.md").write_text("- main\n")
    sh(root, "git", "commit", "-qam", "main")
    sh(root, "git", "merge", "side", check=False)
    assert_off(root, "a merge is in progress")
    sh(root, "git", "merge", "--abort")
    sh(root, "git", "rebase", "side", check=False)
    with opened(root) as workspace:
        assert workspace.read_only


def test_a_newer_format_is_read_only(root: Path) -> None:
    (root / ".hermes-workspace").write_text("format: 2\n")
    sh(root, "git", "commit", "-qam", "newer")
    assert_off(root, "newer than this hermes knows")


@pytest.fixture
def read_only_root(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "mount"
    place.mkdir()
    sh(tmp_path, "mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place))
    try:
        root = make_workspace(place / "mind")
        opened(root).close()
        sh(tmp_path, "mount", "-o", "remount,ro", str(place))
        yield root
    finally:
        sh(tmp_path, "umount", str(place))


def test_a_read_only_folder_can_be_read_and_says_so(read_only_root: Path) -> None:
    assert_off(read_only_root, "read-only")


def test_what_is_no_workspace_says_what_to_do(tmp_path: Path, repo: Path, root: Path) -> None:
    with pytest.raises(NotFound, match="hermes init"):
        opened(tmp_path)
    with pytest.raises(NotFound, match="hermes init"):
        opened(tmp_path / "nowhere")
    with pytest.raises(Refused, match="not a workspace"):
        opened(repo)
    sh(tmp_path, "git", "clone", "-q", "--bare", str(root), "bare.git")
    with pytest.raises(Refused, match="bare"):
        opened(tmp_path / "bare.git")
    sh(tmp_path, "git", "-C", str(root), "commit", "-q", "--allow-empty", "-m", "second")
    sh(tmp_path, "git", "clone", "-q", "--depth=1", f"file://{root}", "shallow")
    with pytest.raises(Refused, match="--unshallow"):
        opened(tmp_path / "shallow")


# -- the disk says no ----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "mount"
    place.mkdir()
    sh(tmp_path, "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place))
    try:
        yield place
    finally:
        sh(tmp_path, "umount", str(place))


def test_a_full_disk_is_one_clear_error_and_nothing_half_written(small_disk: Path) -> None:
    root = make_workspace(small_disk / "mind")
    with opened(root) as workspace:
        workspace.commit(Change({"MEMORY.md": b"- first\n"}, "memory", "", AGENT))
        workspace.settle()
        head = workspace.head()
        page = 4096
        free = int(sh(root, "stat", "-f", "-c", "%a", "."))
        ballast = small_disk / "ballast"
        refused = 0
        for room in range(40):  # pages left: the disk is full at every step once
            ballast.write_bytes(b"\0" * page * max(0, free - room))
            files: dict[str, bytes | None] = {
                "MEMORY.md": b"- x%d\n" % room * 1000,
                f"notes/{room}.md": b"y%d\n" % room * 900,
            }
            try:
                workspace.commit(Change(files, "memory", "", AGENT))
                break
            except HermesError as error:
                refused += 1
                assert "\n" not in str(error)
                assert "space" in str(error), error
            assert workspace.head() == head
            assert (root / "MEMORY.md").read_bytes() == b"- first\n"
            assert not (root / "notes").exists()
            ballast.unlink()
            workspace.settle()
            assert status(root) == ""
            free = int(sh(root, "stat", "-f", "-c", "%a", "."))
        else:
            raise AssertionError("never enough room")
        assert refused > 3
        ballast.unlink(missing_ok=True)
        workspace.settle()
        workspace.commit(put("notes/after.md"))
    assert status(root) == ""
    assert sh(root, "git", "fsck", "--strict", "--no-dangling") == ""


def test_a_folder_that_must_not_be_written_leaves_no_trace(workspace: Workspace, root: Path) -> None:
    (root / "notes").mkdir()
    subprocess.run(["chattr", "+i", str(root / "notes")], check=True)
    head = workspace.head()
    try:
        with pytest.raises(Failed) as error:
            workspace.commit(Change({"MEMORY.md": b"- x\n", "notes/a.md": b"x\n"}, "memory", "", AGENT))
        assert "\n" not in str(error.value)
    finally:
        subprocess.run(["chattr", "-i", str(root / "notes")], check=True)
    assert workspace.head() == head
    assert (root / "MEMORY.md").read_text() == "- one\n"
    assert not (root / ".git" / "refs" / "heads" / "main.lock").exists()
    assert not (root / ".git" / "index.lock").exists()
    workspace.commit(put("notes/a.md"))


# -- a hostile repository -------------------------------------------------------------------------------------------


def test_nothing_planted_runs_when_the_mind_learns(root: Path, tmp_path: Path) -> None:
    mark, evil = tmp_path / "ran", tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\necho $0 $@ >> {mark}\ncat\n")
    evil.chmod(0o755)
    hooks = root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-index-change", "pre-commit", "commit-msg", "post-commit"):
        (hooks / name).write_text(evil.read_text())
        (hooks / name).chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "diff.x.textconv", "core.pager", "gpg.program"):
        sh(root, "git", "config", key, str(evil))
    for key, value in (("commit.gpgsign", "true"), ("filter.x.required", "true"), ("core.hooksPath", str(hooks))):
        sh(root, "git", "config", key, value)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("* filter=x diff=x merge=x ident\n")
    mark.unlink(missing_ok=True)
    with opened(root) as workspace:
        (root / "MEMORY.md").write_text("- $Id$ by hand\r\n")
        workspace.commit_pending()
        workspace.commit(put("notes/a.md"))
        workspace.settle()
        assert workspace.git.read_blob(workspace.git.blob_at("main", "MEMORY.md")) == b"- $Id$ by hand\r\n"
    assert not mark.exists(), mark.read_text()


# -- with the real formats --------------------------------------------------------------------------------------------


def test_the_agent_is_held_to_the_format_and_a_persons_broken_file_is_only_reported(root: Path) -> None:
    with Workspace.open(root) as workspace:
        with pytest.raises(Refused, match=r"MEMORY\.md"):
            workspace.commit(Change({"MEMORY.md": b"- no id\n"}, "memory", "", AGENT))
        workspace.take_reports()
        (root / "MEMORY.md").write_bytes(b"- caf\xe9\n")
        (commit,) = workspace.commit_pending()
        assert any("MEMORY.md" in line for line in workspace.take_reports())
        assert workspace.git.read_blob(workspace.git.blob_at(commit.id, "MEMORY.md")) == b"- caf\xe9\n"
