"""History reads like a journal: what stands in a lesson comes back from git, filtered and line by line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import blame, history, taking_back
from hermes_fs.store.formats import entries
from hermes_fs.store.history import Filter
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import committed
from tests.store.git_shell import opened as plainly_opened

AGENT = Provenance(origin="agent", trigger="user", person="owner", session="s-1", model="m")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with plainly_opened(committed(tmp_path / "w", {".hermes-workspace": "format: 1\n"})) as opened:
        yield opened


def learn(workspace: Workspace, path: str, text: str, why: str = "because", **more: str) -> Commit:
    kind = "note" if path.startswith("notes/") else "memory"
    return workspace.commit(Change({path: text.encode()}, kind, why, Provenance(**{**_fields(), **more})))  # type: ignore[arg-type]


def _fields() -> dict[str, str]:
    return {"origin": "agent", "trigger": "user", "person": "owner", "session": "s-1", "model": "m"}


def test_a_lesson_comes_back_with_its_why_and_where_it_came_from(workspace: Workspace) -> None:
    done = learn(workspace, "MEMORY.md", "- db2 is staging\n", "they said so\nHermes-Kind: purge")
    lesson = history.log(workspace.git)[0]
    assert (lesson.commit, lesson.change, lesson.kind, lesson.by) == (done.id, done.change, "memory", "agent")
    assert lesson.why == "they said so\nHermes-Kind: purge"
    assert lesson.trailers["Session"] == "s-1"
    assert lesson.files == ("MEMORY.md",)


def test_a_persons_edit_is_theirs(workspace: Workspace) -> None:
    (workspace.root / "MEMORY.md").write_text("- mine\n")
    workspace.commit_pending()
    assert history.log(workspace.git)[0].by == "person"


def test_filters_narrow_by_kind_path_person_session_and_date(workspace: Workspace) -> None:
    learn(workspace, "MEMORY.md", "- one\n")
    learn(workspace, "notes/a.md", "two\n", person="ann", session="s-2")

    def subjects(**wanted: object) -> int:
        return len(history.log(workspace.git, Filter(**wanted)))  # type: ignore[arg-type]

    newest = history.log(workspace.git)[0].when
    assert subjects() == 3
    assert subjects(kind="note") == subjects(person="ann") == subjects(session="s-2") == 1
    assert subjects(paths=("notes",)) == subjects(paths=("MEMORY.md",)) == subjects(limit=1) == 1
    assert subjects(since=newest + timedelta(days=1)) == 0
    assert subjects(until=newest + timedelta(days=1)) == 3


def test_a_lesson_is_found_by_the_beginning_of_either_id(workspace: Workspace) -> None:
    done = learn(workspace, "MEMORY.md", "- one\n")
    assert history.find(workspace.git, done.id[:6]).commit == done.id
    assert history.find(workspace.git, done.change[:22].lower()).commit == done.id
    assert history.find(workspace.git, "last").commit == done.id
    with pytest.raises(NotFound):
        history.find(workspace.git, "zzzz")
    with pytest.raises(UsageError):
        history.find(workspace.git, "a")


def test_blame_names_the_lesson_of_each_entry(workspace: Workspace) -> None:
    first = learn(workspace, "MEMORY.md", "# Memory\n\n- one <!-- aaaaaa -->\n")
    second = learn(workspace, "MEMORY.md", "# Memory\n\n- one <!-- aaaaaa -->\n- two <!-- bbbbbb -->\n")
    rows = blame.blame(workspace.git, "MEMORY.md")
    assert [(row.entry, row.text, row.lesson.commit) for row in rows] == [
        ("aaaaaa", "one", first.id),
        ("bbbbbb", "two", second.id),
    ]
    with pytest.raises(NotFound):
        blame.blame(workspace.git, "nowhere.md")


def test_a_hostile_attributes_file_hides_nothing_from_a_diff(workspace: Workspace) -> None:
    (workspace.root / ".gitattributes").write_text("*.md -diff\n")
    workspace.commit_pending()
    done = learn(workspace, "notes/a.md", "hidden line\n")
    assert "+hidden line" in history.diff(workspace.git, f"{done.id}^", done.id)


def test_blame_of_an_entry_follows_its_text_through_ids_edits_and_reverts(workspace: Workspace) -> None:
    (workspace.root / "MEMORY.md").write_text("- by hand\n")
    [mine] = workspace.commit_pending()
    given = learn(workspace, "MEMORY.md", entries.add("- by hand\n", "from the agent").text)

    def blamed() -> dict[str, str]:
        return {row.text: row.lesson.commit for row in blame.blame(workspace.git, "MEMORY.md")}

    assert blamed() == {"by hand": mine.id, "from the agent": given.id}
    text = workspace.read("MEMORY.md").text
    edit = learn(workspace, "MEMORY.md", entries.change(text, "from the agent", "from the agent, later").text)
    assert blamed() == {"by hand": mine.id, "from the agent, later": edit.id}
    assert blame.entry_changes(workspace.git, history.find(workspace.git, edit.id)) == [("~", "from the agent, later")]
    taking_back.revert(workspace, [history.find(workspace.git, edit.id)], "", AGENT)
    assert blamed() == {"by hand": mine.id, "from the agent": given.id}


def test_a_long_history_is_read_page_by_page_without_a_gap(workspace: Workspace) -> None:
    done = [learn(workspace, "notes/a.md", f"{number}\n").id for number in range(70)]
    lessons = history.log(workspace.git)
    assert [lesson.commit for lesson in lessons[:70]] == done[::-1]
    assert len(lessons) == 71
    assert history.log(workspace.git, Filter(limit=66))[-1].commit == done[4]


def test_a_message_of_a_person_cannot_pass_for_another_lesson(workspace: Workspace) -> None:
    learn(workspace, "MEMORY.md", "- one\n")
    assert workspace.settle()
    (workspace.root / "MEMORY.md").write_text("- mine\n")
    forged = f"mine\n\n\x1e{'a' * 40}\x1f\n\nHermes-Kind: memory\n\nHermes-Change: X\n\nthe end"
    git = ["git", "-C", str(workspace.root)]
    subprocess.run([*git, "commit", "-qa", "-F", "-"], input=forged, text=True, check=True)
    lesson = history.log(workspace.git)[0]
    assert (lesson.subject, lesson.change, lesson.kind, lesson.by) == ("mine", "", "", "person")


def test_names_that_git_would_quote_come_back_as_they_are(workspace: Workspace) -> None:
    learn(workspace, "notes/über uns.md", "x\n")
    assert history.log(workspace.git)[0].files == ("notes/über uns.md",)


@pytest.mark.parametrize("stamp", ["253402300800 +0000", "-1 +0000", "1700000000 +9999", "253402300799 -1200"])
def test_a_commit_may_claim_to_be_of_any_moment(workspace: Workspace, stamp: str) -> None:
    git, head = workspace.git, workspace.head()
    said = f"tree {git.run('rev-parse', 'HEAD^{tree}').decode()}parent {head}\n"
    said += f"author A <a@b> {stamp}\ncommitter A <a@b> {stamp}\n\nnote: from elsewhere\n"
    made = git.run("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=said.encode()).decode().strip()
    git.run("update-ref", "refs/heads/main", made)
    [newest, *_] = history.walk(git)
    assert newest.commit == made
    assert iso(newest.when) and newest.when.astimezone(timezone(timedelta(hours=14)))
