"""Blame follows what was learned to the lesson that taught it: through merges, reverts, restores and moves."""

from __future__ import annotations

from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import blame, history, taking_back
from hermes_fs.store.formats import entries
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import sh

BY_HAND = Provenance(origin="owner", trigger="user", person="owner")
NOTE = "notes/deploys.md"


def write(workspace: Workspace, **files: str | None) -> Commit:
    named = {
        path.replace("__", "/") + ".md": text.encode() if text is not None else None for path, text in files.items()
    }
    return workspace.commit(Change(named, "memory", "", BY_HAND))


def remember(workspace: Workspace, text: str) -> Commit:
    return write(workspace, MEMORY=entries.add(workspace.read("MEMORY.md").text, text).text)


def blamed(workspace: Workspace, path: str) -> dict[str, str]:
    return {row.text: row.lesson.commit for row in blame.blame(workspace.git, path)}


def take_back(workspace: Workspace, commit: Commit) -> None:
    taking_back.revert(workspace, [history.find(workspace.git, commit.id)], "", BY_HAND)


def test_an_entry_that_a_merge_brought_is_its_sides_and_no_change_of_the_merge(workspace: Workspace) -> None:
    mine = remember(workspace, "mine")
    assert workspace.settle()
    sh(workspace.root, "git", "switch", "-qc", "side", f"{mine.id}^")
    (workspace.root / "MEMORY.md").write_text("- theirs\n- one\n")
    sh(workspace.root, "git", "commit", "-qam", "theirs")
    theirs = sh(workspace.root, "git", "rev-parse", "HEAD").strip()
    sh(workspace.root, "git", "switch", "-q", "main")
    sh(workspace.root, "git", "merge", "-q", "--no-commit", "-s", "ours", "side")
    (workspace.root / "MEMORY.md").write_text("- theirs\n" + workspace.read("MEMORY.md").text + "- of the merge\n")
    sh(workspace.root, "git", "commit", "-qam", "both")
    rows = blamed(workspace, "MEMORY.md")
    assert rows["theirs"] == theirs and rows["mine"] == mine.id and rows["of the merge"] == workspace.head()
    merge = history.find(workspace.git, workspace.head())
    assert blame.entry_changes(workspace.git, merge) == [("+", "of the merge")]


def test_what_was_taken_back_and_brought_back_is_whose_it_was(workspace: Workspace) -> None:
    tea, note = remember(workspace, "tea"), write(workspace, notes__deploys="# Deploys\n\nwith make\n\nand care\n")
    edit = write(workspace, notes__deploys="# Deploys\n\nwith just\n\nand care\n")
    for done in (tea, edit):
        take_back(workspace, done)
    again = history.find(workspace.git, tea.id).reverted_by
    taking_back.revert(workspace, [history.find(workspace.git, again)], "", BY_HAND)
    assert blamed(workspace, "MEMORY.md")["tea"] == tea.id
    assert set(blamed(workspace, NOTE).values()) == {note.id}
    gone = write(workspace, notes__deploys=None)
    workspace.commit(taking_back.restored(workspace, NOTE, f"{gone.id}^", "", BY_HAND))
    assert set(blamed(workspace, NOTE).values()) == {note.id}


def test_an_entry_that_moved_to_another_file_is_whose_it_was_there(workspace: Workspace) -> None:
    tea = remember(workspace, "likes tea")
    rest = entries.remove(workspace.read("MEMORY.md").text, "likes tea").text
    write(workspace, MEMORY=rest, USER=entries.add("", "likes tea").text)
    assert blamed(workspace, "USER.md")["likes tea"] == tea.id


def test_lines_of_a_note_and_a_skill_name_their_section(workspace: Workspace) -> None:
    first = write(workspace, notes__deploys="# Deploys\n\nwith make\n\n## Pitfalls\n\nfridays\n")
    second = write(workspace, notes__deploys="# Deploys\n\nwith make\n\n## Pitfalls\n\nfridays\nmondays\n")
    rows = blame.blame(workspace.git, NOTE)
    assert [(row.section, row.text, row.lesson.commit) for row in rows[-2:]] == [
        ("Pitfalls", "fridays", first.id),
        ("Pitfalls", "mondays", second.id),
    ]
    parts = blame.by_section(workspace.git, rows)
    assert [(row.text, row.lesson.commit) for row in parts] == [
        ("Deploys", first.id),
        ("Pitfalls  (2 lessons)", second.id),
    ]
