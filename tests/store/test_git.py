"""git by plumbing: objects, trees, refs, isolation."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from hermes_fs.core.errors import Conflict, Failed, NotFound
from hermes_fs.store import isolation
from hermes_fs.store.git import Git, RefLocked
from hermes_fs.store.objects import Signature, TreeEntry
from hermes_fs.store.state import git_dir_of
from tests.store.git_shell import sh

WHO = Signature("Ada <x>\n", "ada@example.org", datetime(2026, 1, 2, tzinfo=UTC))


def test_a_blob_comes_back_byte_for_byte(git: Git) -> None:
    for data in (b"", b"\r\n\0binary\xff", b"x" * 300_000):
        assert git.read_blob(git.hash_blob(data)) == data


def test_a_missing_object_is_not_found(git: Git) -> None:
    with pytest.raises(NotFound):
        git.read_blob("0" * 39 + "1")
    assert git.resolve("no-such-branch") == ""
    assert git.resolve("") == ""
    assert git.blob_at("HEAD", "nowhere") == ""
    assert git.blob_at("HEAD", "folder") == ""
    assert git.tree_at("HEAD", "folder") != ""


def test_a_name_with_a_line_break_is_not_sent_to_git(git: Git) -> None:
    with pytest.raises(NotFound):
        git.resolve("HEAD\ncontents HEAD")
    assert git.blob_at("HEAD", "a\nb") == ""
    assert git.resolve("HEAD") != ""


def test_more_blobs_than_the_pipes_hold_are_written_at_once(git: Git) -> None:
    data = [b"%d" % n for n in range(3000)]
    oids = git.write([("blob", each) for each in data])
    assert [git.read_blob(oid) for oid in oids] == data


def test_a_tree_with_changes_equals_what_git_makes_of_the_same_files(git: Git, repo: Path) -> None:
    blob = git.hash_blob(b"new\n")
    tree = git.write_tree_with(
        "HEAD",
        {
            "folder/b.txt": None,
            "folder.txt": ("100644", blob),
            "x/y/z.txt": ("100644", blob),
            "x/run.sh": ("100755", blob),
            "x/y.z": ("100644", blob),
        },
    )
    (repo / "folder" / "b.txt").unlink()
    for path in ("folder.txt", "x/y/z.txt", "x/run.sh", "x/y.z"):
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_text("new\n")
    (repo / "x" / "run.sh").chmod(0o755)
    sh(repo, "git", "add", "-A")
    assert sh(repo, "git", "write-tree").strip() == tree
    assert dict(git.files(tree))["x/run.sh"].mode == "100755"
    assert git.tree_at(tree, "folder") == ""


def test_a_file_takes_the_place_of_a_folder_and_a_folder_that_of_a_file(git: Git) -> None:
    blob = git.hash_blob(b"new\n")
    tree = git.write_tree_with(
        "HEAD",
        {"folder": ("100644", blob), "folder/b.txt": None, "a.txt": None, "a.txt/x": ("100644", blob)},
    )
    assert sorted(name for name, _ in git.files(tree)) == ["a.txt/x", "folder"]


def test_a_tree_round_trips_through_entries(git: Git) -> None:
    entries = git.tree("HEAD")
    assert git.make_tree(reversed(entries)) == git.resolve("HEAD^{tree}")
    assert TreeEntry("040000", "tree", git.tree_at("HEAD", "folder"), "folder") in entries


def test_a_commit_is_what_git_reads_back(git: Git, repo: Path) -> None:
    head = git.resolve("HEAD")
    commit = git.commit(git.resolve("HEAD^{tree}"), [head], "subject\n\nbody é \udc80\n", WHO, WHO)
    git.update_ref("refs/heads/main", commit, head)
    assert sh(repo, "git", "log", "-1", "--format=%an|%ae|%at|%s") == "Ada x|ada@example.org|1767312000|subject\n"
    assert sh(repo, "git", "fsck", "--strict") == ""


def test_a_ref_is_moved_only_from_the_expected_value(git: Git) -> None:
    head = git.resolve("HEAD")
    other = git.commit(git.resolve("HEAD^{tree}"), [head], "other", WHO, WHO)
    git.update_ref("refs/heads/x", head, "")
    with pytest.raises(Conflict):
        git.update_ref("refs/heads/x", other, "")
    with pytest.raises(Conflict):
        git.update_ref("refs/heads/x", other, other[::-1])
    with pytest.raises(Conflict):
        git.update_ref("refs/heads/y", other, head)
    git.update_ref("refs/heads/x", other, head)
    assert git.resolve("refs/heads/x") == other
    git.update_ref("refs/heads/x", "", other)
    assert git.resolve("refs/heads/x") == ""


def test_a_ref_stays_when_the_body_of_its_move_fails(git: Git, repo: Path) -> None:
    head = git.resolve("HEAD")
    with pytest.raises(ZeroDivisionError), git.moving_ref("refs/heads/x", head, ""):
        assert 1 / 0
    assert git.resolve("refs/heads/x") == ""
    assert not list((repo / ".git").rglob("*.lock"))
    git.update_ref("refs/heads/x", head, "")


def test_a_locked_ref_is_an_error_of_its_own(git: Git, repo: Path) -> None:
    (repo / ".git" / "refs" / "heads" / "x.lock").touch()
    with pytest.raises(RefLocked):
        git.update_ref("refs/heads/x", git.resolve("HEAD"), "")


def test_a_killed_coprocess_is_started_again(git: Git) -> None:
    oid = git.hash_blob(b"before")
    for child in psutil.Process().children():
        child.kill()
    time.sleep(0.05)
    assert git.read_blob(oid) == b"before"
    assert git.read_blob(git.hash_blob(b"after")) == b"after"


def test_threads_share_the_coprocesses(git: Git) -> None:
    wrong: list[bytes] = []

    def work(number: int) -> None:
        for turn in range(25):
            data = b"%d-%d" % (number, turn)
            if git.read_blob(git.hash_blob(data)) != data:
                wrong.append(data)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_coprocesses_end_with_close_and_with_the_process_that_started_them(repo: Path) -> None:
    code = (
        "import os,sys; from pathlib import Path; from hermes_fs.store.git import Git\n"
        "git = Git(Path(sys.argv[1])); git.hash_blob(b'x'); git.resolve('HEAD')\n"
        "import psutil; print(*[c.pid for c in psutil.Process().children()], flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).parents[2]
    python = [sys.executable]
    done = subprocess.run([*python, "-c", code, str(repo)], capture_output=True, text=True, cwd=root, check=False)
    pids = [int(word) for word in done.stdout.split()]
    assert pids
    deadline = time.monotonic() + 10
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_what_is_inherited_does_not_redirect_git(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    git = Git(repo)
    assert git.read_blob(git.hash_blob(b"here")) == b"here"
    assert git.run("rev-parse", "HEAD").decode().strip() == git.resolve("HEAD")
    git.close()
    assert not (tmp_path / "objects").exists()


def test_nothing_that_a_repository_plants_runs(git: Git, repo: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\necho $0 $@ >> {mark}\ncat\n")
    evil.chmod(0o755)
    hooks = repo / ".git" / "hooks"
    for name in ("reference-transaction", "post-index-change", "pre-commit", "fsmonitor-watchman"):
        hooks.mkdir(exist_ok=True)
        (hooks / name).write_text(evil.read_text())
        (hooks / name).chmod(0o755)
    for key in (
        "core.fsmonitor",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "diff.x.textconv",
        "diff.x.command",
        "diff.external",
        "merge.x.driver",
        "core.pager",
        "core.sshCommand",
        "gpg.program",
        "core.alternateRefsCommand",
    ):
        sh(repo, "git", "config", key, str(evil))
    sh(repo, "git", "config", "commit.gpgsign", "true")
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "attributes").write_text("* filter=x diff=x merge=x\n")
    mark.unlink(missing_ok=True)

    head = git.resolve("HEAD")
    tree = git.write_tree_with("HEAD", {"a.txt": ("100644", git.hash_blob(b"changed\n"))})
    commit = git.commit(tree, [head], "x", WHO, WHO)
    git.update_ref("refs/heads/main", commit, head)
    git.run("diff", "--no-ext-diff", "--no-textconv", head, commit)
    git.run("status", "--porcelain")
    git.ask("diff")
    git.ask("add", "a.txt")
    other = git.commit(git.write_tree_with(head, {"a.txt": ("100644", git.hash_blob(b"y\n"))}), [head], "y", WHO, WHO)
    answer = git.ask("merge-tree", "--write-tree", commit, other)
    assert answer.code == 1  # a conflict, not a silent win of one side
    assert not mark.exists(), mark.read_text()


def test_a_failing_command_says_so_in_one_line(git: Git) -> None:
    with pytest.raises(Failed) as error:
        git.run("rev-parse", "--verify", "no-such-thing")
    assert "\n" not in str(error.value)
    assert git.run("rev-parse", "--verify", "no-such-thing", check=False) == b""


def test_git_that_is_missing_or_old_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\necho git version 2.30.1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(Failed, match=r"2\.30 is too old"):
        isolation.require_git(tmp_path / "seen")
    program.write_text("#!/bin/sh\necho git version 2.40.0 and more\n")
    isolation.require_git(tmp_path / "seen")
    program.touch()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(Failed, match="not installed"):
        isolation.require_git(tmp_path / "seen")


def test_a_folder_without_git_is_not_found_and_a_git_file_is_followed(repo: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        git_dir_of(tmp_path)
    moved = tmp_path / "moved.git"
    (repo / ".git").rename(moved)
    (repo / ".git").write_text(f"gitdir: {moved}\n")
    assert git_dir_of(repo) == moved


def test_ctrl_c_in_the_terminal_does_not_reach_the_coprocesses(git: Git) -> None:
    git.hash_blob(b"x")
    children = psutil.Process().children()
    assert children
    assert all(os.getsid(child.pid) == child.pid for child in children)
