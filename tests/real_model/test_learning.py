"""One whole turn of the learning loop with a real, small model: a task, a look back, what it kept, the next session.

What a model of this size keeps is its own; that the loop holds is judged by files, commits and events.
"""

from __future__ import annotations

import json

import pytest

from tests.real_model.conftest import TURN_SECONDS, Person

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(2400)]


def test_a_task_is_looked_back_on_and_what_it_kept_is_reviewed_and_used(person: Person) -> None:
    target = person.work / "sum.txt"
    person.asks(
        "Use the terminal tool to run this command: expr 40 + 2 > sum.txt",
        until=lambda: target.is_file() and target.read_text().strip() == "42",
    )
    told = json.loads(person.hermes("learn", "how to add numbers, as a skill", "--json", seconds=TURN_SECONDS))
    assert told["done"] is True, told
    looks = [
        path for path in person.workspace.glob("sessions/**/*.jsonl") if '"channel":"reflection"' in path.read_text()
    ]
    assert len(looks) == 1
    header = json.loads(looks[0].read_text().split("\n")[0])
    assert header["parent"]
    for waiting in person.hermes_json("review", "list"):
        person.hermes("review", "accept", waiting["id"])
    for lesson in person.hermes_json("log"):
        if lesson.get("session") and lesson["kind"] == "skill":
            assert lesson["evidence"].startswith("sessions/")
    person.hermes("skills", "validate")
    person.hermes("chat", "-q", "Use the skill_view tool to read the skill add-numbers.", "--yes", seconds=TURN_SECONDS)
    assert person.git("status", "--porcelain") == ""
