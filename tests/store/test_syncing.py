"""Workspaces and their remote come to be the same, and nothing is lost on the way."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, Failed, UsageError
from hermes_fs.store import conflicts, init
from hermes_fs.store.lock import Lock
from hermes_fs.store.state import BRANCH
from tests.store.clones import Clone, bare, clones


def test_a_lesson_of_one_machine_is_on_the_other(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/server.md", "# Server\n\nIt is db2.\n")
        assert a.sync().sent == 1
        outcome = b.sync()
        assert (outcome.received, outcome.sent, outcome.merged) == (1, 0, False)
        assert b.text("notes/server.md") == "# Server\n\nIt is db2.\n"
        assert a.mind.head() == b.mind.head()
        assert b.is_clean()
        assert b.sync().is_quiet


def test_two_that_join_the_same_make_the_same_commit(tmp_path: Path) -> None:
    with clones(tmp_path) as (a, b, c):
        a.learn("MEMORY.md", "- The server is db2\n", "memory")
        b.learn("MEMORY.md", "- The editor is vim\n", "memory")
        a.sync()
        outcome = b.sync()
        assert outcome.merged and outcome.received == 1 and outcome.sent == 1
        assert not outcome.conflicts
        joined = b.mind.head()
        c.learn("notes/c.md", "# C\n")
        for one in (a, c, a, b):
            one.sync()
        assert a.tree == b.tree == c.tree
        assert a.mind.head() == b.mind.head() == c.mind.head()
        assert "db2" in c.text("MEMORY.md") and "vim" in c.text("MEMORY.md")
        parents = a.mind.git.run("log", "-1", "--format=%P", joined).split()
        assert parents == sorted(parents)
        assert all(one.is_clean() for one in (a, b, c))


def test_what_cannot_be_merged_is_kept_in_a_file_of_its_own_and_said(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/x.md", "# X\n\nfirst words\n")
        a.sync()
        b.sync()
        a.learn("notes/x.md", "# X\n\nwords of a\n")
        b.learn("notes/x.md", "# X\n\nwords of b\n")
        a.sync()
        assert b.sync().conflicts == ["notes/x.md"]
        a.sync()
        assert a.tree == b.tree
        [one] = conflicts.waiting(a.mind.git, a.mind.head())
        both = a.text("notes/x.md") + one.lost
        assert one.file == "notes/x.md" and "words of a" in both and "words of b" in both
        assert "<<<<" not in both
        assert b.is_clean()


def test_an_edit_by_hand_is_committed_before_and_merged(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        (b.mind.root / "notes").mkdir(exist_ok=True)
        (b.mind.root / "notes" / "mine.md").write_text("# Mine\n")
        a.learn("notes/theirs.md", "# Theirs\n")
        a.sync()
        b.sync()
        a.sync()
        assert a.text("notes/mine.md") == "# Mine\n"
        assert a.is_clean() and b.is_clean()


def test_deletions_travel_and_a_file_that_was_edited_meanwhile_stays(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/gone.md", "# Gone\n")
        a.learn("notes/kept.md", "# Kept\n")
        a.sync()
        b.sync()
        (a.mind.root / "notes/gone.md").unlink()
        (a.mind.root / "notes/kept.md").unlink()
        b.learn("notes/kept.md", "# Kept\n\nand more\n")
        for one in (a, b, a):
            one.sync()
        assert a.text("notes/gone.md") == b.text("notes/gone.md") == ""
        assert a.text("notes/kept.md") == "# Kept\n\nand more\n"


def test_a_folder_that_became_a_file_and_a_file_that_became_a_folder_travel(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/one", "# One\n")
        a.learn("notes/two/x.md", "# Two\n")
        a.sync()
        b.sync()
        (a.mind.root / "notes/one").unlink()
        (a.mind.root / "notes/one").mkdir()
        (a.mind.root / "notes/one/y.md").write_text("# Y\n")
        (a.mind.root / "notes/two/x.md").unlink()
        (a.mind.root / "notes/two").rmdir()
        (a.mind.root / "notes/two").write_text("# Two\n")
        b.learn("notes/else.md", "# Else\n")
        for one in (a, b, a):
            one.sync()
        assert a.tree == b.tree
        assert (b.text("notes/one/y.md"), b.text("notes/two"), b.text("notes/else.md")) == (
            "# Y\n",
            "# Two\n",
            "# Else\n",
        )
        assert a.is_clean() and b.is_clean()


def test_a_file_that_was_changed_here_deleted_there_and_has_no_room_is_one_conflict(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/x", "# X\n")
        a.sync()
        b.sync()
        (a.mind.root / "notes/x").unlink()
        a.learn("notes/x/y.md", "# Y\n")
        b.learn("notes/x", "# X\n\nand more\n")
        for one in (a, b, a):
            one.sync()
        assert a.tree == b.tree
        [one] = conflicts.waiting(a.mind.git, a.mind.head())
        assert one.file == "notes/x" and "and more" in one.lost
        assert a.text("notes/x/y.md") == "# Y\n" and a.is_clean() and b.is_clean()


def test_what_a_fetch_that_was_killed_left_behind_is_completed(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        lesson = a.learn("notes/x.md", "# X\n").id
        a.sync()
        place = Path("objects", lesson[:2], lesson[2:])  # the commit alone, without its files
        (b.mind.git.common_dir / place).parent.mkdir(exist_ok=True)
        (b.mind.git.common_dir / place).write_bytes((a.mind.git.common_dir / place).read_bytes())
        b.sync()
        assert b.text("notes/x.md") == "# X\n"


def test_offline_nothing_changes_and_it_is_said(tmp_path: Path) -> None:
    with clones(tmp_path, "a") as (a,):
        a.learn("notes/x.md", "# X\n")
        head = a.mind.head()
        (tmp_path / "remote.git").rename(tmp_path / "away")
        with pytest.raises((Failed, UsageError), match="remote"):
            a.sync()
        (tmp_path / "away").rename(tmp_path / "remote.git")
        assert a.mind.head() == head
        assert a.sync().sent == 1


def test_a_rewritten_history_stops_and_is_kept(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn("notes/x.md", "# X\n")
        a.sync()
        b.sync()
        before = b.mind.head()
        first = a.mind.git.run("rev-list", "--max-parents=0", before).decode().strip()
        _rewind(tmp_path / "remote.git", first)
        with pytest.raises(Conflict, match="rewritten"):
            b.sync()
        assert b.mind.head() == before
        assert b.mind.git.resolve(f"refs/hermes/rescue/origin-{before[:12]}") == before
        assert b.sync(join=True).sent >= 1
        assert b.text("notes/x.md") == "# X\n"


def test_another_mind_is_not_merged_unasked(tmp_path: Path) -> None:
    with clones(tmp_path, "a") as (a,):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "MEMORY.md").write_text("- of another mind\n")
        other, _ = init.init(tmp_path / "other", remote=str(tmp_path / "remote.git"))
        stranger = Clone(other)
        with pytest.raises(Conflict, match="another mind"):
            stranger.sync()
        stranger.learn("notes/o.md", "# O\n")
        stranger.sync(join=True)
        a.sync()
        assert a.text("notes/o.md") == "# O\n"
        other.close()


def test_a_remote_with_nothing_in_common_any_more_is_not_just_called_rewritten(tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    with clones(tmp_path, "a") as (a,):
        a.sync()
        command = ["git", "--git-dir", str(remote), "-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", "-mx"]
        made = subprocess.run([*command, f"{BRANCH}^{{tree}}"], check=True, capture_output=True, text=True)
        _rewind(remote, made.stdout.strip())
        with pytest.raises(Conflict, match="another mind, or its history was rewritten from the start; what it was"):
            a.sync()


def test_a_mirror_only_receives(tmp_path: Path) -> None:
    mirror = bare(tmp_path / "mirror.git")
    with clones(tmp_path, "a") as (a,):
        a.learn("notes/x.md", "# X\n")
        a.sync(mirrors=(str(mirror), str(tmp_path / "nowhere.git")))
        assert _head(mirror) == a.mind.head()


def test_a_second_sync_at_the_same_time_says_so(tmp_path: Path) -> None:
    with clones(tmp_path, "a") as (a,), Lock(a.mind.state_dir / "sync.lock"):
        other = Clone(type(a.mind).open(a.mind.root))
        with pytest.raises(Failed, match="under way"):
            other.sync()
        other.mind.close()


def _rewind(repository: Path, commit: str) -> None:
    subprocess.run(["git", "--git-dir", str(repository), "update-ref", BRANCH, commit], check=True)


def _head(repository: Path) -> str:
    done = subprocess.run(["git", "--git-dir", str(repository), "rev-parse", BRANCH], capture_output=True, text=True)
    return done.stdout.strip()
