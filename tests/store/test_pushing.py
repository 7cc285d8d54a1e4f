from __future__ import annotations

from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, Refused, UsageError
from hermes_fs.store.git import Git
from hermes_fs.store.remote import OURS, push, push_and_hear
from tests.store.git_shell import sh

BRANCH = f"{OURS[0]}proposal/abc"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    root = tmp_path / "remote.git"
    sh(tmp_path, "git", "init", "-q", "--bare", "-b", "main", str(root))
    return root


def at(bare: Path, name: str) -> str:
    return sh(bare, "git", "rev-parse", name).strip()


def commit(git: Git, parent: str, text: str) -> str:
    tree = git.write_tree_with(parent, {"a.txt": ("100644", git.hash_blob(text.encode()))})
    return sh(git.root, "git", "commit-tree", tree, "-p", parent, "-m", text).strip()


def test_each_ref_has_its_own_fate(git, bare):
    head = git.resolve("HEAD")
    wanted = ["refs/heads/main:refs/heads/main", "refs/heads/main:refs/hermes/sessions/h/2026-11"]
    assert push(git, str(bare), wanted) == {"refs/heads/main": "ok", "refs/hermes/sessions/h/2026-11": "ok"}
    assert push(git, f"file://{bare}", wanted[:1]) == {"refs/heads/main": "ok"}, "nothing new"
    ahead, beside = commit(git, head, "theirs"), commit(git, head, "ours")
    push(git, str(bare), [f"{ahead}:refs/heads/main"])
    mixed = [f"{beside}:refs/heads/main", f"{beside}:refs/heads/other"]
    said = push(git, str(bare), mixed)
    assert said["refs/heads/main"].startswith("rejected: ") and "non-fast-forward" in said["refs/heads/main"]
    assert said["refs/heads/other"] == "ok" and at(bare, "main") == ahead
    together = push(git, str(bare), [mixed[0], f"{beside}:refs/heads/third"], atomic=True)
    assert all(fate.startswith("rejected") for fate in together.values()) and len(together) == 2


def test_nothing_is_forced_but_a_branch_of_ours_that_is_as_we_left_it(git, bare):
    head = git.resolve("HEAD")
    first, second = commit(git, head, "first"), commit(git, head, "second")
    for refspecs, leases in (
        ([f"+{head}:refs/heads/main"], {}),
        ([f"{head}:refs/heads/main"], {"refs/heads/main": ""}),
    ):
        with pytest.raises(UsageError, match="would be forced"):
            push_and_hear(git, str(bare), refspecs, leases=leases)
    assert push_and_hear(git, str(bare), [f"{first}:{BRANCH}"], leases={BRANCH: ""}).refs == {BRANCH: "ok"}
    assert push_and_hear(git, str(bare), [f"{second}:{BRANCH}"], leases={BRANCH: first}).refs == {BRANCH: "ok"}
    late = push_and_hear(git, str(bare), [f"{first}:{BRANCH}"], leases={BRANCH: first}).refs
    assert late[BRANCH].startswith("rejected: ") and at(bare, BRANCH) == second


def test_neither_side_runs_hooks_or_tags_along(git, bare, tmp_path):
    """On the disk both sides are this person's processes."""
    canary = tmp_path / "canary"
    script = f"#!/bin/sh\ntouch {canary}\n"
    names = ("pre-push", "reference-transaction", "pre-receive", "update", "post-receive", "post-update")
    for folder in (git.root / ".git" / "hooks", bare / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
    other = tmp_path / "other.git"
    sh(tmp_path, "git", "clone", "-q", "--bare", str(git.root), str(other))
    (bare / "objects" / "info").mkdir(exist_ok=True)
    (bare / "objects" / "info" / "alternates").write_text(f"{other}/objects\n")
    sh(bare, "git", "config", "core.alternateRefsCommand", str(bare / "hooks" / "update"))
    sh(git.root, "git", "config", "push.followTags", "true")
    sh(git.root, "git", "tag", "-a", "v1", "-m", "stays here")
    canary.unlink(missing_ok=True)  # what the lines above did is the test's own
    assert push(git, str(bare), ["refs/heads/main:refs/heads/main"]) == {"refs/heads/main": "ok"}
    assert not canary.exists()
    assert "v1" not in sh(bare, "git", "-c", "core.alternateRefsCommand=", "for-each-ref")


def test_no_connection_and_a_redirect_of_our_own_configuration_are_errors_without_a_login(git, bare):
    with pytest.raises(Failed) as failed:
        push(git, "http://me:half@s3cret@127.0.0.1:9/none.git", ["refs/heads/main:refs/heads/main"])
    assert "s3cret" not in str(failed.value) and "half" not in str(failed.value)
    with pytest.raises(Failed, match="push failed"):
        push(git, str(bare), ["refs/heads/none:refs/heads/main"])
    with pytest.raises(Failed, match="push options"):
        push(git, str(bare), ["refs/heads/main:refs/heads/main"], options=["merge_request.create"])
    sh(git.root, "git", "config", "url.ext::sh.pushInsteadOf", str(bare))
    with pytest.raises(Refused, match="pushinsteadof"):
        push(git, str(bare), ["refs/heads/main:refs/heads/main"])


def test_options_reach_the_server_and_its_words_come_back(git, bare):
    sh(bare, "git", "config", "receive.advertisePushOptions", "true")
    heard = push_and_hear(git, str(bare), ["refs/heads/main:refs/heads/main"], options=["merge_request.create"])
    assert heard.refs == {"refs/heads/main": "ok"} and heard.said == ()
