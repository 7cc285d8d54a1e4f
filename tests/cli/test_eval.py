"""`hermes eval` makes cases out of sessions and `hermes skills eval` runs them; wrong words get one line."""

from __future__ import annotations

import json

from hermes_fs.agent.evals.arms import Tally
from hermes_fs.agent.evals.attempt import Attempt
from hermes_fs.cli import evaluating
from hermes_fs.core.types import Change, Provenance, Usage
from hermes_fs.store.formats import skill
from hermes_fs.store.workspace import Workspace
from tests.store.test_outcomes import write

BY_HAND = Provenance("owner", "user")
SESSION = (
    ("message", {"role": "user", "text": "Count the errors of app.log into out.txt"}),
    ("skill_used", {"name": "count-errors", "tree": "abc"}),
    ("tool_call", {"call": "1", "name": "read_file", "arguments": '{"path": "app.log"}'}),
    ("tool_result", {"call": "1", "name": "read_file", "text": "1\tERROR\n2\tok", "failed": False}),
    ("tool_call", {"call": "2", "name": "write_file", "arguments": '{"path": "out.txt", "content": "1"}'}),
    ("tool_result", {"call": "2", "name": "write_file", "text": "created", "failed": False}),
    ("message", {"role": "assistant", "text": "Done."}),
)


def learned(mind):
    text = skill.create("count-errors", "Counts errors in logs. Use when errors are counted.", "Use grep -c.\n")
    with Workspace.open(mind) as workspace:
        workspace.commit(Change({"skills/count-errors/SKILL.md": text.encode()}, "skill", "", BY_HAND))


def test_a_case_is_made_shown_and_listed(hermes, mind):
    learned(mind)
    write(mind, "h-01KAMZ0000000000000000000A", *SESSION)
    shown = hermes("eval", "new", "--from-session", "h-01KAMZ0000000000000000000A", "--print")
    assert shown.returncode == 0, shown.stderr
    assert "app.log: |" in shown.stdout
    made = hermes("eval", "new", "--from-session", "last", "--name", "count", "--yes")
    assert made.returncode == 0, made.stderr
    assert "Try it: hermes skills eval count-errors --case count" in made.stdout
    [row] = json.loads(hermes("eval", "list", "--json").stdout)
    assert (row["skill"], row["case"], row["checks"]) == ("count-errors", "count", 1)
    again = hermes("eval", "new", "--from-session", "last", "--name", "count", "--yes")
    assert (again.returncode, "--name NAME" in again.stderr) == (4, True), again.stderr


def test_what_cannot_be_done_is_said_in_a_line(hermes, mind):
    learned(mind)
    for arguments, code, said in (
        (("skills", "eval", "nope"), 5, "there is no skill"),
        (("skills", "eval", "count-errors"), 4, "has no evals"),
        (("eval", "new", "--from-session", "last"), 5, "session"),
        (("skills", "eval", "count-errors", "--repeat", "0"), 2, ""),
    ):
        done = hermes(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
        assert said in done.stderr


def test_a_broken_case_is_named(hermes, mind):
    learned(mind)
    place = mind / "skills" / "count-errors" / "evals" / "bad.yaml"
    place.parent.mkdir()
    place.write_text("task: x\n")
    done = hermes("skills", "eval", "count-errors")
    said = "error: eval bad: line 1: it needs checks: what tells that the task was done — see docs/evals.md\n"
    assert (done.returncode, done.stderr) == (4, said)


def test_a_broken_case_hides_no_other_in_the_list(hermes, mind):
    learned(mind)
    folder = mind / "skills" / "count-errors" / "evals"
    folder.mkdir()
    (folder / "bad.yaml").write_text("task: x\n")
    (folder / "fine.yaml").write_text("task: Count.\nchecks:\n- reply: {contains: '2'}\n")
    shown = hermes("eval", "list")
    assert shown.returncode == 0, shown.stderr
    assert "fine" in shown.stdout and "✗ count-errors  eval bad: line 1: it needs checks" in shown.stdout
    rows = json.loads(hermes("eval", "list", "--json").stdout)
    assert [(row["case"], bool(row["problem"])) for row in rows] == [("bad", True), ("fine", False)]


def test_the_last_line_says_why_a_skill_did_not_help():
    def tally(good: int, bad: int, read: bool) -> Tally:
        failures = [()] * good + [("out.txt is not there",)] * bad
        return Tally(tuple(Attempt("count", failed, read, Usage(), 1.0, "done") for failed in failures))

    none = tally(1, 1, False)
    for now, said in (
        (tally(2, 0, True), "It helps."),
        (tally(1, 1, True), "no better"),
        (tally(2, 0, False), "never"),
    ):
        assert said in evaluating.verdict({"no skill": none, "incumbent": now})
