import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.apps.chat.blocks import split_complete


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("one paragraph", ""),
        ("one\n\n", ""),
        ("one\n\ntwo", "one\n\n"),
        ("one\n\n\ntwo\n\nthree", "one\n\n\ntwo\n\n"),
        ("- item\n\n  more of the item", ""),
        ("- item\n\n  more\n\nafter", "- item\n\n  more\n\n"),
        ("```\na\n\nb", ""),
        ("```\na\n\nb\n```\n\nafter", "```\na\n\nb\n```\n\n"),
        ("````\n```\n\nx", ""),
        ("~~~\n```\n\nx\n~~~\n\ny", "~~~\n```\n\nx\n~~~\n\n"),
        ("``` `not a fence\n\nx", "``` `not a fence\n\n"),
    ],
)
def test_a_block_is_complete_when_later_text_cannot_change_it(text, complete):
    assert split_complete(text) == (complete, text[len(complete) :])


@given(st.text(alphabet="ab`~ \n-"))
def test_nothing_is_lost_and_a_cut_stays_a_cut_when_text_grows(text):
    assert "".join(split_complete(text)) == text
    for place in range(len(text)):
        early, _ = split_complete(text[:place])
        assert split_complete(text)[0].startswith(early)
