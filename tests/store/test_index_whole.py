"""The index heals: it may be missing, broken, old or in use, the files are the truth."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed
from hermes_fs.store import schema
from hermes_fs.store.index import Busy, Delta, Index
from tests.source import ROOT
from tests.store.index_world import (
    add,
    damage,
    eventually,
    header,
    make_root,
    open_index,
    said,
    transcript_path,
    write,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_root(tmp_path / "mind")
    for name in range(20):
        write(root / "notes" / f"n{name}.md", f"# N\n\nwombat number{name} {'filler ' * 300}\n")
    write(transcript_path(root, "s1"), header("s1") + said("e1", "wombat"))
    return root


@pytest.fixture
def index(root: Path) -> Iterator[Index]:
    index = open_index(root)
    yield index
    index.close()


def _file(root: Path) -> Path:
    return root / ".git" / "hermes" / "index.db"


def _scramble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[200::7] = b"?" * len(data[200::7])
    path.write_bytes(data)


def _older(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"pragma user_version = {schema.VERSION - 1}")
    db.close()


def _foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("create table rows(a)")
    db.close()


def _tableless(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("drop table rows")
    db.close()


BREAKS: list[Callable[[Path], object]] = [
    lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"no database at all"),
    lambda path: os.truncate(path, path.stat().st_size // 2),
    lambda path: os.truncate(path, 4096),
    _scramble,
    _older,
    _foreign,
    _tableless,
]


@pytest.mark.parametrize("breaks", BREAKS)
@pytest.mark.parametrize("first", ["search", "append", "verify"])
def test_a_broken_index_is_made_anew(root: Path, breaks: Callable[[Path], object], first: str) -> None:
    before = open_index(root)
    before.rebuild()
    before.close()
    breaks(_file(root))
    index = open_index(root)
    path = add(transcript_path(root, "s1"), said("e2", "quokka"))
    if first == "append":
        index.append(path)
    elif first == "verify":
        assert index.verify() == []
    else:
        assert index.search("wombat")
    assert index.search("wombat")
    assert index.verify() == []
    assert index.search("quokka")
    index.close()


@pytest.mark.parametrize("breaks", [*BREAKS[:1], _tableless, _older])
def test_it_breaks_while_it_is_open(root: Path, index: Index, breaks: Callable[[Path], object]) -> None:
    assert index.search("wombat")
    breaks(_file(root))
    assert index.search("number7")
    assert index.verify() == []


@pytest.mark.parametrize("column", ["rows set text", "files set title", "files set stamp", "rows set person"])
def test_contents_that_are_no_text_are_made_anew(root: Path, index: Index, column: str) -> None:
    index.rebuild()
    damage(root, f"update {column} = cast(x'776f6d626174ff' as text)")
    assert len(index.search("wombat", limit=50)) == 21
    assert index.verify() == []
    assert {hit.title for hit in index.search("wombat", limit=50)} == {"N", "A title"}


def test_a_row_that_was_tampered_with_is_found_out(root: Path, index: Index) -> None:
    index.rebuild()
    damage(root, "update rows set text = 'platypus' where text = 'wombat'")
    problems = index.verify()
    assert any("e1: a row is missing" in problem for problem in problems)
    assert any("full-text" in problem for problem in problems)
    index.rebuild()
    assert index.verify() == []


def test_a_locked_index_can_still_be_searched_and_is_written_later(root: Path, index: Index) -> None:
    index.rebuild()
    locker = sqlite3.connect(_file(root), isolation_level=None)
    locker.execute("begin immediate")
    assert index.search("wombat")
    add(transcript_path(root, "s1"), said("e2", "numbat"))
    thread = threading.Thread(target=index.refresh)
    thread.start()
    locker.execute("rollback")
    locker.close()
    thread.join()
    assert index.search("numbat")


def test_a_state_folder_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(Failed, match="the search index"):
        Index.open(tmp_path, tmp_path / "state").search("x")


def test_searches_go_on_while_another_thread_rebuilds(root: Path, index: Index) -> None:
    index.rebuild()
    ended = threading.Event()

    def rebuild() -> None:
        for _ in range(10):
            index.rebuild()
        ended.set()

    thread = threading.Thread(target=rebuild)
    thread.start()
    searched = 0
    while not ended.is_set() or not searched:
        assert len({hit.path for hit in index.search("wombat", limit=50)}) == 21
        searched += 1
    thread.join()
    assert index.verify() == []


def test_nothing_is_read_through_a_link(root: Path, index: Index, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.md", "armadillo\n")
    (root / "notes" / "link.md").symlink_to(outside)
    (root / "notes" / "folder").symlink_to(outside.parent)
    (root / "skills").symlink_to(outside.parent.parent)
    (root / "MEMORY.md").symlink_to(outside)
    os.mkfifo(root / "notes" / "pipe.md")
    index.refresh()
    index.refresh(["notes/link.md", "notes/folder/secret.md", "MEMORY.md", "../outside/secret.md", "/etc/passwd", ""])
    assert index.search("armadillo") == []
    assert index.verify() == []


def test_a_note_that_becomes_a_link_is_forgotten(root: Path, index: Index, tmp_path: Path) -> None:
    index.rebuild()
    note = root / "notes" / "n3.md"
    note.rename(tmp_path / "away.md")
    note.symlink_to(tmp_path / "away.md")
    index.refresh(["notes/n3.md"])
    assert index.search("number3") == []


def test_names_that_are_no_text_are_left_out(root: Path, index: Index) -> None:
    Path(os.fsdecode(os.fsencode(root / "notes") + b"/\xff.md")).write_text("kiwi\n")
    index.refresh()
    index.refresh(["notes/\udcff.md"])
    assert index.search("kiwi") == []
    assert index.verify() == []


_OTHER = """
import sys
from pathlib import Path
from hermes_fs.store.index import Busy, Delta, Index
from tests.store.index_world import add, header, said, transcript_path, write
root, name = Path(sys.argv[1]), sys.argv[2]
index = Index.open(root, root / ".git" / "hermes")
path = write(transcript_path(root, name), header(name))
for number in range(int(sys.argv[3])):
    add(path, said(f"{name}{number}", f"emu {name}word{number}"))
    index.append(path)
    assert index.search(f"{name}word{number}"), number
    if number % 25 == 24:
        index.rebuild()
print("done", flush=True)
"""


def _other(root: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _OTHER, str(root), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_processes_append_search_and_rebuild_at_once(root: Path, index: Index) -> None:
    others = [_other(root, name, 60) for name in ("left", "right")]
    assert [process.communicate(timeout=100)[0] for process in others] == ["done\n"] * 2
    assert index.verify() == []
    assert len(index.search("emu", limit=200)) > 4


@pytest.mark.slow
def test_killed_at_any_moment_it_is_whole_afterwards(root: Path, index: Index) -> None:
    for run in range(6):
        process = _other(root, f"run{run}x", 100_000)
        eventually(lambda name=f"run{run}x": transcript_path(root, name).exists())
        goal = 3_000 * (run + 1)
        eventually(lambda name=f"run{run}x", size=goal: transcript_path(root, name).stat().st_size > size)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert index.verify() == []
    index.rebuild()
    assert [path.name for path in _file(root).parent.glob("index.new*")] == []


_HOLDER = """
import sys
from pathlib import Path
from hermes_fs.store import schema
path = Path(sys.argv[1])
if sys.argv[2] == "turn":
    with schema.guarded(path, "write"):
        print("held", flush=True)
        sys.stdin.read()
else:
    db = schema.connect(path, writing=True)
    db.execute("begin immediate")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def _held(root: Path, how: str) -> Iterator[None]:
    """Another process that has taken the index and lets nobody write."""
    command = [sys.executable, "-c", _HOLDER, str(_file(root)), how]
    holder = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout and holder.stdout.readline() == "held\n"
    yield
    holder.communicate()


def test_an_append_does_not_wait_for_a_process_that_hangs_in_its_turn(root: Path, index: Index) -> None:
    index.rebuild()
    path = add(transcript_path(root, "s1"), said("e2", "quokka"))
    with _held(root, "turn"):
        assert index.append(path) == Delta()
        with pytest.raises(Busy, match="another process"):
            index.refresh(patience=0.1)
        assert index.search("wombat")
    assert index.append(path).added == 1
    assert index.verify() == []


def test_an_index_that_a_stranger_has_locked_is_made_anew(root: Path, index: Index) -> None:
    index.rebuild()
    write(root / "notes" / "new.md", "quokka\n")
    with _held(root, "database"):
        index.refresh()
        assert index.search("quokka")
    assert index.verify() == []


def test_appends_go_on_while_another_thread_rebuilds(root: Path, index: Index) -> None:
    index.rebuild()
    ended = threading.Event()

    def rebuild() -> None:
        for _ in range(5):
            index.rebuild()
        ended.set()

    thread = threading.Thread(target=rebuild)
    thread.start()
    count = 0
    while not ended.is_set():
        count += 1
        index.append(add(transcript_path(root, "s1"), said(f"e{count}x", "quokka")))
    thread.join()
    index.refresh()
    assert index.status().by_kind["message"] == count + 1
    assert index.verify() == []


def test_a_missing_index_is_made_aside_and_closing_waits_for_it(root: Path) -> None:
    index = open_index(root)
    index.made_within(0.0)
    index.close()
    assert index.made_within(30.0)
    assert index.status().rows > 0
    index.close()
