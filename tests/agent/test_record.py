"""How a task went is written down when it ends, when it is put right, and when a person says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.agent.record import Pen
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.events import Appended, Compacted, EndReason, Event, SkillUsed, ToolFinished, TurnEnded
from hermes_fs.core.ids import Ulids
from hermes_fs.core.types import Message, ToolCall, ToolResult, Usage, assistant, user
from hermes_fs.store.outcomes import tasks
from hermes_fs.store.transcript import Header, Transcript, read


@pytest.fixture
def pen(tmp_path: Path) -> Iterator[Pen]:
    path = tmp_path / "sessions" / "2026" / "01" / "31" / "h-01.jsonl"
    header = Header("h-01", "h", "cli", "owner", "m", "p", "2026-01-31T12:00:00.000Z", "c0ffee", "")
    transcript = Transcript(path, header)
    clock = SystemClock()
    yield Pen(transcript, Ulids(clock), clock, "owner", "cli", "m")
    transcript.close()


def play(pen: Pen, text: str, *commands: tuple[str, str], ends: EndReason = "done", skill: str = "") -> None:
    """A turn in which commands are run, each with what its result says last."""
    events: list[Event] = [Appended(user(text), "owner")]
    for number, (command, said) in enumerate(commands):
        call = ToolCall(f"c{number}", "terminal", json.dumps({"command": command}))
        result = ToolResult(call.id, said)
        events += [Appended(assistant("", call), "agent", Usage(1, 1)), ToolFinished(call, result, 0.1)]
        events += [SkillUsed(skill, f"tree-{skill}")] if skill else []
        events.append(Appended(Message("tool", (result,)), "tool"))
    events += [Appended(assistant("Done."), "agent"), TurnEnded(ends, Usage(2, 2))]
    for _ in pen.write(events):
        pass


def outcomes(pen: Pen) -> list[tuple[str, str]]:
    found = [record.data for record in read(pen.transcript.path).records if record.type == "outcome"]
    return [(str(one["result"]), str(one["why"])) for one in found]


def test_a_task_that_ends_has_an_outcome_with_the_skills_that_it_used_and_talk_has_none(pen: Pen) -> None:
    play(pen, "hello")
    assert outcomes(pen) == []
    play(pen, "do it", ("ls", "a b"), skill="deploy")
    [one] = [record.data for record in read(pen.transcript.path).records if record.type == "outcome"]
    assert one == {"task": pen.asked, "result": "success", "why": "ended", "note": "", "skills": ["tree-deploy"]}


@pytest.mark.parametrize(("ends", "result"), [("cancelled", "partial"), ("steps", "partial"), ("error", "failure")])
def test_a_task_that_does_not_reach_its_end_is_no_success(pen: Pen, ends: EndReason, result: str) -> None:
    play(pen, "do it", ("ls", "a b"), ends=ends)
    assert outcomes(pen) == [(result, "ended")]


def test_a_check_that_failed_last_is_a_failure_whatever_the_model_says(pen: Pen) -> None:
    play(pen, "mend it", ("pytest -q", "1 failed\n[exit code 1]"))
    assert outcomes(pen) == [("success", "ended"), ("failure", "check")]
    play(pen, "go on", ("pytest -q", "1 failed\n[exit code 1]"), ("pytest -q", "1 passed"))
    assert outcomes(pen)[2:] == [("success", "ended")]


def test_a_correction_is_of_the_task_before_it(pen: Pen, tmp_path: Path) -> None:
    play(pen, "list it", ("ls", "a"), skill="deploy")
    first = pen.asked
    play(pen, "No, the other folder", ("ls b", "c"))
    assert outcomes(pen) == [("success", "ended"), ("partial", "correction"), ("success", "ended")]
    (tmp_path / "state").mkdir()
    [before, after] = tasks(tmp_path / "sessions", tmp_path / "state")
    assert (before.id, before.result, before.why) == (first, "partial", "correction")
    assert (after.result, after.why) == ("success", "ended")


def test_what_a_person_says_is_the_last_word(pen: Pen, tmp_path: Path) -> None:
    assert not pen.rate("success")
    play(pen, "mend it", ("pytest -q", "1 failed\n[exit code 1]"), skill="deploy")
    assert pen.rate("success", "flaky test")
    (tmp_path / "state").mkdir()
    [task] = tasks(tmp_path / "sessions", tmp_path / "state")
    assert (task.result, task.why, task.note) == ("success", "feedback", "flaky test")


def test_what_is_said_while_a_turn_runs_is_no_correction_of_an_answer(pen: Pen) -> None:
    play(pen, "list it", ("ls", "a"))
    for _ in pen.write([Appended(user("go on"), "owner"), Appended(user("No, the other one"), "owner")]):
        pass
    assert outcomes(pen) == [("success", "ended")]


def steered(pen: Pen) -> str:
    """A turn with something said in its middle; the id of the message that it began with."""
    call, result = ToolCall("c", "terminal", "{}"), ToolResult("c", "a b")
    used: list[Event] = [Appended(assistant("", call), "agent"), ToolFinished(call, result, 0.1)]
    events = [
        Appended(user("do it"), "owner"), *used, SkillUsed("deploy", "tree-deploy"), Appended(user("quickly"), "owner"),
        *used, Appended(assistant("Done."), "agent"), TurnEnded("done", Usage()),
    ]  # fmt: skip
    for _ in pen.write(events):
        pass
    return read(pen.transcript.path).records[0].id


def test_what_is_said_in_the_middle_of_a_turn_begins_none(pen: Pen, tmp_path: Path) -> None:
    first = steered(pen)
    records = read(pen.transcript.path).records
    assert [record.text("turn") for record in records if record.is_asked] == [first, first]
    assert pen.asked == first
    [one] = [record.data for record in records if record.type == "outcome"]
    assert (one["task"], one["skills"]) == (first, ["tree-deploy"])
    (tmp_path / "state").mkdir()
    [task] = tasks(tmp_path / "sessions", tmp_path / "state")
    assert (task.id, task.calls, task.skills) == (first, 2, (("deploy", "tree-deploy"),))


def test_a_turn_that_nobody_followed_to_its_end_holds_nothing_of_the_next(pen: Pen) -> None:
    events = pen.write([Appended(user("do it"), "owner"), Appended(assistant("Well"), "agent")])
    next(events)
    events.close()
    play(pen, "something else")
    begun = [record for record in read(pen.transcript.path).records if record.is_asked]
    assert [record.text("turn") for record in begun] == [record.id for record in begun]


def test_a_correction_is_seen_after_the_conversation_was_made_shorter(pen: Pen) -> None:
    play(pen, "list it", ("ls", "a"))
    first = pen.asked
    for _ in pen.write([Compacted(user("so far"), 2)]):
        pass
    play(pen, "No, the other folder")
    [last] = [one.data for one in read(pen.transcript.path).records if one.data.get("why") == "correction"]
    assert last["task"] == first
