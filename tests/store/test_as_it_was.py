"""What the mind held at a lesson is found and shown as it stood then, whatever became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hermes_fs.core.errors import NotFound
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import as_it_was, query
from hermes_fs.store.searching import Hit
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import committed, opened

AGENT = Provenance(origin="agent", trigger="user", person="owner")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with opened(committed(tmp_path / "w", {
        ".hermes-workspace": "format: 1\n",
        "skills/ship/SKILL.md": "---\nname: ship\ndescription: Ship it.\n---\nDeploys by make.\n",
    })) as made:  # fmt: skip
        yield made


def learn(workspace: Workspace, path: str, text: str | None) -> Commit:
    return workspace.commit(Change({path: text.encode() if text is not None else None}, "note", "why", AGENT))


def found(workspace: Workspace, commit: Commit, words: str) -> list[Hit]:
    return as_it_was.search(workspace.git, commit.id, query.parse(words, NOW), 10)


def test_a_search_answers_from_what_the_mind_held_then(workspace: Workspace) -> None:
    then = learn(workspace, "notes/servers.md", "# Staging\n\nStaging runs on db1.\n")
    now = learn(workspace, "notes/servers.md", "# Staging\n\nStaging runs on db2.\n")
    assert [hit.anchor for hit in found(workspace, then, "db1")] == ["Staging"]
    assert not found(workspace, then, "db2") and not found(workspace, now, "db1")


def test_what_was_deleted_since_is_found_and_what_came_since_is_not(workspace: Workspace) -> None:
    then = learn(workspace, "notes/gone.md", "the passage about herons\n")
    learn(workspace, "notes/gone.md", None)
    now = learn(workspace, "notes/new.md", "more herons\n")
    assert [hit.path for hit in found(workspace, then, "heron")] == ["notes/gone.md"]
    assert [hit.path for hit in found(workspace, now, "heron")] == ["notes/new.md"]


def test_the_query_language_is_that_of_every_search(workspace: Workspace) -> None:
    then = learn(workspace, "notes/deploys.md", "deploying happens on Fridays\n")
    assert {hit.kind for hit in found(workspace, then, "deploys")} == {"skill", "note"}
    assert {hit.kind for hit in found(workspace, then, "deploys kind:note")} == {"note"}
    assert not found(workspace, then, '"Fridays on"') and found(workspace, then, '"on Fridays"')
    assert found(workspace, then, "rida"), "as a part of a word"
    assert not found(workspace, then, "deploys kind:message")


def test_a_hit_says_since_when_its_file_stood_so(workspace: Workspace) -> None:
    since = learn(workspace, "notes/a.md", "herons\n")
    then = learn(workspace, "notes/b.md", "nothing\n")
    [hit] = found(workspace, then, "herons")
    assert datetime.fromisoformat(hit.when) == since.when.replace(microsecond=0)
    assert not found(workspace, then, "herons until:2020-01-01")


def test_a_file_is_shown_with_the_lesson_that_it_is_from(workspace: Workspace) -> None:
    first = learn(workspace, "notes/a.md", "one\n")
    between = learn(workspace, "notes/b.md", "x\n")
    learn(workspace, "notes/a.md", "two\n")
    stood = as_it_was.file(workspace.git, between.id, "notes/a.md")
    assert (stood.data, stood.lesson.commit) == (b"one\n", first.id)
    assert as_it_was.below(workspace.git, between.id, "notes") == ["notes/a.md", "notes/b.md"]


@pytest.mark.parametrize("path", ["notes/none.md", "notes", "../w/notes/a.md", "/etc/passwd", ".git/config", ""])
def test_what_is_no_file_of_that_moment_is_not_found(workspace: Workspace, path: str) -> None:
    then = learn(workspace, "notes/a.md", "one\n")
    with pytest.raises(NotFound):
        as_it_was.file(workspace.git, then.id, path)


def test_mind_and_conversations_take_turns() -> None:
    def hit(name: str) -> Hit:
        return Hit(name, "", "note", "", "", "", "", "", "", "", 1.0)

    mixed = as_it_was.together([hit("m1"), hit("m2")], [hit("s1"), hit("s2"), hit("s3")], 4)
    assert [one.path for one in mixed] == ["m1", "s1", "m2", "s2"]
