"""History reads like a journal: what stands in a lesson comes back from git, filtered and line by line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import history
from hermes_fs.store.history import Filter
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import opened as plainly_opened

AGENT = Provenance(origin="agent", trigger="user", person="owner", session="s-1", model="m")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    root = tmp_path / "w"
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    (root / ".hermes-workspace").write_text("format: 1\n")
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(root), "commit", "-q", "-m", "start"], check=True)
    with plainly_opened(root) as opened:
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
    rows = history.blame(workspace.git, "MEMORY.md")
    assert [(row.entry, row.text, row.lesson.commit) for row in rows] == [
        ("aaaaaa", "one", first.id),
        ("bbbbbb", "two", second.id),
    ]
    with pytest.raises(NotFound):
        history.blame(workspace.git, "nowhere.md")


def test_a_hostile_attributes_file_hides_nothing_from_a_diff(workspace: Workspace) -> None:
    (workspace.root / ".gitattributes").write_text("*.md -diff\n")
    workspace.commit_pending()
    done = learn(workspace, "notes/a.md", "hidden line\n")
    assert "+hidden line" in history.diff(workspace.git, f"{done.id}^", done.id)
