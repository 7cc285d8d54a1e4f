"""What was learned since a person last looked is counted, and said in a few words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_fs.core.clock import SystemClock, day_of
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.digest import digest, note_look
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import committed, opened

AGENT = Provenance("agent", "user", "owner", "s-1", "", "m")
DAY = timedelta(days=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with opened(committed(tmp_path / "w", {".hermes-workspace": "format: 1\n"})) as made:
        yield made


def said(workspace: Workspace, waiting: int, later: timedelta = timedelta()) -> str:
    return digest(workspace.git, workspace.state_dir, SystemClock().now() + later, waiting)


def test_only_what_the_agent_learned_since_the_last_look_counts(workspace: Workspace) -> None:
    assert said(workspace, 0) == "", "a person's own commit is no news"
    for number in range(3):
        workspace.commit(Change({f"notes/{number}.md": b"x\n"}, "note", "", AGENT))
    now = SystemClock().now()
    since = day_of(now - 7 * DAY, now)
    assert said(workspace, 2) == f"3 lessons since {since}, 2 await you"
    assert said(workspace, 1) == f"3 lessons since {since}, 1 awaits you"
    note_look(workspace.state_dir, now + timedelta(seconds=1))
    assert said(workspace, 0, timedelta(seconds=2)) == ""
    assert said(workspace, 1, timedelta(seconds=2)) == "1 proposal awaits you"


def test_a_remembered_look_that_is_broken_or_of_the_future_is_no_error(workspace: Workspace) -> None:
    workspace.commit(Change({"notes/a.md": b"x\n"}, "note", "", AGENT))
    (workspace.state_dir / "looked").write_bytes(b"\xff nonsense")
    assert said(workspace, 0).startswith("1 lesson since ")
    note_look(workspace.state_dir, SystemClock().now() + 400 * DAY)
    assert said(workspace, 2) == "2 proposals await you"


def test_a_day_is_named_as_one_says_it() -> None:
    now = SystemClock().now().astimezone().replace(hour=12)
    assert day_of(now, now) == f"{now:%H:%M}" and day_of(now - DAY, now) == "yesterday"
    assert day_of(now - 3 * DAY, now) == f"{now - 3 * DAY:%A}"
    assert day_of(now - 30 * DAY, now) == f"{now - 30 * DAY:%Y-%m-%d}"
