"""In what order sessions stand: best rows, what the whole session speaks of, meaning."""

from __future__ import annotations

from pathlib import Path

from hermes_fs.store.ranking import Scored, sessions
from tests.store.index_world import header, make_root, open_index, said, transcript_path, write


def row(group: str, key: int, score: float, at: int = 0) -> Scored:
    return Scored(group, at, f"{group}.jsonl", key, ord(group[0]), score)


def groups(*found: Scored, covered: dict[int, float] | None = None, near: dict[int, float] | None = None) -> list[str]:
    return [rows[0].group for rows in sessions(found, covered or {}, near)]


def test_a_session_counts_by_its_best_rows() -> None:
    assert groups(row("a", 1, 3.0), row("b", 2, 2.5), row("b", 3, 2.5)) == ["b", "a"]


def test_the_newer_of_two_equal_sessions_comes_first() -> None:
    assert groups(row("a", 1, 1.0, at=5), row("b", 2, 1.0, at=6)) == ["b", "a"]


def test_what_a_session_speaks_of_in_all_outweighs_one_good_row() -> None:
    assert groups(row("a", 1, 2.0), row("b", 2, 1.5), covered={ord("a"): 1.0, ord("b"): 4.0}) == ["b", "a"]


def test_a_row_that_only_meaning_found_joins_those_that_words_found() -> None:
    found = [row("a", 1, 2.0), row("b", 2, 1.9), row("c", 3, 0.0)]
    assert groups(*found, near={2: 0.4, 3: 0.5})[0] == "b"
    assert groups(*found, near={3: 0.5}) == ["a", "b", "c"]


def test_nothing_found_is_no_session() -> None:
    assert sessions([], {}) == []


def test_a_conversation_that_speaks_of_all_that_was_asked_beats_one_line_that_holds_most_of_it(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    one = "The ferry, the umbrella and Lisbon; ferry, umbrella, Lisbon!"
    write(transcript_path(root, "ONE"), header("ONE") + said("e1", one) + said("e2", "Good night then."))
    many = ["The ferry leaves at nine.", "Lisbon in spring.", "We meet at the harbour.", "The yellow umbrella."]
    rest = [said(f"m{place}", text) for place, text in enumerate(many)]
    write(transcript_path(root, "ALL"), header("ALL") + "".join(rest))
    for place in range(12):
        name = f"X{place}"
        write(transcript_path(root, name), header(name) + said(f"x{place}", f"Something else, number {place}."))
    index = open_index(root)
    assert [hit.session for hit in index.search("ferry umbrella Lisbon harbour")[:2]] == ["ALL", "ONE"]
    index.close()


def test_an_entry_of_memory_is_not_ranked_by_what_other_entries_say(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    words = ("ferry", "umbrella", "Lisbon", "harbour", "piano", "tax")
    write(root / "MEMORY.md", "# Memory\n\n" + "".join(f"- Remember the {word} <!-- {word} -->\n" for word in words))
    said_of_all = [said(f"m{place}", f"We spoke of the {word}.") for place, word in enumerate(words[:3])]
    write(transcript_path(root, "ALL"), header("ALL") + "".join(said_of_all))
    for place in range(12):
        name = f"X{place}"
        write(transcript_path(root, name), header(name) + said(f"x{place}", f"Something else, number {place}."))
    index = open_index(root)
    hits = index.search("ferry umbrella Lisbon")
    assert hits[0].session == "ALL"
    index.close()
