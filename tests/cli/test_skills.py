from __future__ import annotations

import json
from pathlib import Path

import pytest

GOOD = (
    "---\nname: parse-logs\ndescription: Reads nginx logs. Use when asked about traffic.\n---\n\n# Steps\n\nRun it.\n"
)


@pytest.fixture(autouse=True)
def skills(mind: Path) -> Path:
    folder = mind / "skills"
    (folder / "parse-logs" / "scripts").mkdir(parents=True)
    (folder / "parse-logs" / "SKILL.md").write_text(GOOD)
    (folder / "parse-logs" / "scripts" / "run.py").write_text("print(1)\n")
    return folder


def break_one(skills: Path) -> None:
    (skills / "Broken").mkdir()
    (skills / "Broken" / "SKILL.md").write_text("no front matter, but words\n")


def test_skills_are_listed_with_what_they_are_for(hermes):
    done = hermes("skills", "list")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "parse-logs  Reads nginx logs. Use when asked about traffic."


def test_a_broken_skill_is_listed_and_said_to_be_so(hermes, skills):
    break_one(skills)
    assert "1 with problems" in hermes("skills", "list").stdout
    rows = json.loads(hermes("skills", "list", "--json").stdout)
    assert [(row["name"], bool(row["problems"])) for row in rows] == [("Broken", True), ("parse-logs", False)]


def test_a_skill_is_shown_with_the_files_beside_it(hermes):
    shown = hermes("skills", "show", "parse-logs").stdout
    assert shown.startswith(GOOD) and "beside it: scripts/run.py" in shown


def test_an_unknown_skill_is_not_found(hermes):
    assert hermes("skills", "show", "nothing").returncode == 5
    assert hermes("skills", "validate", "../../etc").returncode == 5


def test_validating_exits_with_one_where_a_skill_breaks_the_standard(hermes, skills):
    assert hermes("skills", "validate").returncode == 0
    break_one(skills)
    done = hermes("skills", "validate")
    assert done.returncode == 1
    assert "✗ Broken" in done.stdout and "✓ parse-logs" in done.stdout
    assert hermes("skills", "validate", "parse-logs").returncode == 0


def test_a_link_to_elsewhere_is_no_skill(hermes, skills, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "SKILL.md").write_text(GOOD)
    (skills / "linked").symlink_to(outside)
    assert "linked" not in hermes("skills", "list").stdout


def test_no_skills_is_no_error(hermes, skills):
    (skills / "parse-logs" / "SKILL.md").unlink()
    assert hermes("skills", "list").returncode == 0
    assert json.loads(hermes("skills", "list", "--json").stdout) == []
