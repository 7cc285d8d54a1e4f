"""Whatever happens to the files, an index that grew with them is the index that is made from nothing, row for row."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_fs.store.index import Index
from tests.store.index_world import (
    add,
    header,
    make_root,
    open_index,
    places,
    said,
    stored_rows,
    transcript_path,
    write,
)

WORDS = ["deploy", "deploys", "Café", "数据库服务器", "データ", "ฐานข้อมูล", "한국어", "don't", "a_b/c.py"]
WORDS += ["\x00", "🐙", "\ud800"]
QUERIES = ["deploy", "deploys café", '"数据库"', "器", "データ", "ข้อมูล", "한국", "don't", "c.py", "kind:note", "ploy"]
SIGNS = ['"', "kind:", "since:", "person:x", "*", "^", "NEAR(", "AND", "-", "{a b}:", "text:"]

texts = st.lists(st.sampled_from(WORDS[:-1]), max_size=8).map(" ".join)
notes = st.sampled_from(["notes/a.md", "notes/b/c.md", "MEMORY.md", "people/ada/USER.md", "skills/s/run.sh"])
talks = st.sampled_from(["s1", "s2"])
bodies = texts.map(lambda text: f"# Head\n\n{text}\n\n## Head\n- {text}\n")


def _remove(root: Path, path: str) -> None:
    (root / path).unlink(missing_ok=True)


def _rename(root: Path, old: str, new: str) -> None:
    if (root / old).exists() and old != new:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)


def _say(root: Path, session: str, text: str, torn: bool) -> None:
    """Appends a record; a torn one lacks its end, and the next one is glued to it."""
    path = transcript_path(root, session)
    if not path.exists():
        write(path, header(session, title=text, person="ada"))
    line = said(f"e{path.stat().st_size}", text, **({} if torn else {"person": ""}))
    add(path, line[:-9] if torn else line)


def _rewrite(root: Path, session: str, old: str, new: str) -> None:
    """In place; with words of one length neither size nor end tell."""
    path = transcript_path(root, session)
    if path.exists():
        path.write_bytes(path.read_bytes().replace(old.encode(), new.encode(), 1))


def _cut(root: Path, session: str, keep: float) -> None:
    path = transcript_path(root, session)
    if path.exists():
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])


Step = Callable[[Path, Index], object]
steps = st.one_of(
    st.builds(lambda p, b: lambda root, index: write(root / p, b), notes, bodies),
    st.builds(lambda p: lambda root, index: _remove(root, p), notes),
    st.builds(lambda p, q: lambda root, index: _rename(root, p, q), notes, notes),
    st.builds(lambda s, x, t: lambda root, index: _say(root, s, x, t), talks, texts, st.booleans()),
    st.builds(lambda s, x: lambda root, index: _say(root, s, x, False), talks, texts),
    st.builds(lambda s: lambda root, index: _rewrite(root, s, "deploy", "employ"), talks),
    st.builds(lambda s: lambda root, index: _rewrite(root, s, "owner", "somebody"), talks),
    st.builds(lambda s, k: lambda root, index: _cut(root, s, k), talks, st.floats(0, 1)),
    st.builds(lambda s: lambda root, index: transcript_path(root, s).unlink(missing_ok=True), talks),
    st.builds(lambda s: lambda root, index: index.append(transcript_path(root, s)), talks),
    st.builds(lambda p: lambda root, index: index.refresh([p]), notes),
    st.builds(lambda: lambda root, index: index.refresh()),
    st.builds(lambda: lambda root, index: index.rebuild()),
    st.builds(lambda: lambda root, index: index.close()),
)


@settings(max_examples=20)
@given(st.lists(steps, max_size=15))
def test_grown_and_made_anew_are_the_same(happened: list[Step]) -> None:
    _in_a_new_root(happened)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=300)
@given(st.lists(steps, max_size=25))
def test_grown_and_made_anew_are_the_same_after_many_steps(happened: list[Step]) -> None:
    _in_a_new_root(happened)


def _in_a_new_root(happened: list[Step]) -> None:
    root = make_root(Path(tempfile.mkdtemp()))
    try:
        _compare(root, happened)
    finally:
        shutil.rmtree(root)


def _compare(root: Path, happened: list[Step]) -> None:
    grown = open_index(root)
    for step in happened:
        step(root, grown)
    assert grown.verify() == []
    new_state = root / "new"
    new = Index.open(root, new_state)
    new.rebuild()
    assert stored_rows(root / ".git" / "hermes") == stored_rows(new_state)
    for query in QUERIES:
        assert places(grown.search(query, limit=50)) == places(new.search(query, limit=50))
    grown.close()
    new.close()


@settings(max_examples=300)
@given(st.text() | st.lists(st.sampled_from([*WORDS, *SIGNS])).map(" ".join))
def test_any_query_gives_an_answer(query: str) -> None:
    assert isinstance(_small_index().search(query), list)


_OPEN: dict[str, Index] = {}


def _small_index() -> Index:
    """One for all examples; it is only read."""
    if "index" not in _OPEN:
        root = make_root(Path(tempfile.mkdtemp()))
        write(root / "notes" / "a.md", "# All\n\n" + " ".join(WORDS[:-2]))
        write(transcript_path(root, "s1"), header("s1") + said("e1", "deploy"))
        _OPEN["index"] = open_index(root)
    return _OPEN["index"]
