"""Copies of the mind as it was: whole, apart, without more rights than now, and gone when they should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import acting, history, past
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import opened, sh

BY_HAND = Provenance(origin="owner", trigger="user", person="owner")
SKILL = "skills/greet/SKILL.md"
ROOT = Path(__file__).resolve().parents[2]


def learn(workspace: Workspace, text: str, path: str = "MEMORY.md") -> Commit:
    return workspace.commit(Change({path: text.encode()}, "revert", "", BY_HAND))


def worktrees(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.root / ".git/worktrees").glob("*"))


def test_a_copy_is_the_mind_as_it_was_with_its_history_and_learns_nothing(workspace: Workspace, tmp_path: Path) -> None:
    first = learn(workspace, "- one\n- two\n")
    learn(workspace, "- one\n- two\n- three\n")
    assert workspace.settle()
    head, status = workspace.head(), sh(workspace.root, "git", "status", "--porcelain")
    copy = past.check_out(workspace, first.id, "yesterday", tmp_path / "then")
    assert (copy.root / "MEMORY.md").read_text() == "- one\n- two\n"
    assert sh(copy.root, "git", "status", "--porcelain") == ""
    with opened(copy.root) as then:
        assert then.head() == first.id == next(one.commit for one in history.log(then.git))
        assert "as it was" in then.read_only
        with pytest.raises(Refused, match="as it was"):
            learn(then, "- nothing\n")
    assert workspace.head() == head and sh(workspace.root, "git", "status", "--porcelain") == status
    assert not workspace.read_only


def test_what_is_trusted_now_is_trusted_there_and_nothing_else(workspace: Workspace, tmp_path: Path) -> None:
    old = workspace.read(SKILL).text
    first = learn(workspace, old + "old words\n", SKILL)
    other = learn(workspace, "---\nname: other\ndescription: d\n---\n# O\n", "skills/other/SKILL.md")
    learn(workspace, old + "new words\n", SKILL)
    workspace.trust.accept(acting.pending(workspace))
    copy = past.check_out(workspace, other.id, "then", tmp_path / "then")
    assert first.id != other.id
    with opened(copy.root) as then:
        assert not acting.knows_skill(then, "greet") and acting.knows_skill(then, "other")
        assert acting.unknown_skills(then) == {"greet"}
        assert then.trust.owns_the_mind


def test_no_filter_hook_or_attribute_of_the_repository_runs(workspace: Workspace, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    sh(workspace.root, "git", "config", "filter.evil.smudge", f"touch {ran}; cat")
    sh(workspace.root, "git", "config", "filter.evil.clean", f"touch {ran}; cat")
    hook = workspace.root / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    (workspace.root / ".gitattributes").write_text("* filter=evil ident\n")
    sh(workspace.root, "git", "-c", "filter.evil.clean=cat", "commit", "-qam", "evil")
    ran.unlink(missing_ok=True)
    copy = past.check_out(workspace, workspace.head(), "now", tmp_path / "then")
    with opened(copy.root) as then:
        history.diff(then.git, f"{then.head()}^", then.head())
        then.git.run("status", "--porcelain")
    assert not ran.exists()


def test_what_is_no_plain_file_is_left_out_and_named(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.root / "notes").mkdir()
    (workspace.root / "notes/link.md").symlink_to("/etc/passwd")
    (workspace.root / "notes/run.sh").write_text("#!/bin/sh\n")
    (workspace.root / "notes/run.sh").chmod(0o755)
    sh(workspace.root, "git", "add", "-A")
    sh(workspace.root, "git", "commit", "-qm", "a link")
    copy = past.check_out(workspace, workspace.head(), "now", tmp_path / "then")
    assert copy.left_out == ("notes/link.md",) and not os.path.lexists(copy.root / "notes/link.md")
    assert os.access(copy.root / "notes/run.sh", os.X_OK)


@pytest.mark.parametrize("place", ["full", "mind/work/then", "link"])
def test_a_place_that_is_taken_or_in_the_mind_is_refused_and_nothing_is_left(
    workspace: Workspace, tmp_path: Path, place: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "full")
    with pytest.raises(Refused):
        past.check_out(workspace, workspace.head(), "now", tmp_path / place)
    assert worktrees(workspace) == [] and (tmp_path / "full/mine.txt").read_text() == "mine"


def test_copies_are_listed_say_what_was_made_in_them_and_go(workspace: Workspace, tmp_path: Path) -> None:
    copy = past.check_out(workspace, workspace.head(), "now", tmp_path / "then")
    assert [one.root for one in past.all_of(workspace)] == [copy.root]
    assert past.belongings(copy) == []
    (copy.root / "sessions").mkdir()
    (copy.root / "sessions/a.jsonl").write_text("{}\n")
    (copy.root / "MEMORY.md").write_text("- mine\n")
    assert past.belongings(past.find(workspace, copy.root)) == ["MEMORY.md", "sessions/a.jsonl"]
    past.remove(copy)
    assert not copy.root.exists() and worktrees(workspace) == [] and past.all_of(workspace) == []
    with pytest.raises(NotFound):
        past.find(workspace, copy.root)
    assert sh(workspace.root, "git", "worktree", "list").count("\n") == 1


def test_a_visit_moves_through_time_clean_at_each_stop_and_goes(workspace: Workspace) -> None:
    first = learn(workspace, "- one\n- two\n")
    second = learn(workspace, "- one\n- two\n- three\n")
    with past.visiting(workspace, second.id) as copy:
        (copy.root / "left.txt").write_text("by a command")
        (copy.root / "MEMORY.md").write_text("spoilt")
        copy = past.move(workspace, copy, first.id)
        assert (copy.root / "MEMORY.md").read_text() == "- one\n- two\n"
        assert sh(copy.root, "git", "status", "--porcelain") == ""
        assert sh(copy.root, "git", "rev-parse", "HEAD").strip() == first.id
        assert not past.all_of(workspace)
        past.clear_left(workspace.git.common_dir)
        assert copy.root.is_dir()
    assert not copy.root.exists() and worktrees(workspace) == []


_VISIT = """
import sys, time
from pathlib import Path
from hermes_fs.store import past
from hermes_fs.store.workspace import Workspace
with Workspace.open(Path(sys.argv[1])) as workspace, past.visiting(workspace, workspace.head()) as copy:
    print(copy.root, flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_what_a_killed_process_left_goes_at_the_next_start(workspace: Workspace) -> None:
    visitor = subprocess.Popen(
        [sys.executable, "-c", _VISIT, str(workspace.root)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert visitor.stdout
    place = Path(visitor.stdout.readline().strip())
    assert place.is_dir()
    past.clear_left(workspace.git.common_dir)
    assert place.is_dir()
    visitor.send_signal(signal.SIGKILL)
    visitor.wait()
    visitor.stdout.close()
    past.clear_left(workspace.git.common_dir)
    assert not place.exists() and worktrees(workspace) == []


def test_a_folder_that_took_the_place_of_a_copy_is_left_alone(workspace: Workspace, tmp_path: Path) -> None:
    copy = past.check_out(workspace, workspace.head(), "now", tmp_path / "then")
    sh(tmp_path, "rm", "-r", str(copy.root))
    copy.root.mkdir()
    (copy.root / "mine.txt").write_text("mine")
    past.remove(past.find(workspace, copy.root))
    assert (copy.root / "mine.txt").read_text() == "mine" and worktrees(workspace) == []
