"""Sessions are found, gone on with and committed beside main; a crash in between loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, NotFound, UsageError
from hermes_fs.core.ids import Ulids
from hermes_fs.store.git import Git
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header, Record, Transcript

DRAFT = Header("", "", "cli", "owner", "m", "p", "", "", "")


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Desk:
    """A workspace's repository with its sessions, on one host."""

    def __init__(self, root: Path, host: str = "here-ab12") -> None:
        if not (root / ".git").exists():
            subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
        self.root = root
        self.state = root / ".git" / "hermes"
        self.state.mkdir(exist_ok=True)
        self.clock = Hands()
        self.git = Git(root)
        self.sessions = Sessions(root, self.state, host, self.clock, Ulids(self.clock))
        self.refs = SessionRefs(root, self.git, self.state, self.sessions, self.clock)

    def talk(self, *texts: str, ended: bool = True) -> Transcript:
        writer = self.sessions.start(DRAFT)
        for text in texts:
            writer.append(said(text))
        if ended:
            writer.append(Record("e", "end", "t", "owner", "cli", "owner", {"reason": "exit"}))
        writer.close()
        self.clock.at += timedelta(seconds=1)
        return writer

    def in_refs(self) -> dict[str, bytes]:
        refs = self.git.run("for-each-ref", "--format=%(refname)", "refs/hermes/sessions").decode().split()
        return {
            name: self.git.read_blob(entry.oid) for ref in refs for name, entry in self.git.files(self.git.resolve(ref))
        }


def said(text: str) -> Record:
    return Record("i", "message", "t", "owner", "cli", "owner", {"role": "user", "text": text})


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
    ended = desk.talk("over")
    resumed = desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    assert resumed.transcript.header.parent == ended.header.session
    resumed.transcript.append(said("again"))
    again = desk.sessions.resume(desk.sessions.find("last"), DRAFT)
    assert [r.data["text"] for r in again.records if r.type == "message"] == ["over", "again"]
    assert [info.header.title for info in desk.sessions.recent()] == ["over", "still here"]


def test_a_session_is_written_by_one_process_at_a_time(desk: Desk) -> None:
    with (
        desk.sessions.writing("s"),
        pytest.raises(Conflict, match="open in another process"),
        desk.sessions.writing("s"),
    ):
        pass
    with desk.sessions.writing("s"):
        pass


def test_ended_and_idle_sessions_are_committed_beside_main_and_running_ones_later(desk: Desk) -> None:
    ended, running = desk.talk("over"), desk.talk("on", ended=False)
    assert desk.refs.commit_due() == [ended.header.session]
    assert desk.refs.commit_due() == []
    assert list(desk.in_refs().values()) == [ended.path.read_bytes()]
    desk.clock.at += timedelta(minutes=11)
    assert desk.refs.commit_due() == [running.header.session]
    assert desk.git.resolve("refs/heads/main") == ""
    assert subprocess.run(["git", "-C", str(desk.root), "fsck", "--strict"], check=True).returncode == 0


def test_sessions_of_another_host_come_back_from_the_refs_and_go_on_in_a_file_of_ones_own(desk: Desk) -> None:
    there = desk.talk("from there")
    desk.refs.commit_due()
    there.path.unlink()
    here = Desk(desk.root, host="other-cd34")
    assert here.refs.materialise() == [there.path]
    assert here.refs.materialise() == []
    resumed = here.sessions.resume(here.sessions.find("last"), DRAFT)
    assert resumed.transcript.path != there.path
    assert resumed.transcript.header.parent == there.header.session


def test_a_secret_that_slipped_into_a_file_is_not_committed(desk: Desk) -> None:
    talk = desk.talk("hello")
    key = "ghp_" + "a8Fk2Lq9Zx7Wm3Vb5Nc1" + "Tr6Yu4Io0Pe2Sd8G"
    talk.path.write_text(talk.path.read_text().replace("hello", key))
    desk.refs.commit_due()
    [stored] = desk.in_refs().values()
    assert key.encode() not in stored
    assert b"[redacted:" in stored


@pytest.mark.parametrize("point", ["session-blobs", "session-commit", "session-ref"])
def test_a_crash_while_sessions_are_committed_leaves_the_old_or_the_new_state(desk: Desk, point: str) -> None:
    desk.talk("one")
    desk.refs.commit_due()
    desk.talk("two")
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from tests.store.test_sessions import Desk; Desk(Path(sys.argv[1])).refs.commit_due()"
    )
    died = subprocess.run(
        [sys.executable, "-c", code, str(desk.root)], env={**os.environ, "HERMES_FAILPOINT": point}, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert len(desk.in_refs()) == (2 if point == "session-ref" else 1)
    again = Desk(desk.root)
    again.refs.commit_due()
    assert len(again.in_refs()) == 2
    assert subprocess.run(["git", "-C", str(desk.root), "fsck", "--strict"], check=True).returncode == 0
