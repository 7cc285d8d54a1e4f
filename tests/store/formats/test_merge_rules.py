"""Single rules of merging: order, blanks and line ends, remarks, caution, files that only one language reads."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from hermes_fs.store.formats import lines, runs
from hermes_fs.store.formats.format import Merged, headline
from hermes_fs.store.formats.registry import format_of


def merge(path: str, base: str | None, one: str, other: str) -> tuple[str, tuple[str, ...]]:
    merged = format_of(path).merge(None if base is None else base.encode(), one.encode(), other.encode())
    return (merged.content or b"").decode(), merged.conflicts


@pytest.mark.parametrize("join", [runs.prose, runs.singly, runs.keyed])
def test_pieces_of_three_sides_come_in_one_order(join: runs.Join) -> None:
    sides = [["- b\n", "- a\n"], ["- c\n"], ["- a\n", "- d\n"]]
    found = {tuple(join(join(one, two), three)) for one, two, three in itertools.permutations(sides)}
    assert len(found) == 1


def test_a_section_stays_together_and_what_belongs_above_it_goes_first() -> None:
    base = "# Tax\n\n- one\n"
    section = "\n## Dates\n\nMay\n\n### Late\n\n- June\n"
    merged, _ = merge("notes/tax.md", base, base + section, base + "- two\n")
    assert merged == base + "- two\n" + section
    merged, _ = merge("notes/tax.md", base, base + section, base + "\n## Cost\n\nmuch\n")
    assert merged == base + "\n## Cost\n\nmuch\n" + section


def test_paragraphs_that_meet_stay_two() -> None:
    merged, _ = merge("notes/a.md", "o\n", "o\n\none\nmore\n", "o\n\nother\n")
    assert merged == "o\n\none\nmore\n\nother\n"


def test_two_functions_that_end_alike_both_stay_whole() -> None:
    base = "import os\n"
    one, other = (f"{base}\n\ndef {name}():\n    return 1\n" for name in ("a", "b"))
    merged, conflicts = merge("skills/s/scripts/a.sh", base, one, other)
    assert merged.count("    return 1\n") == 2
    assert conflicts == ()


def test_code_that_would_be_broken_together_is_one_version_and_the_other_is_named_whole() -> None:
    base, one, other = "if x:\n    a()\n    b()\n", "if x:\n    b()\n", "if x:\n    a()\n"
    merged, conflicts = merge("skills/s/scripts/a.py", base, one, other)
    assert merged in (one, other)
    assert (one if merged == other else other) in conflicts[0]
    merged, conflicts = merge("skills/s/a.json", '{\n "a": 1\n}', '{\n "a": 1,\n "b": 2\n}', '{\n "a": 1,\n "c": 3\n}')
    assert '"b"' in merged + conflicts[0]
    assert '"c"' in merged + conflicts[0]


def test_line_ends_and_blanks_of_one_side_meet_no_edit_of_the_other() -> None:
    base = "a\nb\nc\n"
    assert merge("notes/a.md", base, "a\r\nb\r\nc\r\n", "a\nB\nc\n") == ("a\r\nB\r\nc\r\n", ())
    assert merge("notes/a.md", base, "a \nb \nc \n", "a\nB\nc\n") == ("a \nB\nc \n", ())


def test_what_a_conflict_leaves_out_is_there_word_for_word() -> None:
    one, other = "a\n  indented 'x'\n\tback\\slash\n", "a\nmuch longer than all of that, so that it stays\n"
    merged, conflicts = merge("skills/s/a.txt", "a\nold\n", one, other)
    assert merged == other
    assert "  indented 'x'\n\tback\\slash\n" in conflicts[0]
    assert "\n" not in headline(conflicts[0])


def test_bytes_that_are_no_text_are_named_by_their_blob() -> None:
    merged = format_of("a.bin").merge(b"\0", b"\0a", b"\0aa")
    assert merged.content == b"\0aa"
    blob = hashlib.sha1(b"blob 2\0\0a", usedforsecurity=False).hexdigest()
    assert merged.conflicts == (f"it is no text: kept 3 bytes, left out another version of 2 bytes: blob {blob}",)


def test_lines_deleted_beside_an_edit_do_not_come_back() -> None:
    assert merge("notes/a.md", "a\nb\nc\nd\n", "a\n", "a\nb\nC!\nd\n") == ("a\nC!\n", ())


def test_remarks_of_both_sides_stay_or_are_named() -> None:
    base = "a:\n  prompt: x\n"
    one, other = "# one\na:\n  prompt: x\n", "a:\n  prompt: x # other\nb:\n  prompt: y\n"
    assert merge("cron.yaml", base, one, other) == ("# one\na:\n  prompt: x # other\nb:\n  prompt: y\n", ())
    merged, conflicts = merge("cron.yaml", base, "# one\na:\n  prompt: 1\n", "# other\na:\n  prompt: 2\n")
    assert all(word in merged + "".join(conflicts) for word in ("# one", "# other", "1", "2"))


def test_first_jobs_of_two_machines_come_together_in_one_order() -> None:
    jobs = [f"# Jobs\n{name}:\n  schedule: 0 8 * * *\n  prompt: {name}\n" for name in ("b", "a")]
    merged, conflicts = merge("cron.yaml", "# Jobs\n{}\n", *jobs)
    assert merged == "# Jobs\n" + jobs[1].removeprefix("# Jobs\n") + jobs[0].removeprefix("# Jobs\n")
    assert conflicts == ()


def test_of_two_roles_the_lesser_stays_and_there_is_one_owner() -> None:
    guest, member, owner = (f"a:\n  role: {role}\n" for role in ("guest", "member", "owner"))
    merged, conflicts = merge("people/people.yaml", guest, owner, member)
    assert merged == member
    assert conflicts == ('a.role: kept "member", left out "owner"',)
    owners = [f"{guest}{name}:\n  role: owner\n" for name in "bc"]
    merged, conflicts = merge("people/people.yaml", guest, owners[0], owners[1])
    assert merged.count("owner") == 1
    assert "owner" in conflicts[0]
    merged, _ = merge("cron.yaml", "a:\n  x: 1\n", "a:\n  x: 1\n  enabled: true\n", "a:\n  x: 1\n  enabled: false\n")
    assert "enabled: false" in merged


@pytest.mark.parametrize(
    ("one", "other"),
    [("1: a\n", "b: c\n"), ("x: [2026-01-01]\n", "x: ['2026-01-01']\n"), ("x: .nan\n", "x: [.nan]\n"),
     ("? [a, b]\n: c\n", "~: d\n"), ("x: true\n", "x: 1\n"), ("x: !!set {a, b}\n", "x: !!set {b, c}\n"),
     ("a:\n  text: t\n", "x: word\n"), ("x: !!binary aGk=\n", "x: 1.0\n"), ("x: &a [1]\n", "x: {1: 2}\n")],
)  # fmt: skip
@pytest.mark.parametrize("path", ["cron.yaml", "model.yaml", "skills.lock", "config.yaml"])
def test_odd_data_is_merged_too(path: str, one: str, other: str) -> None:
    for base in (None, "", "x: 0\n"):
        assert merge(path, base, one, other) == merge(path, base, other, one)


def test_two_audits_of_one_name_are_two_documents() -> None:
    one, other = "# Audit 1\n\nGood.\n\n## Skills\n\nfine\n", "# Audit 1\n\nBad.\n\n## Skills\n\npoor\n"
    merged, conflicts = merge("audits/1.md", None, one, other)
    assert merged == f"{other}\n{one}"
    assert conflicts == ()


def test_a_limit_cuts_nothing() -> None:
    one, other = ("".join(f"- fact {side} {n} {'x' * 90}\n" for n in range(30)) for side in "ab")
    merged, conflicts = merge("MEMORY.md", None, one, other)
    assert all(f"fact {side} {n} " in merged for side in "ab" for n in range(30))
    assert conflicts == ()


def test_an_empty_change_is_none() -> None:
    assert lines.merge_bytes(b"a\n", b"a\n", b"a\n") == Merged(b"a\n")
