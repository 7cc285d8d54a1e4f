"""What searches find, by words, phrases, filters and the stages of the cascade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hermes_fs.store import vocabulary
from hermes_fs.store.index import Index
from tests.store.index_world import add, header, make_root, open_index, said, transcript_path, write

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_root(tmp_path / "mind")
    talk = header("s1", "Databases") + said("e1", "The connection was refused by staging", "2026-01-02T08:00:00Z")
    talk += said("e2", "Refused twice, the connection pool is small", "2026-01-03T08:00:00Z", person="ada")
    talk += said("e3", "数据库服务器在东京，データベースは東京にあります", "2026-01-04T08:00:00Z")
    talk += said("e4", "เซิร์ฟเวอร์ฐานข้อมูลอยู่ที่โตเกียว", "2026-01-05T08:00:00Z")
    write(transcript_path(root, "s1"), talk)
    write(transcript_path(root, "s2"), header("s2") + said("f1", "only staging_environment.py", person="ada"))
    write(root / "notes" / "n.md", "# Pools\n\nunbelievable\n\n# Größe\n\nDeployments of the café\n")
    write(root / "MEMORY.md", "- Staging is db2.internal <!-- abc123 -->\n")
    return root


@pytest.fixture
def index(root: Path) -> Iterator[Index]:
    index = open_index(root)
    yield index
    index.close()


@pytest.mark.parametrize(
    ("query", "anchors"),
    [
        ('"connection was refused"', ["e1"]),
        ('"refused connection"', []),
        ("数据库", ["e3"]),
        ("服务", ["e3"]),
        ("京", ["e3"]),
        ("データベース", ["e3"]),
        ('"東京にあり"', ["e3"]),
        ("ฐานข้อมูล", ["e4"]),
        ("โตเกียว", ["e4"]),
        ("deployment cafe", ["Größe"]),
        ("grosse größe", ["Größe"]),
        ("unbel", ["Pools"]),  # a prefix
        ("nbeliev", ["Pools"]),  # a part of a word's stem
        ("abc OR (((", []),
        ("db2.internal", ["abc123"]),
        ("what is the café", ["Größe"]),
        ("xylophone", []),
        ("", []),
        ('"', []),
    ],
)
def test_words_find_rows(index: Index, query: str, anchors: list[str]) -> None:
    assert [hit.anchor for hit in index.search(query)] == anchors


@pytest.mark.parametrize(
    ("query", "anchors"),
    [
        ("staging kind:memory", {"abc123"}),
        ("staging kind:message person:ada", {"f1"}),
        ("connection person:ada", {"e2"}),
        ("connection until:2026-01-03", {"e1"}),
        ("connection since:2026-01-03 until:2026-01-04", {"e2"}),
        ("connection since:8d", {"e2"}),
        ("person:ada", {"e2", "f1"}),
        ("kind:memory kind:note", {"abc123", "Pools", "Größe"}),
        ("connection kind:nonsense", {"e1", "e2"}),  # searched for as words
    ],
)
def test_filters_narrow(index: Index, query: str, anchors: set[str]) -> None:
    assert {hit.anchor for hit in index.search(query, now=NOW)} == anchors


def test_kinds_given_by_the_caller_count_where_the_query_names_none(index: Index) -> None:
    assert [hit.kind for hit in index.search("staging", kinds=("memory",))] == ["memory"]
    assert {hit.kind for hit in index.search("staging kind:message", kinds=("memory",))} == {"message"}


def test_a_hit_says_where_it_stands(index: Index) -> None:
    [first] = index.search("pool twice")[:1]
    assert (first.path, first.anchor, first.session) == ("sessions/2026/01/02/h-s1.jsonl", "e2", "s1")
    assert (first.title, first.kind, first.person) == ("Databases", "message", "ada")
    assert first.when == "2026-01-03T08:00:00.000Z"


def test_a_snippet_shows_the_word_and_no_function_word(root: Path, index: Index) -> None:
    write(root / "notes" / "long.md", "what we do " * 60 + "pangolins " + "and then " * 60)
    index.refresh()
    [hit] = index.search("what do pangolins do")[:1]
    assert "pangolins" in hit.snippet and len(hit.snippet) <= 202
    assert "pangolins" in index.search('"pangolins and"')[0].snippet


def test_sessions_are_ranked_by_what_they_say_in_all(root: Path, index: Index) -> None:
    write(transcript_path(root, "s3"), header("s3") + "".join(said(f"g{i}", f"otter and {i} things") for i in range(4)))
    write(transcript_path(root, "s4"), header("s4") + said("h1", "otter"))
    index.refresh()
    hits = index.search("otter")
    assert [hit.session for hit in hits[:2]] == ["s3", "s4"]
    assert len(hits) == 5


def test_words_that_stand_everywhere_give_the_newest(root: Path, index: Index) -> None:
    lines = [said(f"k{i}", "common thing", f"2026-02-01T00:{i // 60:02}:{i % 60:02}Z") for i in range(1500)]
    write(transcript_path(root, "s5"), header("s5") + "".join(lines))
    index.refresh()
    assert [hit.anchor for hit in index.search("common thing", limit=1)] == ["k1499"]
    assert index.search("common refused")[0].session == "s1"


def test_the_rows_around_a_hit_are_in_order(index: Index) -> None:
    index.refresh()
    path = "sessions/2026/01/02/h-s1.jsonl"
    assert [row.anchor for row in index.around(path, "e3", 1, 1)] == ["e2", "e3", "e4"]
    assert [row.anchor for row in index.around(path, "gone", 1, 1)] == ["e1", "e2"]
    assert index.around("notes/none.md", "x") == []


def test_the_newest_sessions_come_first(index: Index) -> None:
    assert {hit.session for hit in index.recent()} == {"s1", "s2"}


def test_one_character_is_found_at_the_end_of_a_run_and_within(root: Path, index: Index) -> None:
    write(root / "notes" / "k.md", "# within\n\n库里有\n\n# last\n\n文件库\n")
    index.refresh()
    assert {hit.anchor for hit in index.search("库")} == {"e3", "within", "last"}


def test_hits_and_what_stands_around_them_say_whose_text_it_is(root: Path, index: Index) -> None:
    talk = header("s6") + said("o1", "narwhal page", type="tool_result", origin="web") + said("o2", "narwhal thanks")
    path = write(transcript_path(root, "s6"), talk)
    index.refresh()
    assert {hit.anchor: hit.origin for hit in index.search("narwhal")} == {"o1": "web", "o2": "owner"}
    assert [row.origin for row in index.around(path.relative_to(root).as_posix(), "o1", 0, 1)] == ["web", "owner"]


def test_parts_of_words_are_found_however_large_and_new_the_index_is(root: Path, index: Index) -> None:
    old = "".join(said(f"v{i}", f"zebra{i}stripe filler{i}") for i in range(300))
    path = write(transcript_path(root, "s7"), header("s7") + old)
    index.rebuild()
    assert [hit.anchor for hit in index.search("bra299strip")] == ["v299"]
    add(path, "".join(said(f"w{i}", f"okapi{i}leg") for i in range(vocabulary.STEP + 5)))
    for _ in range(3):  # the words are looked for in the newest rows, then written down
        index.refresh()
        assert [hit.anchor for hit in index.search("kapi7le")] == ["w7"]
        assert [hit.anchor for hit in index.search("api1004le")] == ["w1004"]
    assert index.verify() == []
