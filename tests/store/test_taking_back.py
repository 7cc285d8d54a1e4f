"""A lesson is taken back alone: what was learned after it stays, and nothing is written where that cannot be."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, NotFound, Refused
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import history, taking_back
from hermes_fs.store.formats import entries
from hermes_fs.store.workspace import Workspace

AGENT = Provenance(origin="agent", trigger="user", person="owner")
OWNER = Provenance(origin="owner", trigger="user", person="owner")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    root = tmp_path / "w"
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    (root / ".hermes-workspace").write_text("format: 1\n")
    (root / "MEMORY.md").write_text("# Memory\n")
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(root), "commit", "-q", "-m", "start"], check=True)
    with Workspace.open(root) as opened:
        yield opened


def remember(workspace: Workspace, text: str) -> Commit:
    done = workspace.update(
        "MEMORY.md", lambda old: entries.add(old, text).text, kind="memory", why="", provenance=AGENT
    )
    assert done is not None
    return done


def memory(workspace: Workspace) -> list[str]:
    return [entry.text for entry in entries.entries(workspace.read("MEMORY.md").text)]


def revert(workspace: Workspace, *commits: Commit) -> Commit:
    return taking_back.revert(workspace, [history.find(workspace.git, commit.id) for commit in commits], "", OWNER)


def test_a_revert_in_the_middle_of_fifty_lessons_keeps_the_other_forty_nine(workspace: Workspace) -> None:
    done = [remember(workspace, f"fact number {n}") for n in range(50)]
    revert(workspace, done[24])
    assert memory(workspace) == [f"fact number {n}" for n in range(50) if n != 24]


def test_a_reverted_revert_brings_the_lesson_back(workspace: Workspace) -> None:
    first = remember(workspace, "one")
    remember(workspace, "two")
    back = revert(workspace, first)
    assert history.find(workspace.git, first.id).reverted_by == back.change
    revert(workspace, back)
    assert sorted(memory(workspace)) == ["one", "two"]
    assert history.find(workspace.git, first.id).reverted_by == ""


def test_undo_walks_back_through_what_stands(workspace: Workspace) -> None:
    for text in ("one", "two", "three"):
        remember(workspace, text)
    for left in (["one", "two"], ["one"], []):
        taking_back.revert(workspace, [taking_back.last_standing(workspace)], "", OWNER)
        assert memory(workspace) == left
    with pytest.raises(NotFound):
        taking_back.last_standing(workspace)


def test_a_persons_edit_in_between_survives_and_is_theirs(workspace: Workspace) -> None:
    first = remember(workspace, "one")
    path = workspace.root / "MEMORY.md"
    path.write_text(path.read_text() + "\nby hand\n")
    revert(workspace, first)
    assert "by hand" in path.read_text()
    assert memory(workspace) == []
    assert "person" in [lesson.by for lesson in history.log(workspace.git)][1:]


def test_what_cannot_be_told_apart_is_refused_and_nothing_is_written(workspace: Workspace) -> None:
    for text in ("alpha\n", "beta\n", "gamma\n"):
        workspace.commit(Change({"notes/a.md": text.encode()}, "note", "", AGENT))
    lessons = history.log(workspace.git)
    head = workspace.head()
    with pytest.raises(Conflict, match="taken back alone"):
        taking_back.revert(workspace, [lessons[1]], "", OWNER)
    assert workspace.head() == head
    assert workspace.read("notes/a.md").text == "gamma\n"


def test_a_deleted_folder_comes_back_as_it_was(workspace: Workspace) -> None:
    workspace.commit(Change({"notes/a.md": b"a\n", "notes/b/c.md": b"c\n"}, "note", "", AGENT))
    workspace.commit(Change({"notes/a.md": None, "notes/b/c.md": None}, "note", "", AGENT))
    rev = taking_back.before_last_change(workspace, "notes")
    taking_back.restore(workspace, "notes", rev, "", OWNER)
    assert workspace.read("notes/b/c.md").text == "c\n"
    with pytest.raises(Refused):
        taking_back.restore(workspace, "notes", workspace.head(), "", OWNER)
    with pytest.raises(NotFound):
        taking_back.restore(workspace, "nowhere", rev, "", OWNER)
