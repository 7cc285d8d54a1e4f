"""Files of the work directory come back as they were before a turn, and nobody else's work is lost by it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import NotFound
from hermes_fs.store import checkpoints
from hermes_fs.store.checkpoints import Checkpoints


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def made(tmp_path: Path, work: Path, session: str = "host-1") -> Checkpoints:
    return Checkpoints(tmp_path / "state", work, session, SystemClock())


def turn(points: Checkpoints, label: str, changes: dict[str, str | None], named: tuple[str, ...] = ()) -> None:
    points.begin(label)
    assert points.cover(named) == ""
    for path, text in changes.items():
        place = points._work_dir / path
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    points.settle()


def test_turns_are_taken_back_and_forth(tmp_path: Path, work: Path) -> None:
    (work / "a").write_text("one")
    (work / "gone").write_text("x")
    points = made(tmp_path, work)
    turn(points, "first", {"a": "two", "deep/new": "n", "gone": None})
    turn(points, "second", {"a": "three"})
    assert [(point.number, point.label) for point in points.turns()] == [(1, "first"), (2, "second")]
    assert points.rewind(2).restored == ("a",)
    assert (work / "a").read_text() == "two"
    assert points.rewind(1).restored == ("a", "deep/new", "gone")
    assert (work / "a").read_text() == "one"
    assert (work / "gone").read_text() == "x"
    assert not (work / "deep").exists()
    assert points.rewind(3).restored  # the first rewind counts as a turn, and so does the second
    assert (work / "a").read_text() == "three"


def test_what_the_person_changed_since_stays(tmp_path: Path, work: Path) -> None:
    (work / "mine").write_text("1")
    (work / "ours").write_text("1")
    points = made(tmp_path, work)
    turn(points, "first", {"mine": "2", "ours": "2"})
    (work / "mine").write_text("the person's")
    done = points.rewind(1)
    assert done.restored == ("ours",)
    assert done.kept == ("mine",)
    assert (work / "mine").read_text() == "the person's"


def test_what_the_person_changed_between_two_turns_stays(tmp_path: Path, work: Path) -> None:
    (work / "a").write_text("1")
    points = made(tmp_path, work)
    turn(points, "first", {"a": "2"})
    (work / "a").write_text("the person's")
    turn(points, "second", {"a": "4"})
    assert points.rewind(1).kept == ("a",)
    assert points.rewind(2).restored == ("a",)
    assert (work / "a").read_text() == "the person's"


def test_bytes_and_modes_come_back_whatever_attributes_say(tmp_path: Path, work: Path) -> None:
    (work / ".gitattributes").write_text("* text=auto eol=crlf ident filter=x\n")
    data = b"$Id$\r\nmixed\n\x00\xff"
    (work / "a").write_bytes(data)
    (work / "a").chmod(0o755)
    points = made(tmp_path, work)
    turn(points, "first", {"a": "other"})
    (work / "a").chmod(0o755)
    points.rewind(1)
    assert (work / "a").read_bytes() == data
    assert os.access(work / "a", os.X_OK)


def test_the_persons_own_git_and_their_configuration_are_left_alone(tmp_path: Path, work: Path) -> None:
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    canary = tmp_path / "ran"
    (work / ".git" / "config").write_text(
        f'[core]\n\tfsmonitor = touch {canary}\n[filter "x"]\n\tclean = touch {canary}\n'
    )
    (work / ".gitattributes").write_text("* filter=x\n")
    before = {path: path.stat().st_mtime_ns for path in (work / ".git").rglob("*")}
    points = made(tmp_path, work)
    turn(points, "first", {"a": "1"})
    assert points.rewind(1).restored == ("a",)
    assert {path: path.stat().st_mtime_ns for path in (work / ".git").rglob("*")} == before
    assert not canary.exists()


def test_ignored_files_are_kept_where_a_file_tool_names_them(tmp_path: Path, work: Path) -> None:
    (work / ".gitignore").write_text("secret\nbuild/\n")
    (work / "secret").write_text("1")
    points = made(tmp_path, work)
    turn(points, "first", {"secret": "2", "build/x": "1"}, (str(work / "secret"),))
    assert points.rewind(1).restored == ("secret",)
    assert (work / "secret").read_text() == "1"


def test_a_folder_too_large_keeps_what_file_tools_change(tmp_path: Path, work: Path) -> None:
    for number in range(checkpoints.MOST_FILES + 1):
        (work / f"f{number}").touch()
    points = made(tmp_path, work)
    turn(points, "first", {"f1": "2", "f2": "2"}, (str(work / "f1"),))
    assert [point.whole for point in points.turns()] == [False]
    assert points.rewind(1).restored == ("f1",)


def test_a_link_that_leads_out_is_never_written_through(tmp_path: Path, work: Path) -> None:
    (work / "d").mkdir()
    (work / "d" / "a").write_text("1")
    outside = tmp_path / "outside"
    outside.mkdir()
    points = made(tmp_path, work)
    turn(points, "first", {"d/a": "2"})
    (outside / "a").write_text("2")
    (work / "d" / "a").unlink()
    (work / "d").rmdir()
    (work / "d").symlink_to(outside)
    assert points.rewind(1).kept == ("d/a",)
    assert (outside / "a").read_text() == "2"


def test_a_turn_that_changed_nothing_is_none_and_one_that_is_not_there_is_said(tmp_path: Path, work: Path) -> None:
    points = made(tmp_path, work)
    turn(points, "first", {})
    assert points.turns() == []
    with pytest.raises(NotFound):
        points.rewind(1)


def test_sessions_do_not_see_each_others_turns(tmp_path: Path, work: Path) -> None:
    turn(made(tmp_path, work), "first", {"a": "1"})
    assert made(tmp_path, work, "host-2").turns() == []


def test_what_a_full_disk_or_a_kill_left_half_made_is_made_whole(tmp_path: Path, work: Path) -> None:
    (work / "a").write_text("one")
    turn(made(tmp_path, work), "first", {"a": "two"})
    [git] = (tmp_path / "state").glob("*.git")
    for name in ("index.lock", "refs/sessions/host-1.lock"):
        (git / name).touch()
        os.utime(git / name, (1, 1))
    turn(made(tmp_path, work), "second", {"a": "three"})
    assert len(made(tmp_path, work).turns()) == 2
    (git / "HEAD").write_bytes(b"")
    assert made(tmp_path, work).turns() == []
    turn(made(tmp_path, work), "third", {"a": "four"})
    assert [point.label for point in made(tmp_path, work).turns()][-1] == "third"
