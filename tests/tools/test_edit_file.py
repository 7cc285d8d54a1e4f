"""edit_file: exact, unique, all or nothing, with errors that show what was near."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core.errors import Conflict, NotFound, QuotingError, Refused, ToolError
from hermes_fs.tools.edit_file import apply
from tests.tools.conftest import Conversation

SOURCE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


def edits(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"old": old, "new": new} for old, new in pairs]


def test_several_edits_apply_at_once(talk: Conversation) -> None:
    talk.taint()
    (talk.work / "a.py").write_text(SOURCE)
    talk.person.answers = ["once"]
    said = talk.call("edit_file", path="a.py", edits=edits(("return 1", "return 10"), ("def two", "def deux")))
    assert said == "edited a.py: 2 replacements"
    assert (talk.work / "a.py").read_text() == SOURCE.replace("return 1", "return 10").replace("def two", "def deux")
    assert "-    return 1\n+    return 10\n" in talk.asked[0]


def test_when_one_edit_fails_none_applies(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "a.py").write_text(SOURCE)
    with pytest.raises(ToolError, match=r"edit 2 of 2: `old` does not occur; nothing was changed"):
        talk.call("edit_file", path="a.py", edits=edits(("return 1", "return 10"), ("absent", "x")))
    assert (talk.work / "a.py").read_text() == SOURCE


def test_text_that_occurs_twice_is_refused_with_the_lines(talk: Conversation) -> None:
    (talk.work / "a.py").write_text(SOURCE)
    with pytest.raises(ToolError, match=r"occurs 2 times \(lines 2, 6\).*add surrounding lines"):
        talk.call("edit_file", path="a.py", edits=edits(("    return", "    yield")))
    talk.mode("allow")
    talk.call("edit_file", path="a.py", edits=[{"old": "return", "new": "yield", "all": True}])
    assert (talk.work / "a.py").read_text() == SOURCE.replace("return", "yield")


def test_near_matches_are_shown() -> None:
    with pytest.raises(ToolError, match="nearest lines are:\n5\tdef two\\(\\):\n6\t    return 2"):
        apply(SOURCE, edits(("def two(x):\n    return 2", "x")))
    with pytest.raises(ToolError, match="white space only:\n5\tdef two\\(\\):\n6\t    return 2"):
        apply(SOURCE, edits(("def two():\n  return 2", "x")))
    with pytest.raises(ToolError, match="Nothing in the file comes near"):
        apply(SOURCE, edits(("completely different words", "x")))


@pytest.mark.parametrize(
    ("pair", "said"), [(("", "x"), "`old` is empty"), (("return 1", "return 1"), "are the same"), ((), "no edits")]
)
def test_edits_that_make_no_sense_are_refused(pair: tuple[str, str] | tuple[()], said: str) -> None:
    with pytest.raises(ToolError, match=said):
        apply(SOURCE, edits(pair) if pair else [])


def test_a_changed_file_is_said_to_have_changed(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "a.py").write_text(SOURCE)
    talk.call("read_file", path="a.py")
    (talk.work / "a.py").write_text(SOURCE + "\n")
    with pytest.raises(Conflict, match="read it again"):
        talk.call("edit_file", path="a.py", edits=edits(("return 1", "x")))


def test_windows_line_ends_are_kept(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "a").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    talk.call("edit_file", path="a", edits=edits(("one\ntwo", "1\n2"), ("three\r\n", "3\r\n")))
    assert (talk.work / "a").read_bytes() == b"1\r\n2\r\n3\r\n"


def test_mixed_line_ends_and_a_byte_order_mark_are_left_alone(talk: Conversation) -> None:
    talk.mode("allow")
    (talk.work / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\nthree\r")
    talk.call("edit_file", path="a", edits=edits(("two", "2")))
    assert (talk.work / "a").read_bytes() == b"\xef\xbb\xbfone\r\n2\nthree\r"


def test_only_existing_files_outside_the_mind_are_edited(talk: Conversation) -> None:
    with pytest.raises(NotFound, match="write_file"):
        talk.call("edit_file", path="gone", edits=edits(("a", "b")))
    with pytest.raises(Refused, match="memory tool"):
        talk.call("edit_file", path=str(talk.mind / "MEMORY.md"), edits=edits(("a fact", "no fact")))


@given(st.text(), st.text(min_size=1), st.text(), st.text())
def test_an_edit_changes_its_place_and_nothing_else(before: str, old: str, new: str, after: str) -> None:
    text = before + old + after
    if text.count(old) != 1 or old == new:
        return
    assert apply(text, edits((old, new))) == (before + new + after, 1)


def test_an_edit_that_fails_shows_nothing_of_a_file_that_may_not_be_read(talk: Conversation) -> None:
    (talk.work / ".env").write_text("PASSWORD_OF_MINE=hunter2\n")
    with pytest.raises(Refused, match="nobody") as refused:
        talk.call("edit_file", path=".env", edits=[{"old": "PASSWORD_OF_MINE=", "new": "x"}])
    assert "hunter2" not in str(refused.value)


def test_what_an_edit_that_fails_quotes_is_the_files_word(talk: Conversation) -> None:
    (talk.work / "a.py").write_text(SOURCE)
    with pytest.raises(QuotingError, match="nearest lines are"):
        talk.call("edit_file", path="a.py", edits=edits(("def too():", "x")))
