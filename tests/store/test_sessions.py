"""Sessions are found, gone on with and committed beside main; a crash in between loses nothing."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, NotFound, Refused, UsageError
from hermes_fs.core.types import Image, Message, Text
from hermes_fs.store.replay import message_records, replay
from hermes_fs.store.transcript import Record, Transcript
from tests.store.desk import DRAFT, Desk, said


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "w")


def test_sessions_are_listed_newest_first_by_their_first_words(desk: Desk) -> None:
    for text in ("one", "two", "three"):
        desk.talk(text)
    assert [info.header.title for info in desk.sessions.recent()] == ["three", "two", "one"]
    assert [info.header.title for info in desk.sessions.recent(limit=1)] == ["three"]


def test_a_session_is_found_by_the_beginning_of_its_id_and_by_last(desk: Desk) -> None:
    first, second = desk.talk("one").header.session, desk.talk("two").header.session
    assert desk.sessions.find("last").id == second
    assert desk.sessions.find(first).id == first
    assert desk.sessions.find(first.rsplit("-", 1)[1].lower()).id == first
    with pytest.raises(UsageError, match="2 sessions"):
        desk.sessions.find("here")
    with pytest.raises(NotFound):
        desk.sessions.find("nowhere")


def test_an_open_session_goes_on_in_its_file_and_an_ended_one_in_a_new_file_with_its_records(desk: Desk) -> None:
    open_one = desk.talk("still here", ended=False)
    resumed = desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    assert resumed.transcript.path == open_one.path
    resumed.transcript.close()
    ended = desk.talk("over")
    resumed = desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    assert resumed.transcript.header.parent == ended.header.session
    resumed.transcript.append(said("again"))
    resumed.transcript.close()
    again = desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    assert [r.data["text"] for r in again.records if r.type == "message"] == ["over", "again"]
    assert [info.header.title for info in desk.sessions.recent()] == ["over", "still here"]


def test_a_session_is_written_by_one_process_at_a_time(desk: Desk) -> None:
    writer = desk.sessions.start(DRAFT)
    writer.append(said("mine"))
    with pytest.raises(Conflict, match="open in another process"):
        desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    writer.close()
    desk.sessions.resume(desk.sessions.find("last"), DRAFT).transcript.close()


def test_a_killed_process_leaves_its_session_to_the_next(desk: Desk) -> None:
    code = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from tests.store.desk import *; desk = Desk(Path(sys.argv[1]))\n"
        "writer = desk.sessions.start(DRAFT); writer.append(said('before the crash')); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(desk.root)], check=False)
    resumed = desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    assert [record.data["text"] for record in resumed.records] == ["before the crash"]
    assert resumed.transcript.header.parent == ""


def test_a_session_that_was_idle_for_twelve_hours_goes_on_in_a_new_file(desk: Desk) -> None:
    old = desk.talk("yesterday", ended=False)
    desk.clock.at += timedelta(hours=13)
    assert desk.sessions.resume(desk.sessions.find("last"), DRAFT).transcript.header.parent == old.header.session


def test_a_list_counts_messages_and_dates_the_last_event_without_reading_whole_files(desk: Desk) -> None:
    writer = desk.sessions.start(DRAFT)
    for number in range(30):
        writer.append(said(f"message {number}"))
    writer.append(
        Record("r", "tool_result", "2026-01-31T08:15:00.000Z", "owner", "cli", "tool", {"text": "x" * 99_999})
    )
    writer.close()
    [info] = desk.sessions.recent()
    assert (info.messages, info.updated.isoformat(), info.open) == (30, "2026-01-31T08:15:00+00:00", True)
    again = Transcript.reopen(info.path, info.header)
    again.append(said("one more"))
    again.close()
    assert desk.sessions.recent()[0].messages == 31


def test_blobs_of_earlier_files_come_along_and_names_lead_nowhere_else(desk: Desk) -> None:
    data = bytes(range(256)) * 300
    writer = desk.sessions.start(DRAFT)
    [(kind, fields)] = message_records(Message("user", (Text("see"), Image("image/png", data))))
    writer.append(Record("i", kind, "t", "owner", "cli", "owner", fields))
    writer.append(Record("e", "end", "t", "owner", "cli", "owner", {}))
    writer.close()
    desk.clock.at += timedelta(days=1)
    resumed = desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    [message] = replay(resumed.records, blob=resumed.blob)
    assert message.parts[1] == Image("image/png", data)
    (desk.root / "secret").write_bytes(b"x")
    assert resumed.blob("../../../../../secret") == b""


def test_a_link_among_the_folders_is_not_written_through(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (desk.root / "sessions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="is a link"):
        desk.sessions.start(DRAFT).append(said("hello"))
    assert list((tmp_path / "elsewhere").iterdir()) == []
