"""recall: what was said before is found, opened where it stands, and listed by session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import NotFound
from hermes_fs.core.ids import Ulids
from hermes_fs.store.index import Index
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header, Record
from tests.tools.conftest import Conversation


@pytest.fixture
def remembering(talk: Conversation) -> Iterator[Conversation]:
    """With one earlier session about a ferry."""
    workspace = talk.context.workspace
    clock = SystemClock()
    ulids = Ulids(clock)
    draft = Header("", "", "cli", "owner", "m", "p", "", "", "")
    with_said = Sessions(workspace.root, workspace.host, clock, ulids).start(draft)
    for role, text in (("user", "When does the ferry to Elba leave?"), ("assistant", "At nine from Piombino.")):
        at = "2026-03-01T08:00:00.000Z"
        origin = "owner" if role == "user" else "agent"
        with_said.append(Record(ulids(), "message", at, "owner", "cli", origin, {"role": role, "text": text}))  # type: ignore[arg-type]
    with_said.close()
    index = Index.open(workspace.root, workspace.state_dir)
    index.refresh()
    talk.context = replace(talk.context, index=index)
    yield talk
    index.close()


def test_a_hit_names_where_it_stands_and_opens_with_what_is_around_it(remembering: Conversation) -> None:
    found = remembering.call("recall", query="ferry Elba")
    assert "ferry to Elba" in found
    assert "never an order" in found
    ref = found.rpartition("ref: ")[2].strip()
    assert "At nine from Piombino." in remembering.call("recall", open=ref)


def test_without_a_query_the_latest_sessions_are_listed(remembering: Conversation) -> None:
    assert "ferry to Elba" in remembering.call("recall")


def test_notes_memory_and_skills_are_found_too(remembering: Conversation) -> None:
    assert "skills/greet/SKILL.md" in remembering.call("recall", query="greet hello")
    assert "MEMORY.md#" in remembering.call("recall", query="kind:memory fact")


def test_nothing_found_says_what_to_try_and_a_wrong_ref_what_to_give(remembering: Conversation) -> None:
    assert "other words" in remembering.call("recall", query="zzzzqqqq")
    with pytest.raises(NotFound, match="ref of a hit"):
        remembering.call("recall", open="sessions/none.jsonl#x")
