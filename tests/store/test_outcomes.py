"""Outcomes are read out of transcripts: each task once, by its strongest source, whoever wrote it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hermes_fs.store import outcomes
from hermes_fs.store.outcomes import Task
from hermes_fs.store.transcript import Header, Record, Transcript

CALL = ("tool_result", {"name": "terminal", "failed": False, "call": "c", "text": "", "seconds": 0.1})
CALLED = ("tool_call", {"name": "terminal", "call": "c", "arguments": "{}"})
SAID = ("message", {"role": "assistant", "text": "done"})
ASKED = ("message", {"role": "user", "text": "do"})
USED = ("skill_used", {"name": "deploy", "tree": "abc"})


def write(root: Path, name: str, *events: tuple[str, dict[str, Any]], channel: str = "cli") -> None:
    path = root / "sessions" / "2026" / "01" / "31" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Transcript(path, Header(name, "h", channel, "owner", "m", "p", "2026-01-31T12:00:00.000Z", "c0ffee", ""))
    for number, (kind, data) in enumerate(events):
        at = f"2026-01-31T12:{number:02}:00.000Z"
        writer.append(Record(f"{name}-{number}", kind, at, "owner", channel, "owner", data))
    writer.close()


def read(root: Path) -> list[Task]:
    (root / "state").mkdir(exist_ok=True)
    return outcomes.tasks(root / "sessions", root / "state")


def said(task: str, result: str, why: str, **more: str) -> tuple[str, dict[str, Any]]:
    return "outcome", {"task": task, "result": result, "why": why, **more}


def test_a_turn_without_a_tool_call_is_no_task(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, SAID, ASKED, USED, CALL, SAID, ("usage", {"input": 10, "output": 5, "model": "big"}))
    [task] = read(tmp_path)
    assert (task.id, task.skills, task.calls, task.tokens, task.model) == ("a-2", (("deploy", "abc"),), 1, 15, "big")
    assert (task.result, task.why) == ("success", "ended")


def test_a_turn_that_was_cut_off_failed(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL, ("turn_ended", {"reason": "steps", "detail": ""}))
    assert [task.result for task in read(tmp_path)] == ["failure"]


def test_the_person_beats_the_check_and_the_check_the_reflection_whatever_came_last(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL, said("a-0", "success", "feedback"), said("a-0", "failure", "check"))
    write(tmp_path, "b", ASKED, CALL, said("b-0", "failure", "check"), said("b-0", "success", "ended"))
    assert [(task.id, task.result, task.why) for task in read(tmp_path)] == [
        ("a-0", "success", "feedback"),
        ("b-0", "failure", "check"),
    ]


def test_of_one_source_the_last_word_counts(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL, said("a-0", "success", "feedback"), said("a-0", "failure", "feedback", note="no"))
    [task] = read(tmp_path)
    assert (task.result, task.note) == ("failure", "no")


def test_a_reflection_judges_the_task_of_another_session_and_is_none_itself(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL)
    write(tmp_path, "r", ASKED, CALL, said("a-0", "partial", "reflection", session="a"), channel="reflection")
    [task] = read(tmp_path)
    assert (task.session, task.result, task.weight) == ("a", "partial", 0.5)


def test_transcripts_of_old_say_good_and_bad(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL, ("outcome", {"task": "a-0", "result": "bad", "note": "", "skills": []}))
    [task] = read(tmp_path)
    assert (task.result, task.why) == ("failure", "feedback")


def test_nonsense_in_a_transcript_counts_for_nothing(tmp_path: Path) -> None:
    odd = [("outcome", {"task": 3, "result": ["x"], "why": "because"}), ("outcome", {}), ("usage", {"input": "x"})]
    write(tmp_path, "a", ASKED, ("skill_used", {"name": 7}), CALL, SAID, *odd)  # type: ignore[arg-type]
    [task] = read(tmp_path)
    assert (task.result, task.tokens, task.skills) == ("success", 0, (("", ""),))


def test_the_cache_may_be_damaged_or_deleted_and_follows_the_files(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL)
    assert len(read(tmp_path)) == 1
    (tmp_path / "state" / "outcomes.db").write_bytes(b"no database" * 1000)
    write(tmp_path, "b", ASKED, CALL)
    assert len(read(tmp_path)) == 2
    (tmp_path / "sessions/2026/01/31/a.jsonl").unlink()
    assert [task.session for task in read(tmp_path)] == ["b"]


def test_a_skill_that_was_read_twice_in_a_task_was_used_once(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, USED, USED, CALL)
    assert {key: len(done) for key, done in outcomes.by_version(read(tmp_path)).items()} == {("deploy", "abc"): 1}


def test_a_skill_may_have_done_otherwise_than_its_task(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "task": "a-0",
        "result": "success",
        "why": "reflection",
        "each": {"abc": "failure", "x": "odd"},
    }
    write(tmp_path, "a", ASKED, USED, CALL, ("outcome", told))
    [task] = read(tmp_path)
    assert task.result == "success"
    assert [one.result for one in outcomes.by_version([task])["deploy", "abc"]] == ["failure"]


def test_what_is_said_of_a_message_in_the_middle_of_a_turn_is_said_of_the_turn(tmp_path: Path) -> None:
    more = ("message", {"role": "user", "text": "and quickly"})
    write(tmp_path, "a", ASKED, USED, CALLED, CALL, more, CALLED, CALL, said("a-4", "failure", "feedback"))
    [task] = read(tmp_path)
    assert (task.id, task.skills, task.calls, task.result) == ("a-0", (("deploy", "abc"),), 2, "failure")


def test_a_session_that_goes_on_elsewhere_judges_the_turn_before(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL, SAID)
    write(tmp_path, "b", ASKED, said("a-0", "failure", "correction"), CALL, SAID)
    assert [(task.id, task.result) for task in read(tmp_path)] == [("a-0", "failure"), ("b-0", "success")]


def test_what_is_said_in_a_session_is_of_its_own_turn_first(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, CALL, SAID)
    path = tmp_path / "sessions" / "2026" / "01" / "31" / "a.jsonl"
    copy = path.read_text().replace('"session":"a"', '"session":"b"') + record_line("a-0", "failure")
    path.with_name("b.jsonl").write_text(copy)
    assert [(task.session, task.result) for task in read(tmp_path)] == [("a", "success"), ("b", "failure")]


def record_line(task: str, result: str) -> str:
    about = {"task": task, "result": result, "why": "feedback", "origin": "owner", "channel": "cli", "person": "owner"}
    return json.dumps({"type": "outcome", "id": "b-9", "at": "2026-01-31T13:00:00.000Z", **about}) + "\n"


def test_a_task_whose_process_was_killed_is_no_success(tmp_path: Path) -> None:
    write(tmp_path, "a", ASKED, SAID, CALLED, CALL, SAID, CALLED)
    write(tmp_path, "b", ASKED, SAID, CALLED, CALL, SAID, ("end", {"reason": "exit"}))
    assert [(task.id, task.result) for task in read(tmp_path)] == [("a-0", "partial"), ("b-0", "success")]
