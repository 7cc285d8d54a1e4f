"""The main job on real input: one conversation with a real model, then another process that builds on it.

The tests tell one story and run in the order in which they stand. They judge effects (files, commits, what is found
again) and never the model's words.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.real_model.conftest import Person

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(2400)]

FACT = "db2.internal"


def test_a_file_is_written(person: Person) -> None:
    target = person.work / "greeting.txt"
    person.asks(
        "Use the write_file tool: write the text 'hello from the model' into the file greeting.txt.",
        until=lambda: target.is_file() and "hello" in target.read_text(),
    )


def test_a_command_is_run(person: Person) -> None:
    target = person.work / "sum.txt"
    person.asks(
        "Use the terminal tool to run this command: expr 40 + 2 > sum.txt",
        "--continue",
        until=lambda: target.is_file() and target.read_text().strip() == "42",
    )


def test_a_fact_is_remembered(person: Person) -> None:
    person.asks(
        f"Use the memory tool to add this fact to memory: The staging server is {FACT}",
        "--continue",
        until=lambda: FACT in person.learned("MEMORY.md"),
    )


def test_a_skill_is_saved_and_the_public_validator_accepts_it(person: Person) -> None:
    person.asks(
        "Use the skill_edit tool to create a new skill. Its name is write-greeting, its description is "
        "'Writes a greeting into a file. Use when a greeting is wanted.' and its body is "
        "'# Steps\\n\\n1. Write the greeting into greeting.txt with write_file.'",
        "--continue",
        until=lambda: bool(skills(person)),
    )
    for skill in skills(person):
        folder = person.workspace / "skills" / skill
        done = subprocess.run(["agentskills", "validate", str(folder)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def skills(person: Person) -> list[str]:
    """Names of the skills on main that were not there from the start."""
    first = person.git("rev-list", "--max-parents=0", "main").split()[0]
    added = person.git("diff", "--name-only", "--diff-filter=A", first, "main", "--", "skills/").split()
    return [path.split("/")[1] for path in added if path.endswith("/SKILL.md")]


def test_it_was_one_conversation_of_several_turns(person: Person) -> None:
    """Each process ended its part; the next part names it as its parent."""
    transcripts = list(person.workspace.glob("sessions/**/*.jsonl"))
    headers = [json.loads(path.read_text().split("\n")[0]) for path in transcripts]
    ids = {header["session"] for header in headers}
    assert [header["parent"] in ids for header in headers].count(False) == 1
    assert sum(path.read_text().count('"role":"user"') for path in transcripts) >= 4


def test_each_lesson_is_a_commit_with_its_provenance(person: Person) -> None:
    log = person.hermes("log")
    assert "memory" in log and "skill" in log
    for kind in ("memory", "skill"):
        body = person.git("log", "--format=%B", f"--grep=^Hermes-Kind: {kind}$", "main")
        assert "Hermes-Session: " in body and "Hermes-Change: " in body and "Hermes-Evidence: sessions/" in body
    assert person.git("status", "--porcelain") == ""


def test_another_process_finds_the_fact_and_the_first_conversation(person: Person) -> None:
    kinds = {hit["kind"] for hit in person.hermes_json("search", FACT)["hits"]}
    assert "memory" in kinds and len(kinds) > 1
    assert person.hermes_json("search", "greeting.txt")["hits"]


def test_a_new_conversation_uses_the_fact(person: Person) -> None:
    target = person.work / "server.txt"
    person.asks(
        "What is the name of our staging server? Use the write_file tool to write its name into the file server.txt.",
        until=lambda: target.is_file() and FACT in target.read_text(),
    )


def test_one_lesson_is_taken_back_and_a_later_one_survives(person: Person) -> None:
    lesson = person.git(
        "log", "--format=%(trailers:key=Hermes-Change,valueonly)", f"-S{FACT}", "main", "--", "MEMORY.md"
    )
    saved = skills(person)
    person.hermes("revert", lesson.split()[-1])
    assert FACT not in person.learned("MEMORY.md")
    assert FACT not in (person.workspace / "MEMORY.md").read_text()
    assert skills(person) == saved
    assert person.git("status", "--porcelain") == ""
