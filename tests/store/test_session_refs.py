"""Sessions are committed beside main and brought back from there; a crash in between loses nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_fs.store.session_refs import REFS
from hermes_fs.store.transcript import Record, Transcript
from tests.store.desk import DRAFT, Desk, said

KEY = "ghp_" + "a8Fk2Lq9Zx7Wm3Vb5Nc1" + "Tr6Yu4Io0Pe2Sd8G"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "w")


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


def test_a_day_that_is_over_is_looked_at_again_only_when_something_comes_or_goes_in_it(desk: Desk) -> None:
    first = desk.talk("one")
    desk.refs.commit_due()
    old = desk.clock.at.timestamp() - 3 * 86_400
    os.utime(first.path, (old, old))
    assert desk.refs.commit_due() == []
    (desk.state / "committed-sessions.json").unlink()
    first.path.write_bytes(first.path.read_bytes() + b"{}\n")  # in place: nobody does that to a session of days ago
    assert desk.refs.commit_due() == []
    second = desk.talk("two")
    assert desk.refs.commit_due() == [second.header.session, first.header.session]
    assert len(desk.in_refs()) == 2


def test_a_secret_that_slipped_into_a_file_is_not_committed(desk: Desk) -> None:
    talk = desk.talk("hello")
    talk.path.write_text(talk.path.read_text().replace("hello", KEY))
    desk.refs.commit_due()
    [stored] = desk.in_refs().values()
    assert KEY.encode() not in stored
    assert b"[redacted:" in stored


@pytest.mark.parametrize("point", ["session-blobs", "session-tree", "session-commit", "session-ref", "session-ledger"])
def test_a_crash_while_sessions_are_committed_leaves_the_old_or_the_new_state(desk: Desk, point: str) -> None:
    desk.talk("one")
    desk.refs.commit_due()
    desk.talk("two")
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from tests.store.desk import Desk; Desk(Path(sys.argv[1])).refs.commit_due()"
    )
    died = subprocess.run(
        [sys.executable, "-c", code, str(desk.root)], env={**os.environ, "HERMES_FAILPOINT": point}, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert len(desk.in_refs()) == (2 if point in ("session-ref", "session-ledger") else 1)
    again = Desk(desk.root)
    again.refs.commit_due()
    assert len(again.in_refs()) == 2
    assert subprocess.run(["git", "-C", str(desk.root), "fsck", "--strict"], check=True).returncode == 0


def test_a_secret_behind_an_escape_is_found_too_and_said(desk: Desk) -> None:
    talk = desk.talk("hello")
    talk.path.write_text(talk.path.read_text().replace("hello", f"look:\\n{KEY}"))
    desk.refs.commit_due()
    [stored] = desk.in_refs().values()
    assert KEY.encode() not in stored
    assert "a secret was taken out" in desk.refs.take_reports()[0]


def test_a_secret_in_a_blob_is_taken_out_and_the_line_names_the_new_blob(desk: Desk) -> None:
    writer = desk.sessions.start(DRAFT)
    text = (f"password file\n{KEY}\n" + "x" * 70_000).encode()
    media = [{"media_type": "audio/wav", "data": text}]
    writer.append(Record("i", "message", "t", "owner", "cli", "owner", {"role": "user", "text": "", "media": media}))
    writer.append(Record("e", "end", "t", "owner", "cli", "owner", {}))
    writer.close()
    desk.refs.commit_due()
    stored = desk.in_refs()
    [blob] = [name for name in stored if "/blobs/" in name]
    assert not any(KEY.encode() in data for data in stored.values())
    [line] = [data for name, data in stored.items() if name.endswith(".jsonl")]
    assert blob.rsplit("/", 1)[1].encode() in line
    assert text in [path.read_bytes() for path in desk.root.rglob("blobs/*")]


def test_a_session_that_another_one_goes_on_with_is_committed_like_any(desk: Desk) -> None:
    desk.talk("first")
    resumed = desk.sessions.resume(desk.sessions.find("last"), DRAFT).transcript
    resumed.append(said("second"))
    resumed.append(Record("e", "end", "t", "owner", "cli", "owner", {}))
    resumed.close()
    assert len(desk.refs.commit_due()) == 2


def test_a_running_session_is_committed_in_its_pauses_and_at_most_hourly(desk: Desk) -> None:
    writer = desk.talk("on", ended=False)

    def after(minutes: int, text: str = "") -> int:
        desk.clock.at += timedelta(minutes=minutes)
        if text:
            again = Transcript.reopen(writer.path, writer.header)
            again.append(Record("i", "message", desk.now(), "owner", "cli", "owner", {"role": "user", "text": text}))
            again.close()
        return len(desk.refs.commit_due())

    assert [after(5), after(20), after(5, "more"), after(20), after(40), after(9)] == [0, 1, 0, 0, 1, 0]


def test_a_line_that_is_just_being_written_is_left_for_the_next_time(desk: Desk) -> None:
    talk = desk.talk("whole", ended=False)
    whole = talk.path.read_bytes()
    talk.path.write_bytes(whole + b'{"type":"mess')
    desk.refs.commit([desk.sessions.find("last")])
    assert list(desk.in_refs().values()) == [whole]


def test_two_processes_of_one_host_commit_one_after_the_other(desk: Desk) -> None:
    for text in ("one", "two", "three"):
        desk.talk(text)
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from tests.store.desk import Desk; desk = Desk(Path(sys.argv[1]))\n"
        "desk.talk(f'of process {sys.argv[2]}'); desk.refs.commit_due()"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(desk.root), str(n)]) for n in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(desk.in_refs()) == 6
    [ref] = desk.git.run("for-each-ref", "--format=%(refname)", REFS).decode().split()
    assert desk.git.run("rev-list", "--merges", ref) == b""


def test_what_another_host_added_comes_after_the_next_fetch_and_a_longer_file_stays(desk: Desk) -> None:
    there = desk.talk("from there", ended=False)
    desk.refs.commit([desk.sessions.find("last")])
    again = Transcript.reopen(there.path, there.header)
    again.append(said("and more"))
    again.close()
    longer = there.path.read_bytes()
    here = Desk(desk.root, host="other-cd34")
    assert here.refs.materialise() == []
    assert there.path.read_bytes() == longer
    there.path.write_bytes(longer)
    desk.refs.commit([desk.sessions.find("last")])
    there.path.write_bytes(b"".join(longer.splitlines(keepends=True)[:2]))
    assert here.refs.materialise() == [there.path]
    assert there.path.read_bytes() == longer


def test_a_file_that_its_person_deleted_does_not_come_back_with_every_fetch(desk: Desk) -> None:
    gone, kept = desk.talk("gone"), desk.talk("kept")
    desk.refs.commit_due()
    here = Desk(desk.root, host="other-cd34")
    here.refs.materialise()
    gone.path.unlink()
    new = desk.talk("new")
    desk.refs.commit_due()
    new.path.unlink()
    assert here.refs.materialise() == [new.path]
    assert kept.path.exists() and not gone.path.exists()


@pytest.mark.parametrize(
    "place",
    [
        "sessions/2026/01/31/evil-ab12-01KG9Q0000000000000000000A.jsonl/../../x",
        "MEMORY.md",
        ".git/hooks/post-commit",
        "sessions/2026/01/31/run.sh",
        "sessions/2026/01/31/other-cd34-01KG9Q0000000000000000000A.jsonl",
        "sessions/2026/02/28/evil-ab12-01KG9Q0000000000000000000A.jsonl",
        "sessions/2026/01/31/blobs/" + "a" * 64,
    ],
)
def test_a_hostile_ref_writes_nothing_but_sessions_of_its_own_host(desk: Desk, place: str) -> None:
    good = "sessions/2026/01/31/evil-ab12-01KG9Q0000000000000000000B.jsonl"
    blob = desk.git.hash_blob(b"{}\n")
    paths = [good] if ".." in place else [good, place]
    tree = desk.git.write_tree_with("", {path: ("100644", blob) for path in paths})
    env = {**os.environ, "GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
    made = subprocess.run(
        ["git", "-C", str(desk.root), "commit-tree", "-m", "x", tree], env=env, capture_output=True, text=True
    )
    desk.git.update_ref(f"{REFS}/evil-ab12/2026-01", made.stdout.strip(), "")
    assert desk.refs.materialise() == [desk.root / good]


@pytest.mark.slow
def test_a_process_killed_at_random_loses_nothing_that_was_acknowledged(desk: Desk) -> None:
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from tests.store.desk import *; desk = Desk(Path(sys.argv[1]))\n"
        "for number in range(10_000):\n"
        "    writer = desk.sessions.start(DRAFT)\n"
        "    for part in range(5):\n"
        "        writer.append(said(f'{number} {part} ' + 'x' * 5_000)); print(writer.path, flush=True)\n"
        "    writer.append(Record('e', 'end', desk.now(), 'owner', 'cli', 'owner', {})); writer.close()\n"
        "    desk.refs.commit_due(); print('committed', writer.path, flush=True)\n"
    )
    dice = random.Random(7)
    acknowledged: dict[Path, int] = {}
    committed: set[str] = set()
    for _ in range(25):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(desk.root)], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            process.wait(timeout=0.4 + dice.random() * 0.6)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        assert process.stdout
        for line in process.stdout.read().split("\n")[:-1]:
            if line.startswith("committed "):
                committed.add(Path(line[10:]).relative_to(desk.root).as_posix())
            else:
                acknowledged[Path(line)] = acknowledged.get(Path(line), 0) + 1
        process.wait()
    assert len(committed) > 25
    for path, count in acknowledged.items():
        assert sum(b'"type":"message"' in line for line in path.read_bytes().split(b"\n")[:-1]) >= count
    again = Desk(desk.root)
    assert committed <= again.in_refs().keys()
    again.clock.at += timedelta(minutes=11)
    again.refs.commit_due()
    assert {path.relative_to(desk.root).as_posix() for path in acknowledged} <= again.in_refs().keys()
    assert subprocess.run(["git", "-C", str(desk.root), "fsck", "--strict"], check=True).returncode == 0
