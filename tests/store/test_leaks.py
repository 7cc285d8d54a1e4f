"""Credentials in history are named by commit, path and line, never shown; what was scanned is not read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_fs.core.errors import Refused
from hermes_fs.core.secrets import fingerprint
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.leaks import CACHE, Leaks, Scan
from hermes_fs.store.trust import Item
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import sh

KEY = "gh" + "p_" + "a1B2" * 9
AGENT = Provenance("agent", "user", "owner", model="some-model")


def scanned(workspace: Workspace, seconds: float = 0.0) -> Scan:
    return Leaks(workspace.git, workspace.state_dir, workspace.trust.knows_secret).scan(seconds)


def leave(root: Path, path: str, text: str) -> None:
    """Committed, and deleted again: it is in history only."""
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text(text)
    sh(root, "git", "add", "-A")
    sh(root, "git", "commit", "-qm", "oops")
    (root / path).unlink()
    sh(root, "git", "commit", "-qam", "gone")


def test_what_was_deleted_long_ago_is_found_and_never_shown(workspace: Workspace) -> None:
    leave(workspace.root, "notes/x.md", f"a\nb\ntoken {KEY}\n")
    (leak,) = scanned(workspace).leaks
    brought = sh(workspace.root, "git", "rev-parse", "HEAD~1")[:12]
    assert (leak.commit, leak.path, leak.line, leak.kind) == (brought, "notes/x.md", 3, "github-token")
    assert leak.fingerprint == fingerprint(KEY)
    assert KEY not in (workspace.state_dir / CACHE).read_text() + repr(leak)


def test_transcripts_and_proposals_are_scanned_too(workspace: Workspace) -> None:
    blob = workspace.git.hash_blob(f'{{"text":"{KEY}"}}\n'.encode())
    tree = workspace.git.write_tree_with("", {"sessions/2026/11/21/h.jsonl": ("100644", blob)})
    commit = sh(workspace.root, "git", "commit-tree", "-m", "x", tree).strip()
    sh(workspace.root, "git", "update-ref", "refs/hermes/sessions/h/2026-11", commit)
    assert [leak.path for leak in scanned(workspace).leaks] == ["sessions/2026/11/21/h.jsonl"]


def test_a_second_scan_reads_only_what_is_new(workspace: Workspace) -> None:
    leave(workspace.root, "notes/x.md", f"token {KEY}\n")
    first = scanned(workspace)
    again = scanned(workspace)
    assert (first.leaks, again.scanned) == (again.leaks, 0)
    leave(workspace.root, "notes/y.md", "harmless\n")
    assert scanned(workspace).scanned == 1
    (workspace.state_dir / CACHE).write_text("{")
    assert scanned(workspace).leaks == first.leaks


def test_history_that_was_rewritten_is_scanned_anew(workspace: Workspace) -> None:
    leave(workspace.root, "notes/x.md", f"token {KEY}\n")
    assert scanned(workspace).leaks
    sh(workspace.root, "git", "reset", "-q", "--hard", "HEAD~2")
    sh(workspace.root, "git", "reflog", "expire", "--expire=now", "--all")
    sh(workspace.root, "git", "gc", "-q", "--prune=now")
    workspace.git.close()
    assert scanned(workspace).leaks == ()


def test_a_scan_that_runs_out_of_time_goes_on_the_next_time(workspace: Workspace) -> None:
    leave(workspace.root, "notes/x.md", f"token {KEY}\n")
    first = scanned(workspace, seconds=1e-9)
    assert first.left > 0
    assert scanned(workspace).left == 0
    assert len(scanned(workspace).leaks) == 1


def test_a_person_can_say_that_it_is_none(workspace: Workspace) -> None:
    text = "- the deploy token: tok3n_9f8a7b6c5d4e3f2a1b0c\n"
    leave(workspace.root, "notes/x.md", text)
    (leak,) = scanned(workspace).leaks
    change = Change({"notes/y.md": text.encode()}, "note", "", AGENT)
    with pytest.raises(Refused, match=f"hermes secrets allow {leak.fingerprint}"):
        workspace.commit(change)
    workspace.trust.accept([Item("secret", leak.fingerprint, leak.fingerprint)])
    assert scanned(workspace).leaks == ()
    workspace.commit(change)
    with pytest.raises(Refused):
        workspace.commit(Change({"notes/z.md": f"{text}and {KEY}\n".encode()}, "note", "", AGENT))


def test_pictures_and_huge_files_are_passed_over(workspace: Workspace) -> None:
    leave(workspace.root, "notes/x.png", f"\0{KEY}")
    leave(workspace.root, "notes/y.txt", "x" * (9 << 20) + f" {KEY}")
    assert scanned(workspace).leaks == ()
