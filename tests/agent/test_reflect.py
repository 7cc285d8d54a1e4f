"""What a look back on a task keeps, and what it may not; whatever kills it, nothing is kept twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_fs.agent.reflect import source_of
from hermes_fs.core.errors import BudgetSpent, NotFound, ProviderError
from hermes_fs.core.events import Appended, Learned, Proposed, ToolFinished
from hermes_fs.core.ids import Ulids
from hermes_fs.core.types import assistant
from hermes_fs.store import history, transcript
from hermes_fs.store.errands import TRIES, Errand
from hermes_fs.store.history import Lesson
from hermes_fs.store.outcomes import tasks
from hermes_fs.store.review import Review
from hermes_fs.store.transcript import Header, Record
from tests.agent.reflecting import FACT, JUDGED, LESSON, SKILL, World, call, world


@pytest.fixture
def mind(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "mind") as made:
        made.record()
        yield made


def lessons(mind: World) -> list[Lesson]:
    return [one for one in history.log(mind.workspace.git) if one.trailers.get("Session")]


def results(mind: World) -> list[str]:
    return [event.result.text for event in mind.events if isinstance(event, ToolFinished)]


def test_ten_calls_with_an_error_overcome_become_one_skill_with_its_evidence(mind: World) -> None:
    mind.add("an error overcome: terminal pytest", "10 tool calls")
    [finished] = mind.learn(*LESSON)
    assert finished.why == ""
    [lesson] = lessons(mind)
    assert lesson.files == ("skills/run-its-tests/SKILL.md",)
    said = lesson.trailers
    assert (said["Trigger"], said["Session"], said["Origin"]) == ("reflection", mind.session, "agent")
    path, _, span = said["Evidence"].partition("#")
    records = transcript.read(mind.workspace.root / path).records
    assert span.split("..")[0] == mind.task and span.split("..")[1] in {record.id for record in records}
    assert lesson.why == SKILL["why"]
    assert mind.errands.waiting() == []
    assert mind.errands.take_news() == [f"learned: {lesson.subject} · hermes show {lesson.short}"]


def test_the_same_tainted_session_yields_one_proposal_and_no_lesson(tmp_path: Path) -> None:
    with world(tmp_path / "mind") as mind:
        mind.record(origin="web")
        mind.add()
        mind.learn(*LESSON)
        assert lessons(mind) == []
        [proposal] = Review(mind.workspace).waiting()
        assert proposal.because.startswith("from a tainted session")
        assert proposal.provenance.origin == "web"
        assert mind.errands.take_news() == ["1 lesson awaits you: /review"]


def test_what_others_wrote_is_wrapped_and_what_hides_in_it_is_shown(tmp_path: Path) -> None:
    with world(tmp_path / "mind") as mind:
        mind.record(commands=(("cat page\u202e", 0),), origin="web")
        mind.add()
        mind.learn(assistant("nothing to keep"))
        asked = mind.teacher.requests[0].messages[1].text
        assert "web>\nwhat cat page⟨U+202E⟩ prints\n</foreign" in asked


def test_passing_state_leaves_nothing(mind: World) -> None:
    mind.add()
    [finished] = mind.learn(JUDGED, assistant("Nothing to keep: the network was down, which will pass."))
    assert finished.done.told == () and lessons(mind) == []
    assert mind.errands.take_news() == [] and mind.errands.waiting() == []
    assert "the network is down" in mind.teacher.requests[0].messages[0].text


def test_the_outcome_is_judged_in_the_looks_own_transcript(mind: World, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    before = tasks(mind.workspace.root / "sessions", tmp_path / "state")
    assert [one.why for one in before] == ["ended"]
    mind.add()
    mind.learn(call("judge_task", {"result": "partial", "note": "half of it"}), assistant("nothing to keep"))
    [task] = tasks(mind.workspace.root / "sessions", tmp_path / "state")
    assert (task.id, task.result, task.why, task.note) == (mind.task, "partial", "reflection", "half of it")


def test_a_skill_that_was_not_used_cannot_be_judged(mind: World) -> None:
    mind.add()
    judged = {"result": "success", "note": "fine", "skills": [{"name": "deploy", "result": "failure"}]}
    mind.learn(call("judge_task", judged), assistant("nothing to keep"))
    assert any("did not use deploy" in text for text in results(mind))


def test_a_second_skill_is_refused(mind: World) -> None:
    mind.add()
    other = {**SKILL, "name": "another-one", "description": "Reads a Makefile. Use when there is one."}
    mind.learn(*LESSON[:-1], call("skill_edit", other), assistant("Kept one."))
    assert [one.files for one in lessons(mind)] == [("skills/run-its-tests/SKILL.md",)]
    assert any("one skill a look back" in text for text in results(mind))


EDIT = {
    "action": "add_section",
    "name": "run-its-tests",
    "title": "Signs",
    "text": "Connection refused.",
    "why": "seen",
}


def test_a_skill_that_was_not_read_is_not_changed(mind: World) -> None:
    mind.add()
    mind.learn(*LESSON)
    mind.add("a skill used: run-its-tests")
    mind.learn(call("skill_edit", EDIT), assistant("could not"))
    assert len(lessons(mind)) == 1
    assert any("you have not read the skill run-its-tests" in text for text in results(mind))
    mind.add("a skill used: run-its-tests")
    mind.learn(call("skill_view", {"name": "run-its-tests"}), call("skill_edit", EDIT), assistant("Extended it."))
    assert len(lessons(mind)) == 2


def test_nothing_is_deleted(mind: World) -> None:
    mind.add()
    mind.learn(*LESSON)
    mind.add("a skill used: run-its-tests")
    gone = {"action": "delete", "name": "run-its-tests"}
    mind.learn(call("skill_view", {"name": "run-its-tests"}), call("skill_edit", gone), assistant("could not"))
    assert (mind.workspace.root / "skills/run-its-tests/SKILL.md").exists()
    assert Review(mind.workspace).waiting() == []


def test_what_the_person_asked_for_is_their_lesson(mind: World) -> None:
    mind.add(what="how the tests are run")
    mind.learn(*LESSON)
    [lesson] = lessons(mind)
    assert lesson.trailers["Trigger"] == "user"
    assert "# What the person wants kept\nhow the tests are run" in mind.teacher.requests[0].messages[1].text


def test_it_is_nobodys_conversation_and_not_found_by_recall(mind: World) -> None:
    mind.add()
    mind.learn(*LESSON)
    assert [info.id for info in mind.sessions.recent()] == [mind.session]
    own = [info for info in mind.sessions.recent(own=True) if info.id != mind.session]
    assert [(info.header.channel, info.header.parent) for info in own] == [("reflection", mind.session)]
    mind.index.refresh()
    assert mind.index.verify() == []
    assert all(hit.session == mind.session for hit in mind.index.search("tests", limit=50) if hit.session)


def test_without_a_model_the_errand_waits_and_that_is_said_once(mind: World) -> None:
    def nobody() -> None:
        raise ProviderError("auth", "no model is set up", "run `hermes setup`")

    mind.refuse = nobody
    mind.add()
    [finished] = mind.learn()
    assert "no model is set up" in finished.why
    [waiting] = mind.errands.waiting()
    assert (waiting.tries, waiting.begun) == (0, 0)
    assert len(mind.errands.take_news()) == 1
    assert mind.learn() == []  # not at once again
    mind.clock.ahead = timedelta(hours=1)
    mind.learn()
    assert mind.errands.take_news() == []


def test_without_a_budget_it_waits_until_tomorrow(mind: World) -> None:
    def spent() -> None:
        raise BudgetSpent("money", "the budget of $1 for learning today is spent")

    mind.refuse = spent
    mind.add()
    mind.add(what="and this")
    assert ["tomorrow" in finished.why for finished in mind.learn()] == [True, True]
    assert len(mind.errands.take_news()) == 1
    assert len(mind.errands.waiting()) == 2
    mind.refuse = lambda: None
    assert mind.learn() == []
    mind.clock.ahead = timedelta(days=1)
    assert len(mind.learn(*LESSON, assistant("nothing more"))) == 2


def test_a_session_that_is_gone_is_reported_and_not_tried_again(mind: World) -> None:
    mind.session = "h-01ARZ3NDEKTSV4RRFFQ69G5FAV"
    mind.add()
    [finished] = mind.learn()
    assert "not tried again" in finished.why
    assert mind.errands.waiting() == [] and len(mind.errands.aside()) == 1
    assert len(mind.errands.take_news()) == 1


def test_a_transcript_that_cannot_be_read_is_tried_thrice_and_reported(mind: World) -> None:
    path = mind.sessions.find(mind.session).path
    mind.add()
    path.chmod(0)
    path.write_bytes(b"\0\0\n")
    for _ in range(TRIES):
        mind.learn()
        mind.clock.ahead += timedelta(hours=1)
    assert mind.errands.waiting() == []
    assert len(mind.errands.take_news()) == 1


def test_a_model_that_fails_in_the_middle_is_asked_again_later_and_keeps_nothing_twice(mind: World) -> None:
    mind.add()
    [finished] = mind.learn(call("memory", FACT), ProviderError("overloaded", "the server is busy"))
    assert "busy" in finished.why and len(lessons(mind)) == 1
    mind.clock.ahead = timedelta(hours=1)
    again = {**FACT, "text": "Tests: run make database before them"}
    mind.learn(call("memory", again), call("skill_edit", SKILL), assistant("Done."))
    assert sorted(one.kind for one in lessons(mind)) == ["memory", "skill"]
    assert any("before you were cut off" in text for text in results(mind))
    assert "you had already used: memory" in mind.teacher.requests[0].messages[1].text


def test_a_small_window_is_asked_less(mind: World) -> None:
    mind.record(commands=[(f"cat file{number} {'x' * 300}", 0) for number in range(60)])
    mind.add()
    mind.learn(assistant("nothing to keep"))
    whole = len(mind.teacher.requests[0].messages[1].text)
    assert whole < 4 * 9_000
    mind.window = 8_000
    mind.add()
    mind.learn(assistant("nothing to keep"))
    assert len(mind.teacher.requests[0].messages[1].text) < whole / 2
    assert "events are left out here" in mind.teacher.requests[0].messages[1].text


def test_events_of_a_look_back_are_shown(mind: World) -> None:
    mind.add()
    mind.learn(*LESSON)
    assert sum(isinstance(event, Learned) for event in mind.events) == 1
    assert not any(isinstance(event, Proposed) for event in mind.events)
    assert any(isinstance(event, Appended) for event in mind.events)


def test_what_the_gate_refuses_comes_back_twice_and_is_then_kept_for_the_person(mind: World) -> None:
    mind.tested = 0
    mind.verdict = "its test fails"
    mind.add()
    tries = [call("skill_edit", {**SKILL, "text": f"## Steps\n\n{number}. `pytest -q`\n"}) for number in range(3)]
    mind.learn(*tries, assistant("The gate did not pass it."))
    assert sum("the gate refused it: its test fails" in text for text in results(mind)[:2]) == 2
    assert lessons(mind) == []
    [proposal] = Review(mind.workspace).waiting()
    assert "its test fails" in proposal.because


def write(mind: World, *said: tuple[str, str]) -> list[Record]:
    """A session of these records, as (type or role, text)."""
    draft = Header("", "", "cli", "owner", "script", "scripted", "", "", "")
    made = mind.sessions.start(draft)
    ulids = Ulids(mind.clock)
    for kind, text in said:
        role = (
            {"role": kind, "text": text}
            if kind in ("user", "assistant")
            else {"call": "c", "name": "note", "text": text}
        )
        made.append(Record(ulids(), "message" if "role" in role else kind, NOW, "owner", "cli", "agent", role))
    made.close()
    mind.session = made.header.session
    return transcript.read(made.path).records


NOW = "2026-01-31T12:00:00.000Z"
TURNS = (
    ("user", "first"), ("tool_call", ""), ("tool_result", "x"), ("user", "said meanwhile"), ("assistant", "done"),
    ("user", "second"), ("assistant", "done too"), ("user", "third"), ("assistant", "all done"),
)  # fmt: skip


@pytest.mark.parametrize(("place", "length"), [(0, 5), (5, 2), (7, 2)])
def test_a_task_ends_with_its_answer_and_holds_what_was_said_while_it_ran(mind: World, place: int, length: int) -> None:
    records = write(mind, *TURNS)
    source = source_of(Errand("reflect", mind.session, records[place].id), mind.bench())
    assert [one.id for one in source.task] == [one.id for one in records[place : place + length]]
    assert [one.id for one in source.before] == [one.id for one in records[:place]]
    assert source.evidence == f"{records[place].id}..{records[place + length - 1].id}"


def test_a_look_back_is_not_looked_back_on(mind: World) -> None:
    mind.add()
    mind.learn(*LESSON)
    [own] = [info for info in mind.sessions.recent(own=True) if info.header.channel == "reflection"]
    with pytest.raises(NotFound, match="a look back itself"):
        source_of(Errand("reflect", own.id), mind.bench())
