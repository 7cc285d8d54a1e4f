"""A text is found as it is written and as formats escape it, and what is left still reads as its format."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core.errors import UsageError
from hermes_fs.store.forgetting.wanted import Text, is_left_over
from hermes_fs.store.formats.registry import format_of

NAME = 'Zoë "Z" O/Hara'


def test_it_is_found_however_json_writes_it() -> None:
    wanted = Text(NAME, format_of)
    rows = [json.dumps({"text": f"ask {NAME} now"}, ensure_ascii=escaped) for escaped in (True, False)]
    data = ("\n".join([*rows, rows[0].replace("O/", "O\\/").replace("\\u00eb", "\\u00EB")]) + "\n").encode()
    fresh = wanted.file("sessions/2026/01/01/x.jsonl", data)
    assert fresh is not None
    assert [json.loads(line) for line in fresh.splitlines()] == [{"text": "ask [forgotten] now"}] * 3


def test_an_entry_goes_as_a_whole_and_others_keep_their_ids() -> None:
    data = b"# Memory\n\n- Bob is here <!-- k3v9qa -->\n- Alice Smith is there <!-- abc234 -->\n"
    assert Text("Alice Smith", format_of).file("MEMORY.md", data) == b"# Memory\n\n- Bob is here <!-- k3v9qa -->\n"


def test_yaml_stays_yaml_where_brackets_would_mean_a_list() -> None:
    job = b'ring:\n  schedule: "0 9 * * *"\n  prompt: Alice Smith wants a call\n'
    fresh = Text("Alice Smith", format_of).file("cron.yaml", job)
    assert fresh == b'ring:\n  schedule: "0 9 * * *"\n  prompt: forgotten wants a call\n'
    skill = b"---\nname: ring\ndescription: Alice Smith is rung.\n---\n\nRing Alice\nSmith.\n"
    fresh = Text("Alice Smith", format_of).file("skills/ring/SKILL.md", skill)
    path = "skills/ring/SKILL.md"
    assert fresh is not None and not format_of(path).check(path, None, fresh, "person")
    assert b"Smith" not in fresh and b"name: ring" in fresh


def test_a_value_that_cannot_hold_a_word_goes_with_its_line() -> None:
    data = b"memory:\n  notes: true\nreview:\n  expire_days: 5550123\n"
    fresh = Text("5550123", format_of).file("config.yaml", data)
    assert fresh is None or b"5550123" not in fresh


def test_what_is_too_short_is_refused() -> None:
    with pytest.raises(UsageError):
        Text("  Al ", format_of)


def test_only_missing_pieces_are_a_left_over() -> None:
    old = b"one two three\nfour five\nsix\n"
    assert is_left_over(old, b"one [forgotten] three\nsix\n")
    assert is_left_over(old, b"") and is_left_over(old, old)
    assert not is_left_over(old, b"one two three\nfour seven\n")
    assert not is_left_over(old, b"six\none two three\n")


_WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=0, max_size=30)
_NAMES = st.text(alphabet="abcXYZ ëß中😀\"'/\\:#-[]{}", min_size=4, max_size=12).filter(lambda s: len(s.strip()) >= 4)


@given(_WORDS, _NAMES, _WORDS, st.sampled_from(["notes/x.md", "MEMORY.md", "sessions/x.jsonl", "cron.yaml", "a.bin"]))
def test_whatever_is_forgotten_is_not_in_what_is_left(before: str, name: str, after: str, path: str) -> None:
    text = f"{before}{name.strip()}{after}"
    data = json.dumps(text).encode() if path.endswith("jsonl") else f"- {text}\n- stays\n".encode()
    wanted = Text(name, format_of)
    assert wanted.count(data)
    fresh = wanted.file(path, data)
    assert fresh is None or (name.strip() not in fresh.decode() and is_left_over(data, fresh))
    if fresh and path.endswith("jsonl"):
        assert name.strip() not in json.loads(fresh)
