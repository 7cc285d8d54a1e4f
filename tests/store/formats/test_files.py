"""Notes, other files and the registry: every path has a format, text merges by line, nothing is lost unsaid."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_fs.store.formats import lines
from hermes_fs.store.formats.registry import format_of, formats

PATHS = {
    "MEMORY.md": "memory",
    "USER.md": "user",
    "people/ada/USER.md": "user",
    "people/ada/model.yaml": "user model",
    "model.yaml": "user model",
    "people/people.yaml": "people",
    "cron.yaml": "cron",
    "config.yaml": "config",
    "notes/a.md": "note",
    "notes/deep/a.md": "note",
    "skills/a/SKILL.md": "skill",
    "skills/a/scripts/b/c.sh": "skill file",
    "audits/2026-01-01-01.md": "audit",
    "SOUL.md": "plain",
    ".hermes-workspace": "plain",
    "anything/else": "plain",
}


@pytest.mark.parametrize("path", PATHS)
def test_every_path_has_its_format(path: str) -> None:
    assert format_of(path).name == PATHS[path]


@settings(max_examples=60)
@given(st.sampled_from(sorted(PATHS)), st.none() | st.binary(max_size=40), st.none() | st.binary(max_size=40))
def test_no_format_raises_whatever_the_bytes_are(path: str, before: bytes | None, after: bytes | None) -> None:
    kind = format_of(path)
    for by in ("agent", "person"):
        problems = kind.check(path, before, after, by)
        assert all(problem and "\n" not in problem for problem in problems)
    assert "\n" not in kind.describe(path, before, after)
    for base in (None, b"", b"x"):
        assert kind.merge(base, before, after) == kind.merge(base, after, before)
    assert kind.merge(before, after, after).content == after
    assert kind.merge(before, before, after).content == after


def test_the_limits_of_the_configuration_can_be_used() -> None:
    entry = b"- a text of some length <!-- abcdef -->\n"
    assert formats(memory_limit=5)("MEMORY.md").check("MEMORY.md", None, entry, "agent")
    assert format_of("MEMORY.md").check("MEMORY.md", None, entry, "agent") == []


def test_a_new_note_of_the_agent_has_a_plain_name() -> None:
    note = format_of("notes/x.md")
    assert note.check("notes/tax-2026.md", None, b"a\n", "agent") == []
    assert note.check("notes/Tax 2026.md", None, b"a\n", "agent") != []
    assert note.check("notes/Tax 2026.md", None, b"a\n", "person") == []
    assert note.check("notes/Tax 2026.md", b"a\n", b"b\n", "agent") == []
    assert "bytes are more" in note.check("notes/a.md", None, b"x" * 100_001, "agent")[0]


def test_a_subject_says_what_became_of_a_note() -> None:
    note = format_of("notes/tax.md")
    assert note.describe("notes/tax.md", None, b"a\n") == "note tax: add"
    assert note.describe("notes/tax.md", b"a\n", b"a\nb\nc\n") == "note tax: append 2 lines"
    assert note.describe("notes/tax.md", b"a\n", b"c\n") == "note tax: edit"
    assert format_of("SOUL.md").describe("SOUL.md", b"a", b"b") == "edit SOUL.md"


def test_the_agent_may_not_write_bytes_that_are_no_text_and_a_person_may() -> None:
    assert format_of("skills/a/assets/x.bin").check("skills/a/assets/x.bin", None, b"\xff\x00", "agent")
    assert format_of("skills/a/assets/x.bin").check("skills/a/assets/x.bin", None, b"\xff\x00", "person") == []


ROWS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\r\n", "\n", "e"]), max_size=8).map("".join)


@settings(max_examples=400)
@given(ROWS, ROWS, ROWS)
def test_a_line_is_gone_only_where_a_side_removed_it_or_a_conflict_says_so(base: str, ours: str, theirs: str) -> None:
    merged, conflicts = lines.merge(base, ours, theirs)
    assert (merged, conflicts) == lines.merge(base, theirs, ours)
    if conflicts:
        return
    kept = {line.strip() for line in lines.split(merged)}
    for line in {row.strip() for row in lines.split(ours) + lines.split(theirs)}:
        assert line in kept or line in {row.strip() for row in lines.split(base)}


def test_an_empty_line_at_the_end_is_not_taken_for_a_line_end() -> None:
    assert lines.merge("e", "", "\ne") == ("\n", ())


def test_edits_of_different_lines_come_together() -> None:
    assert lines.merge("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n") == ("A\nb\nC\n", ())
    assert lines.merge("a\nb\n", "A\nb\n", "a\nB\n") == ("A\nB\n", ())


def test_appends_of_both_sides_stay() -> None:
    merged, conflicts = lines.merge("a\n", "a\nours\n", "a\ntheirs\n")
    assert merged == "a\nours\ntheirs\n"
    assert conflicts == ()


def test_two_edits_of_one_line_keep_one_and_report_the_other() -> None:
    merged, conflicts = lines.merge("a\nb\n", "a\nours\n", "a\ntheirs\n")
    assert merged == "a\ntheirs\n"
    assert conflicts == ("kept 'theirs', left out 'ours'",)


def test_a_file_that_one_side_deleted_and_the_other_changed_stays() -> None:
    merged = format_of("notes/a.md").merge(b"a\n", None, b"b\n")
    assert merged.content == b"b\n"
    assert "deleted" in merged.conflicts[0]
    assert format_of("notes/a.md").merge(b"a\n", None, b"a\n").content is None
