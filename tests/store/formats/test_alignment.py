"""Alignment finds what two sequences share, whatever they hold; hostile files cost seconds at most, never minutes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_fs.core import config
from hermes_fs.core.errors import ConfigError
from hermes_fs.store.formats import lines, sections
from hermes_fs.store.formats.alignment import aligned
from hermes_fs.store.formats.registry import format_of

items = st.lists(st.sampled_from("abcdefgh"), max_size=30) | st.lists(st.text(max_size=2), max_size=30)
SIZE = 60_000


@given(items, items, st.integers(1, 60))
def test_blocks_rise_match_and_are_not_empty(first: list[str], second: list[str], times: int) -> None:
    first, second = first * times, [f"{item}{len(second) - place}" for place, item in enumerate(second)] + first * times
    blocks = aligned(first, second)
    assert all(size > 0 and first[a : a + size] == second[b : b + size] for a, b, size in blocks)
    ends = [(a + size, b + size) for a, b, size in blocks]
    assert all((a > x and b >= y) or (b > y and a >= x) for (a, b, _), (x, y) in zip(blocks[1:], ends, strict=False))


@settings(max_examples=50)
@given(st.sets(st.integers(0, 1999), max_size=40))
def test_what_was_taken_out_of_a_long_file_is_all_that_differs(gone: set[int]) -> None:
    whole = [f"line {number}" for number in range(2000)]
    rest = [line for number, line in enumerate(whole) if number not in gone]
    assert sum(size for _, _, size in aligned(whole, rest)) == len(rest)


def test_edits_of_a_long_file_full_of_repeated_lines_come_together() -> None:
    base = "".join(f"# part {number}\n\n- x\n- x\n" for number in range(500))
    ours, theirs = base.replace("# part 3\n", "# part three\n"), base.replace("# part 490\n", "# part last\n")
    assert lines.merge(base, ours, theirs) == (ours.replace("# part 490\n", "# part last\n"), ())


HOSTILE = (
    *("```a\n", "<!-- x\n", "- a\n", "- \n", "- [ ] x\n", "# a\n", "a: b\n", "a:\n ", "[", "- - ", "? ", "<!--"),
    *("# a" + " " * SIZE + "b\n", "- a" + " " * SIZE + "b\n", "# " + "#" * SIZE + "b\n", "a" + " " * SIZE + "b\n"),
)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", ["MEMORY.md", "notes/a.md", "skills/a/SKILL.md", "cron.yaml", "config.yaml"])
@pytest.mark.parametrize("unit", HOSTILE, ids=lambda unit: repr(unit[:8]))
def test_a_hostile_file_is_judged_described_and_merged_in_time(path: str, unit: str) -> None:
    text = (unit * (SIZE // len(unit) + 1))[:SIZE]
    known = format_of(path)
    for hostile in (text, f"---\n{text}\n---\nbody\n"):
        data, half = hostile.encode(), hostile[: SIZE // 2].encode()
        assert isinstance(known.check(path, half, data, "agent"), list)
        assert known.describe(path, half, data)
        assert known.merge(half, data, b"zz: 1\n" + half).content is not None


def test_a_heading_may_hold_spaces_and_end_in_hashes() -> None:
    titles = [section.title for section in sections.parse("# a  b ##\n## c# d\t\r\n### \n#no\n#\n")]
    assert titles == ["a  b", "c# d", ""]


@pytest.mark.parametrize("text", ["[" * 5000, "a: 2001-99-99\n", "? {a: b}\n: c\n", "a: &a [*a]\n"])
def test_configuration_that_the_yaml_library_chokes_on_is_one_error(text: str) -> None:
    with pytest.raises(ConfigError):
        config.parse(config.parse_yaml(text, "config.yaml"), "config.yaml")


def test_comments_go_and_what_stands_around_them_stays() -> None:
    assert lines.without_comments("<!-- a -->\nb <!-- c\nd --> e\n<!-- open") == "b  e\n<!-- open"
