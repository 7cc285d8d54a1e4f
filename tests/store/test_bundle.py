"""A whole workspace goes into one file and comes back: all of it, nothing of this machine, nothing that is believed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, NotFound, Refused
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import acting
from hermes_fs.store.carrying import bundle
from hermes_fs.store.proposals import Proposals
from tests.store.desk import Desk
from tests.store.git_shell import make_workspace, opened, sh, status


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(make_workspace(tmp_path / "mind"))


def export(desk: Desk, target: Path, sessions: bool = True, force: bool = False) -> bundle.Exported:
    with opened(desk.root) as workspace:
        return bundle.export(workspace, desk.refs if sessions else None, target, force)


def test_everything_comes_back_and_nothing_of_this_machine_does(desk: Desk, tmp_path: Path) -> None:
    over, running = desk.talk("over"), desk.talk("still on", ended=False)
    with opened(desk.root) as workspace:
        change = Change({"notes/later.md": b"# Later\n"}, "note", "why", Provenance("agent", "reflection", model="m"))
        Proposals(workspace).propose(change, "a test wants it")
        workspace.trust.accept(acting.pending(workspace))
    (desk.state / "local.yaml").write_text("model: {name: secret-model}\n")
    (desk.root / "MEMORY.md").write_text("- one\n- two, by hand\n")
    done = export(desk, tmp_path / "all.bundle")
    assert (done.months, done.proposals) == (1, 1)
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert b"secret-model" not in done.path.read_bytes()

    workspace, left_out = bundle.restore(done.path, tmp_path / "back")
    with workspace:
        assert left_out == []
        assert workspace.head() == done.head
        assert (workspace.root / "MEMORY.md").read_text() == "- one\n- two, by hand\n"
        assert status(workspace.root) == ""
        assert acting.pending(workspace) != []
        assert not (workspace.state_dir / "local.yaml").exists()
        assert sh(workspace.root, "git", "remote") == ""
        assert len(sh(workspace.root, "git", "for-each-ref", "refs/hermes/proposals").splitlines()) == 1
    back = Desk(workspace.root, host="other-cd34")
    assert {path.name for path in back.refs.materialise()} == {over.path.name, running.path.name}
    assert sh(back.root, "git", "fsck", "--strict") == ""


def test_without_sessions_not_one_word_of_them_is_in_it(desk: Desk, tmp_path: Path) -> None:
    desk.talk("what was said")
    desk.refs.commit_due()
    done = export(desk, tmp_path / "small.bundle", sessions=False)
    assert done.months == 0
    assert list(bundle.read_header(done.path).refs) == ["refs/heads/main"]
    workspace, _ = bundle.restore(done.path, tmp_path / "back")
    workspace.close()
    assert sh(tmp_path / "back", "git", "for-each-ref", "refs/hermes") == ""


def test_a_file_that_is_there_stays_unless_one_says_so_and_links_are_not_followed(desk: Desk, tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "link"
    precious.write_text("mine")
    link.symlink_to(precious)
    for target in (precious, link):
        with pytest.raises(Refused, match="is there already"):
            export(desk, target)
    export(desk, link, force=True)
    assert precious.read_text() == "mine"
    assert bundle.is_bundle(link) and not link.is_symlink()


def test_a_device_or_a_pipe_is_not_replaced_by_force(desk: Desk, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Refused, match="is no plain file"):
        export(desk, pipe, force=True)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert not bundle.is_bundle(pipe)
    with pytest.raises(Refused, match="no plain file"):
        bundle.restore(pipe, tmp_path / "back")


def test_a_copy_that_would_be_lost_with_the_workspace_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(desk.root)
    for target in (desk.root / "a.bundle", desk.root / ".git" / "a.bundle", tmp_path / "way" / "a.bundle"):
        with pytest.raises(Refused, match="lost with it"):
            export(desk, target)
    with pytest.raises(NotFound):
        export(desk, tmp_path / "none" / "a.bundle")


def test_on_another_branch_main_is_exported_and_what_is_missing_is_said(desk: Desk, tmp_path: Path) -> None:
    sh(desk.root, "git", "switch", "-qc", "elsewhere")
    (desk.root / "MEMORY.md").write_text("- edited\n")
    done = export(desk, tmp_path / "a.bundle")
    assert "not in it" in done.notes[0]


def test_a_history_with_a_hole_is_not_exported_and_leaves_no_file(desk: Desk, tmp_path: Path) -> None:
    blob = sh(desk.root, "git", "rev-parse", "HEAD:MEMORY.md").strip()
    (desk.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    before = set(tmp_path.iterdir())
    with pytest.raises(Failed):
        export(desk, tmp_path / "a.bundle")
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("harm", ["cut", "flipped", "no bundle", "needs more", "no main", "filtered"])
def test_a_damaged_or_odd_file_is_refused_and_leaves_nothing(desk: Desk, tmp_path: Path, harm: str) -> None:
    path = export(desk, tmp_path / "a.bundle").path
    data = path.read_bytes()
    if harm == "cut":
        path.write_bytes(data[:-30])
    elif harm == "flipped":
        path.write_bytes(data[:-60] + bytes([data[-60] ^ 255]) + data[-59:])
    elif harm == "no bundle":
        path.write_bytes(b"# not a bundle\n\n")
    elif harm == "filtered":
        path.write_bytes(
            data.replace(b"# v2 git bundle\n", b"# v3 git bundle\n@object-format=sha1\n@filter=blob:none\n")
        )
    else:
        sh(desk.root, "git", "branch", "side")
        (desk.root / "MEMORY.md").write_text("- more\n")
        sh(desk.root, "git", "commit", "-qam", "more")
        words = ["side"] if harm == "no main" else ["main", "^main~1"]
        path.unlink()
        sh(desk.root, "git", "bundle", "create", "-q", str(path), *words)
    with pytest.raises((Refused, Failed)):
        bundle.restore(path, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_bundle_is_judged_as_a_clone_is(desk: Desk, tmp_path: Path) -> None:
    (desk.root / "notes").symlink_to("/etc")
    sh(desk.root, "git", "add", "notes")
    sh(desk.root, "git", "commit", "-qm", "a link")
    path = tmp_path / "a.bundle"
    sh(desk.root, "git", "bundle", "create", "-q", str(path), "main")
    workspace, left_out = bundle.restore(path, tmp_path / "back")
    workspace.close()
    assert "a symbolic link" in left_out[0]
    assert not (workspace.root / "notes").exists()
