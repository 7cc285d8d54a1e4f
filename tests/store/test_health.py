"""How a repository does is told from git itself; its housekeeping goes on beside lessons and takes nothing away."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, HermesError, Refused
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import health
from hermes_fs.store.git import Git
from tests.store.git_shell import make_workspace, opened, sh

OWNER = Provenance("owner", "user")


def test_what_lies_loose_and_in_packs_is_counted(git: Git, repo: Path) -> None:
    before = health.room(git)
    assert (before.loose, before.packs, before.is_due) == (5, 0, False)
    _, after = health.maintain(git)
    assert (after.loose, after.packed, after.packs) == (0, 5, 1)
    assert health.missing(git) == ""


def test_a_missing_object_is_named(git: Git, repo: Path) -> None:
    blob = sh(repo, "git", "rev-parse", "HEAD:a.txt").strip()
    (repo / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert blob in health.missing(git)


def test_refs_that_name_nothing_and_refs_of_a_newer_hermes_are_told(git: Git, repo: Path) -> None:
    head = sh(repo, "git", "rev-parse", "HEAD").strip()
    for name in ("sessions/h/2026-01", "rescue/x", "proposals/abcdef", "dreams/tonight"):
        sh(repo, "git", "update-ref", f"refs/hermes/{name}", head)
    assert health.odd_refs(git) == ([], ["refs/hermes/dreams/tonight"])
    (repo / ".git/refs/hermes/proposals/abcdef").write_text("1" * 40 + "\n")
    (repo / ".git/refs/hermes/rescue/x").write_text("noise\n")
    broken, _ = health.odd_refs(git)
    assert set(broken) == {"refs/hermes/proposals/abcdef", "refs/hermes/rescue/x"}


def test_large_files_of_the_past_are_named(git: Git, repo: Path) -> None:
    data = bytes((i * i * 7919 + i) >> 3 & 255 for i in range(1 << 20))
    (repo / "big.bin").write_bytes(b"".join(bytes(b ^ k for b in data) for k in range(6)))
    sh(repo, "git", "-c", "core.compression=0", "add", "big.bin")
    sh(repo, "git", "commit", "-qm", "big")
    sh(repo, "git", "rm", "-q", "big.bin")
    sh(repo, "git", "commit", "-qm", "gone")
    assert [(one.path, one.size > 6_000_000) for one in health.largest(git)] == [("big.bin", True)]


def test_a_planted_program_of_the_housekeeping_is_not_run(git: Git, repo: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for name in ("pre-auto-gc", "post-checkout"):
        (repo / ".git/hooks").mkdir(exist_ok=True)
        (repo / ".git/hooks" / name).symlink_to(program)
    health.maintain(git)
    sh(repo, "git", "config", "gc.recentObjectsHook", str(program))
    with pytest.raises(Refused, match="recentobjectshook"):
        health.maintain(git)
    assert not (tmp_path / "ran").exists()


def test_what_the_configuration_says_of_pruning_does_not_count(git: Git, repo: Path) -> None:
    fresh = git.hash_blob(b"written, and not named by any ref yet")
    for key in ("gc.pruneExpire", "gc.reflogExpire", "gc.reflogExpireUnreachable"):
        sh(repo, "git", "config", key, "now")
    sh(repo, "git", "commit", "-q", "--amend", "-m", "another")
    lost = sh(repo, "git", "rev-parse", "HEAD@{1}").strip()
    health.maintain(git)
    assert git.kind_of(fresh) == "blob"
    assert sh(repo, "git", "cat-file", "-t", lost) == "commit\n"


def test_two_at_once_are_refused_by_git_itself(git: Git, repo: Path) -> None:
    (repo / ".git/gc.pid").write_text(f"{1} {sh(repo, 'hostname').strip()}\n")
    with pytest.raises(Failed, match="gc"):
        health.maintain(git)


@pytest.mark.slow
def test_lessons_go_on_while_it_runs_and_none_is_lost(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "mind")
    with opened(root) as one, opened(root) as other:
        done = threading.Event()
        seen: list[health.Room] = []

        def keep_house() -> None:
            while not done.is_set():
                seen.append(health.maintain(other.git)[1])

        house = threading.Thread(target=keep_house)
        house.start()
        try:
            for number in range(60):
                path = f"notes/n{number}.md"
                one.commit(Change({path: f"note {number}\n".encode()}, "note", "", OWNER))
                assert one.git.blob_at(one.head(), path)
        finally:
            done.set()
            house.join()
        assert len(seen) > 1
        assert sh(root, "git", "rev-list", "--count", "main") == "61\n"
        assert health.missing(one.git) == ""
        assert sh(root, "git", "status", "--porcelain") == ""


# -- remotes ----------------------------------------------------------------------------------------------------------


def test_how_main_stands_to_a_remote_is_told(git: Git, repo: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.git"
    sh(tmp_path, "git", "init", "-q", "--bare", "-b", "main", str(there))
    sh(repo, "git", "remote", "add", "origin", str(there))
    assert health.remotes(git) == ["origin"]
    assert health.standing(git, "origin", 5.0).empty
    sh(repo, "git", "push", "-q", "origin", "main")
    (repo / "a.txt").write_text("more\n")
    sh(repo, "git", "commit", "-qam", "more")
    assert health.standing(git, "origin", 5.0) == health.Standing(1, 0)
    sh(tmp_path, "git", "clone", "-q", str(there), "elsewhere")
    (tmp_path / "elsewhere/c.txt").write_text("theirs\n")
    sh(tmp_path / "elsewhere", "git", "add", "c.txt")
    sh(tmp_path / "elsewhere", "git", "commit", "-qm", "theirs")
    sh(tmp_path / "elsewhere", "git", "push", "-q", "origin", "main")
    assert health.standing(git, "origin", 5.0) == health.Standing()
    there.rename(tmp_path / "moved.git")
    with pytest.raises(HermesError):
        health.standing(git, "origin", 5.0)
