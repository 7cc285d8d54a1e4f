"""Meaning beside words: what is embedded when, what a search makes of it, and that none of it can break a search."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, ProviderError
from hermes_fs.store.index import Hit, Index
from hermes_fs.store.meaning import BATCH, MOST_PARTS, PART, Meaning
from hermes_fs.testing.small_embedder import SmallEmbedder
from tests.store.index_world import add, header, make_root, said, transcript_path, write

LINES = {
    "CAR": "The car is parked behind the station.",
    "CAT": "The cat sleeps on the sofa.",
    "SEA": "We walked along the beach before dinner.",
    "TAX": "Send the tax form to the office in May.",
}


class World:
    """A workspace with a line a session, its index and its meaning."""

    def __init__(self, root: Path, embedder: SmallEmbedder | None = None) -> None:
        self.root = root
        self.state = root / ".git" / "hermes"
        self.embedder = embedder or SmallEmbedder()
        self.meaning = Meaning(self.state, self.embedder, patience=10)
        self.index = Index.open(root, self.state, self.meaning)

    def found(self, text: str) -> list[str]:
        return [hit.session for hit in self.hits(text)]

    def hits(self, text: str) -> list[Hit]:
        return self.index.search(text, limit=20)

    def again(self, embedder: SmallEmbedder | None = None) -> World:
        """Another process on the same files."""
        self.close()
        return World(self.root, embedder or SmallEmbedder())

    def close(self) -> None:
        self.meaning.close()
        self.index.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    root = make_root(tmp_path)
    for name, line in LINES.items():
        write(transcript_path(root, name), header(name) + said(f"{name}1", line))
    made = World(root)
    made.index.refresh()
    return made


# -- searching ---------------------------------------------------------------------------------------------------------


def test_what_means_the_same_is_found_in_other_words(world: World) -> None:
    assert world.found("automobile") == []
    assert world.meaning.catch_up() == 4
    assert world.found("automobile") == ["CAR"]
    assert world.found("feline") == ["CAT"]
    world.close()


def test_what_has_nothing_to_do_with_anything_is_not_found(world: World) -> None:
    world.meaning.catch_up()
    assert world.found("xyzzy") == []
    world.close()


def test_words_that_stand_there_go_before_what_only_means_the_same(world: World) -> None:
    write(transcript_path(world.root, "AUTO"), header("AUTO") + said("a1", "An automobile is parked behind the house."))
    world.index.refresh()
    world.meaning.catch_up()
    assert world.found("automobile") == ["AUTO", "CAR"]
    world.close()


def test_a_hit_by_meaning_has_its_rows_origin_and_person(world: World) -> None:
    line = said("w1", "A vehicle burnt down.", origin="web", person="eve")
    write(transcript_path(world.root, "WEB"), header("WEB") + line)
    world.index.refresh()
    world.meaning.catch_up()
    hit = next(hit for hit in world.hits("car") if hit.session == "WEB")
    assert (hit.origin, hit.person, hit.anchor) == ("web", "eve", "w1")
    world.close()


@pytest.mark.parametrize("query", ["automobile kind:note", "automobile person:eve", "automobile until:2020-01-01"])
def test_filters_hold_for_what_meaning_finds(world: World, query: str) -> None:
    world.meaning.catch_up()
    assert world.found(query) == []
    world.close()


def test_a_phrase_is_looked_for_as_it_stands(world: World) -> None:
    world.meaning.catch_up()
    world.embedder.asked.clear()
    assert world.found('"the automobile"') == []
    assert world.embedder.asked == []
    world.close()


def test_a_session_that_is_gone_is_not_found(world: World) -> None:
    world.meaning.catch_up()
    transcript_path(world.root, "CAR").unlink()
    world.index.refresh()
    assert world.found("automobile") == []
    world.close()


def test_a_file_that_was_rewritten_is_found_by_what_it_says_now(world: World) -> None:
    note = write(world.root / "notes" / "pets.md", "# Pets\n\nThe cat is called Momo.\n")
    world.index.refresh()
    world.meaning.catch_up()
    write(note, "# Pets\n\nThe doctor called.\n")
    world.index.refresh()
    assert [hit.path for hit in world.hits("physician")] == []
    world.meaning.catch_up()
    assert [hit.path for hit in world.hits("physician")] == ["notes/pets.md"]
    assert [hit.path for hit in world.hits("feline") if not hit.session] == []
    world.close()


# -- what is embedded --------------------------------------------------------------------------------------------------


def test_only_what_is_new_is_embedded(world: World) -> None:
    world.meaning.catch_up()
    world.embedder.asked.clear()
    assert world.meaning.catch_up() == 0
    add(transcript_path(world.root, "CAR"), said("CAR2", "It needs petrol."))
    world.index.append(transcript_path(world.root, "CAR"))
    assert world.meaning.catch_up() == 1
    assert world.embedder.asked == ["It needs petrol."]
    world.close()


def test_the_newest_is_embedded_first_and_the_rest_in_bounded_batches(world: World) -> None:
    lines = "".join(said(f"b{number}", f"Line of number {number}.") for number in range(3 * BATCH))
    write(transcript_path(world.root, "BIG"), header("BIG") + lines)
    world.index.refresh()
    assert world.meaning.catch_up(seconds=0) == BATCH
    assert f"Line of number {3 * BATCH - 1}." in world.embedder.asked
    assert "Line of number 0." not in world.embedder.asked
    progress = world.meaning.progress()
    assert (progress.done, progress.total) == (BATCH, 3 * BATCH + 4)
    again = world.again()
    assert again.meaning.catch_up() == 2 * BATCH + 4
    assert (again.meaning.progress().done, again.meaning.progress().model) == (3 * BATCH + 4, "small")
    again.close()


def test_an_index_that_is_made_anew_costs_no_embedding(world: World) -> None:
    world.meaning.catch_up()
    world.embedder.asked.clear()
    world.index.rebuild()
    assert world.found("automobile") == []  # its rows have other numbers now
    assert world.meaning.catch_up() == 4
    assert world.embedder.asked == ["automobile"]
    assert world.found("automobile") == ["CAR"]
    world.close()


def test_another_model_makes_all_vectors_anew(world: World) -> None:
    world.meaning.catch_up()
    other = world.again(SmallEmbedder("other", dimensions=128))
    assert other.found("automobile") == []
    assert other.meaning.catch_up() == 4
    assert other.found("automobile") == ["CAR"]
    assert other.meaning.progress().model == "other"
    other.close()


def test_what_tools_printed_is_not_embedded(world: World) -> None:
    call = {"type": "tool_result", "id": "t1", "at": "2026-01-02T08:00:00Z", "call": "c", "text": "a car"}
    add(transcript_path(world.root, "TAX"), json.dumps({**call, "origin": "tool"}) + "\n")
    world.index.refresh()
    world.meaning.catch_up()
    assert "a car" not in world.embedder.asked
    world.close()


def test_a_long_text_is_embedded_in_parts_and_no_further_than_a_bound(world: World) -> None:
    words = "filler " * (PART // 7 + 20)
    text = f"{words} automobile {'filler ' * PART} {words}"
    write(transcript_path(world.root, "LONG"), header("LONG") + said("l1", text))
    world.index.refresh()
    world.meaning.catch_up()
    assert sum("filler" in part for part in world.embedder.asked) <= MOST_PARTS
    assert max(map(len, world.embedder.asked)) <= PART
    world.close()


def test_rows_that_went_are_forgotten_with_their_vectors(world: World) -> None:
    world.meaning.catch_up()
    transcript_path(world.root, "CAR").unlink()
    world.index.refresh()
    again = world.again()
    again.meaning.catch_up()
    with sqlite3.connect(again.state / "meaning.db") as db:
        assert db.execute("select count(*) from places").fetchone() == (3,)
        assert db.execute("select count(*) from vectors").fetchone() == (3,)
    again.close()


# -- staying whole -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "harm",
    [
        b"no database at all, but long enough to look like one" * 100,
        b"",
        b"SQLite format 3\0" + b"\xff" * 5_000,
    ],
)
def test_a_damaged_file_breaks_no_search_and_is_made_anew(world: World, harm: bytes) -> None:
    world.meaning.catch_up()
    again = world.again()
    for name in ("meaning.db-wal", "meaning.db-shm"):
        (again.state / name).unlink(missing_ok=True)
    (again.state / "meaning.db").write_bytes(harm)
    assert again.found("car station") == ["CAR"]
    assert again.meaning.catch_up() == 4
    assert again.found("automobile") == ["CAR"]
    again.close()


@pytest.mark.parametrize(
    "sql",
    [
        "update vectors set vector = x'00'",
        "update places set code = x'00'",
        "update meta set value = 'many' where key = 'dimensions'",
        "drop table vectors",
        "pragma user_version = 99",
    ],
)
def test_contents_that_make_no_sense_break_no_search(world: World, sql: str) -> None:
    world.meaning.catch_up()
    again = world.again()
    db = sqlite3.connect(again.state / "meaning.db")
    db.executescript(sql)
    db.close()
    assert again.found("car station") == ["CAR"]
    again.meaning.catch_up()
    assert again.found("car station") == ["CAR"]
    again.close()


class _Failing(SmallEmbedder):
    def embed(self, texts: Sequence[str]) -> list[bytes]:
        raise ProviderError("network", "nothing can be reached", "start the server")


def test_a_model_that_cannot_be_reached_leaves_words(world: World) -> None:
    world.meaning.catch_up()
    again = world.again(_Failing())
    assert again.found("car station") == ["CAR"]
    assert again.meaning.problem == "nothing can be reached"
    again.meaning.tend()
    write(transcript_path(again.root, "NEW"), header("NEW") + said("n1", "Something new."))
    again.index.refresh()
    with pytest.raises(ProviderError):
        again.meaning.catch_up()
    again.close()


class _Slow(SmallEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.go.wait(30)
        return super().embed(texts)


def test_a_search_does_not_wait_for_a_slow_model(world: World) -> None:
    world.meaning.catch_up()
    slow = _Slow()
    meaning = Meaning(world.state, slow, patience=0.01)
    index = Index.open(world.root, world.state, meaning)
    assert [hit.session for hit in index.search("car station")] == ["CAR"]
    assert slow.asked == []  # it was answered before the model was
    slow.go.set()
    meaning.close()
    index.close()
    world.close()


def test_the_first_search_of_somebody_in_a_hurry_only_loads_the_model(world: World) -> None:
    world.meaning.catch_up()
    meaning = Meaning(world.state, SmallEmbedder(), patience=0.99)
    index = Index.open(world.root, world.state, meaning)
    assert index.search("automobile") == []
    assert [hit.session for hit in index.search("automobile")] == ["CAR"]
    meaning.close()
    index.close()
    world.close()


def test_a_model_that_nobody_asks_is_unloaded_once_and_loaded_again(world: World) -> None:
    world.meaning.relax()
    meaning = Meaning(world.state, world.embedder, patience=10, idle=0)
    meaning.relax()
    assert world.embedder.closed == 0  # nothing was loaded
    meaning.catch_up()
    meaning.relax()
    meaning.relax()
    assert world.embedder.closed == 1
    index = Index.open(world.root, world.state, meaning)
    assert [hit.session for hit in index.search("automobile")] == ["CAR"]
    index.close()
    world.close()


def test_a_disk_that_cannot_be_written_is_an_error_of_one_line(world: World) -> None:
    (world.state / "meaning.db").mkdir()
    with pytest.raises(Failed, match=r"meaning\.db"):
        world.meaning.catch_up()
    assert world.found("car station") == ["CAR"]
    world.close()


# -- several processes -------------------------------------------------------------------------------------------------


def _embed(root: str, seconds: float) -> int:
    world = World(Path(root))
    try:
        return world.meaning.catch_up(seconds)
    finally:
        world.close()


@pytest.mark.slow
def test_two_processes_embed_each_row_once(world: World) -> None:
    lines = "".join(said(f"b{number}", f"Line of number {number}.") for number in range(40 * BATCH))
    write(transcript_path(world.root, "BIG"), header("BIG") + lines)
    world.index.refresh()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        counts = pool.starmap(_embed, [(str(world.root), 60.0)] * 2)
    assert sum(counts) == 40 * BATCH + 4
    with sqlite3.connect(world.state / "meaning.db") as db:
        assert db.execute("select count(*), count(distinct row) from places").fetchone() == (40 * BATCH + 4,) * 2
    world.close()


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_vectors_that_can_be_used(world: World) -> None:
    lines = "".join(said(f"b{number}", f"Line of number {number}.") for number in range(40 * BATCH))
    write(transcript_path(world.root, "BIG"), header("BIG") + lines)
    world.index.refresh()
    spawned = multiprocessing.get_context("spawn")
    for moment in (0.3, 0.5, 0.6, 0.7):
        child = spawned.Process(target=_embed, args=(str(world.root), 60.0))
        child.start()
        child.join(moment)
        child.kill()
        child.join()
        assert "CAR" in world.found("car station")
    world.meaning.catch_up()
    assert world.found("automobile")[0] == "CAR"
    progress = world.meaning.progress()
    assert progress.done == progress.total == 40 * BATCH + 4
    world.close()
