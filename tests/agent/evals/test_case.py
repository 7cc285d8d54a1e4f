"""A case is read strictly, written as it was read, and made out of what a session left behind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.agent.evals import mine
from hermes_fs.agent.evals.case import Case, Check, cases_of, named, parse, problems, write
from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.store.transcript import Record

GOOD = b"""
task: Count the errors.
files:
  app.log: |
    ok
    ERROR
checks:
- file: out.txt
  equals: '1'
- command: pytest -q
- reply: {contains: one}
"""


def test_a_case_says_what_is_asked_and_what_must_hold() -> None:
    case = parse(GOOD, "count")
    assert (case.task, dict(case.files)) == ("Count the errors.", {"app.log": "ok\nERROR\n"})
    assert case.checks == (
        Check("file", "out.txt", (("equals", "1"),)),
        Check("command", "pytest -q"),
        Check("reply", "", (("contains", "one"),)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task: x\nchecks: []", "it needs checks"),
        ("checks:\n- file: a", "it needs a task"),
        ("task: x\nchecks:\n- file: ../a", "no path inside"),
        ("task: x\nchecks:\n- file: a\nfiles:\n  /etc/passwd: x", "no path inside"),
        ("task: x\nchecks:\n- reply: {}", "says what it equals"),
        ("task: x\nchecks:\n- file: a\n  matches: '('", "no regular expression"),
        ("task: x\nchecks:\n- file: a\n  size: 3", "has no 'size'"),
        ("task: x\nchecks:\n- file: a\nsetup: rm", "no key 'setup'"),
        ("task: x\nchecks:\n- file: a\nsteps: many", "no number"),
        ("- a list", "mapping"),
        ("task: [", "line"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text.encode(), "broken")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).map(str.strip)


@given(TEXTS.filter(bool), TEXTS.filter(bool), st.booleans())
def test_what_is_written_is_read_back(task: str, text: str, exists: bool) -> None:
    checks = (Check("file", "a/b.txt", (("equals", text), ("lacks", "x\ny\n"))), Check("file", "c", exists=exists))
    case = Case("one", task, checks, {"in.txt": f"{text}\nmore\n"}, {"check.py": "print(1)\n"}, 7, 60.0, "h-01")
    assert parse(write(case).encode(), "one") == case


def test_cases_are_found_by_name() -> None:
    found = cases_of({"evals/b.yaml": GOOD, "evals/a.yml": GOOD, "evals/notes.md": b"x", "SKILL.md": b""})
    assert [case.name for case in found] == ["a", "b"]
    assert [case.name for case in named(found, ["b"])] == ["b"]
    with pytest.raises(Refused, match="there are: a, b"):
        named(found, ["c"])


# -- out of a session -------------------------------------------------------------------------------------------------


def records(*events: tuple[str, dict[str, Any]]) -> list[Record]:
    return [Record(f"E{n}", kind, "", "owner", "cli", "owner", data) for n, (kind, data) in enumerate(events)]


def called(name: str, arguments: str, text: str, id: str = "c") -> tuple[tuple[str, dict[str, Any]], ...]:
    return (
        ("tool_call", {"call": id, "name": name, "arguments": arguments}),
        ("tool_result", {"call": id, "name": name, "text": text, "failed": False}),
    )


ASKED = ("message", {"role": "user", "text": "Count the errors in app.log into out.txt"})
ANSWERED = ("message", {"role": "assistant", "text": "There are 42 of them."})
READ = "<foreign 0a1b2c3d file>\n1\tok\n2\tERROR\n</foreign 0a1b2c3d>"


def test_a_case_holds_what_was_read_and_wants_what_was_written() -> None:
    made = mine.mine(
        records(
            ASKED,
            *called("read_file", '{"path": "/w/app.log"}', READ),
            *called("write_file", '{"path": "out.txt", "content": "0\\n"}', "created out.txt (1 lines)"),
            *called("edit_file", '{"path": "out.txt", "edits": [{"old": "0", "new": "1"}]}', "1 edit"),
            *called("terminal", '{"command": "pytest -q"}', "2 passed"),
            *called("terminal", '{"command": "pytest broken"}', "E\n[exit code 1]"),
            ANSWERED,
        ),
        "h-01",
        "/w",
    )
    assert dict(made.files) == {"app.log": "ok\nERROR\n"}
    assert made.checks == (Check("file", "out.txt", (("equals", "1\n"),)), Check("command", "pytest -q"))
    assert (made.name, made.origin) == ("count-the-errors-in-app-log", "h-01")
    assert parse(write(made).encode(), made.name) == made


def test_where_nothing_was_written_the_reply_must_say_what_it_said() -> None:
    made = mine.mine(records(ASKED, *called("terminal", '{"command": "grep -c E app.log"}', "42"), ANSWERED), "h", "/w")
    assert made.checks == (Check("reply", "", (("contains", "42"),)),)


def test_a_file_of_which_a_part_was_read_or_that_lies_elsewhere_is_left_out() -> None:
    made = mine.mine(
        records(
            ASKED,
            *called("read_file", '{"path": "big.log"}', "1\ta\n[lines 1 to 1 of 9; go on with offset=2]", "a"),
            *called("read_file", '{"path": "/etc/hosts"}', "1\tx", "b"),
            *called("write_file", '{"path": "out.txt", "content": "1"}', "created", "c"),
            *called("write_file", '{"path": "/home/me/x", "content": "1"}', "created", "d"),
        ),
        "h",
        "/w",
    )
    assert dict(made.files) == {}
    assert [check.name for check in made.checks] == ["out.txt"]


def test_a_session_without_a_task_or_with_nothing_to_check_is_refused() -> None:
    with pytest.raises(NotFound, match="holds no task"):
        mine.mine(records(ASKED, ANSWERED), "h", "/w")
    done = ("message", {"role": "assistant", "text": "Done."})
    with pytest.raises(Refused, match="can be checked"):
        mine.mine(records(ASKED, *called("terminal", '{"command": "ls"}', "a"), done), "h", "/w")


def test_another_task_is_chosen_by_its_id() -> None:
    made = records(ASKED, *called("write_file", '{"path": "a", "content": "1"}', "ok"), ASKED, ANSWERED)
    assert [id for id, _ in mine.tasks(made)] == ["E0"]
    assert mine.mine(made, "h", "/w", "e0").checks[0].name == "a"
    with pytest.raises(NotFound, match="no task 'E9'"):
        mine.mine(made, "h", "/w", "E9")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("task: x\nchecks: []\n", 2),
        ("task: x\n", 1),
        ("task: x\nfiles:\n  ../a: x\nchecks:\n- file: a\n", 2),
        ("task: |\n  - one\n  - two\nchecks:\n  - file: a\n  - reply:\n      contains: x\n  - file: /b\n", 8),
        ("task: x\nchecks:\n- file: a\n  equals: |\n    - b\n- reply: x\n", 6),
        ("task: x\nchecks:\n- file: a\nsteps: many\n", 4),
        ("# why\ntask: x\nmodel: y\nchecks:\n- file: a\n", 3),
        ("task: x\nchecks: [\n", 3),
    ],
)
def test_a_problem_names_the_line_to_look_at(text: str, line: int) -> None:
    [said] = problems({"evals/a.yaml": text.encode(), "evals/notes.md": b"none of them"})
    assert said.startswith(f"evals/a.yaml: line {line}: ") and said.endswith("docs/evals.md)")
