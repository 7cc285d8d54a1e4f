"""Edits made outside become searchable without anybody asking."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.store.index import Index
from hermes_fs.store.watch import Watcher
from tests.store.index_world import add, eventually, header, make_root, open_index, said, transcript_path, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / "mind")


@pytest.fixture
def index(root: Path) -> Iterator[Index]:
    index = open_index(root)
    yield index
    index.close()


@pytest.fixture
def watcher(index: Index, root: Path) -> Iterator[Watcher]:
    with Watcher(index, root) as watcher:
        eventually(lambda: watcher.hinted)
        yield watcher


def test_what_was_written_before_the_start_is_found(root: Path, index: Index) -> None:
    write(root / "notes" / "old.md", "# Old\n\nalbatross\n")
    with Watcher(index, root):
        eventually(lambda: index.search("albatross"))


def test_an_edit_in_a_folder_that_did_not_exist_is_found(root: Path, index: Index, watcher: Watcher) -> None:
    write(root / "notes" / "deep" / "new.md", "# New\n\nbuzzard\n")
    eventually(lambda: index.search("buzzard"))
    assert watcher.problem == ""


def test_an_atomic_save_replaces_what_was_found(root: Path, index: Index, watcher: Watcher) -> None:
    note = write(root / "notes" / "a.md", "# A\n\ncormorant\n")
    eventually(lambda: index.search("cormorant"))
    write(root / "notes" / ".a.tmp", "# A\n\ndunlin\n").rename(note)
    eventually(lambda: index.search("dunlin") and not index.search("cormorant"))


def test_memory_at_the_top_and_growing_transcripts_are_followed(root: Path, index: Index, watcher: Watcher) -> None:
    write(root / "MEMORY.md", "- egret\n")
    eventually(lambda: index.search("egret"))
    path = write(transcript_path(root, "s1"), header("s1") + said("m1", "flamingo"))
    eventually(lambda: index.search("flamingo"))
    add(path, said("m2", "goshawk"))
    eventually(lambda: index.search("goshawk"))


def test_deleted_and_renamed_folders_are_followed(root: Path, index: Index, watcher: Watcher) -> None:
    write(root / "notes" / "one" / "a.md", "heron\n")
    write(root / "notes" / "two" / "b.md", "ibis\n")
    eventually(lambda: index.search("heron") and index.search("ibis"))
    shutil.rmtree(root / "notes" / "one")
    (root / "notes" / "two").rename(root / "notes" / "three")
    eventually(lambda: not index.search("heron") and [h.path for h in index.search("ibis")] == ["notes/three/b.md"])


def test_a_top_folder_that_was_replaced_is_watched_anew(root: Path, index: Index, watcher: Watcher) -> None:
    write(root / "notes" / "a.md", "jackdaw\n")
    eventually(lambda: index.search("jackdaw"))
    shutil.rmtree(root / "notes")
    eventually(lambda: not index.search("jackdaw"))
    write(root / "notes" / "b.md", "kestrel\n")
    eventually(lambda: index.search("kestrel"))
    write(root / "notes" / "c.md", "lapwing\n")
    eventually(lambda: index.search("lapwing"))


def test_without_hints_the_timer_alone_finds_edits(root: Path, index: Index) -> None:
    with Watcher(index, root) as watcher:
        eventually(lambda: watcher.hinted)
        watcher._hints.end()  # as where the system has no watches left
        write(root / "notes" / "a.md", "magpie\n")
        watcher._hints.wake.set()
        eventually(lambda: index.search("magpie"))


def test_an_index_that_cannot_be_written_is_a_problem_and_no_end(root: Path, index: Index) -> None:
    state = root / ".git" / "hermes"
    shutil.rmtree(state)
    state.write_text("in the way")
    with Watcher(index, root) as watcher:
        eventually(lambda: watcher.problem)
        state.unlink()
        write(root / "notes" / "a.md", "nuthatch\n")
        eventually(lambda: index.search("nuthatch"))
        eventually(lambda: watcher.problem == "")


def test_it_can_be_closed_at_once_and_twice(root: Path, index: Index) -> None:
    watcher = Watcher(index, root)
    watcher.start()
    watcher.close()
    watcher.close()
