from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from skills_ref.validator import validate

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


@pytest.fixture
def homely(tmp_path: Path) -> dict[str, str]:
    """An environment whose home has a skill that the mind has too, and one of its own."""
    for name, about in (("parse-logs", "Another one."), ("bake-bread", "Bakes bread.")):
        folder = tmp_path / "home" / ".claude" / "skills" / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: {about}\nextra: x\n---\n\nDo it.\n")
    return {**os.environ, "HOME": str(tmp_path / "home")}


def test_skills_of_the_home_are_listed_with_where_they_lie(hermes, homely):
    lines = hermes("skills", "list", env=homely).stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["bake-bread", "~/.claude/skills", "Bakes"],
        ["parse-logs", "skills", "Reads"],
    ]
    assert "0 archived, 1 hidden" in lines[-1]
    rows = json.loads(hermes("skills", "list", "--all", "--json", env=homely).stdout)
    assert [(row["name"], row["own"], row["hidden"]) for row in rows] == [
        ("bake-bread", False, False), ("parse-logs", True, False), ("parse-logs", False, True),
    ]  # fmt: skip


def test_a_skill_says_where_it_lies_and_what_it_hides(hermes, homely):
    assert "it hides: ~/.claude/skills/parse-logs" in hermes("skills", "show", "parse-logs", env=homely).stdout
    assert "(read only)" in hermes("skills", "show", "bake-bread", env=homely).stdout
    assert (
        hermes("skills", "show", "parse-logs", "--file", "scripts/run.py").stdout
        == "print(1)\n\nbeside it: scripts/run.py\n"
    )
    assert hermes("skills", "show", "parse-logs", "--file", "../../config.yaml").returncode == 5


def test_skills_are_searched_in_any_words(hermes, homely):
    assert "parse-logs" in hermes("skills", "search", "read", "the", "nginx", "log").stdout
    assert "No skill fits" in hermes("skills", "search", "zebra").stdout
    found = json.loads(hermes("skills", "search", "bread", "--json", env=homely).stdout)
    assert [row["name"] for row in found] == ["bake-bread"]


def test_an_exported_skill_is_one_that_other_agents_load(hermes, homely, tmp_path):
    done = hermes("skills", "export", "bake-bread", str(tmp_path / "out"), env=homely)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "out" / "bake-bread")
    assert validate(tmp_path / "out" / "bake-bread") == []
    again = hermes("skills", "export", "bake-bread", str(tmp_path / "out"), env=homely)
    assert (again.returncode, again.stderr.count("\n")) == (4, 1)
    assert hermes("skills", "export", "bake-bread", str(tmp_path / "out"), "--force", env=homely).returncode == 0


def test_an_export_may_carry_its_version(hermes, mind, tmp_path):
    from tests.cli.conftest import git

    for number in (1, 2):
        (mind / "skills/parse-logs/scripts/run.py").write_text(f"print({number})\n# changed\n")
        git(mind, "add", "-A")
        git(mind, "commit", "-qm", f"change {number}")
    hermes("skills", "export", "parse-logs", str(tmp_path / "out"), "--figures", "--archive", "zip")
    assert (tmp_path / "out" / "parse-logs.zip").is_file()
    done = hermes("skills", "export", "parse-logs", str(tmp_path / "out"), "--figures", "--json")
    assert json.loads(done.stdout)["metadata"]["hermes-version"] == "2"
    assert 'hermes-version: "2"' in (tmp_path / "out/parse-logs/SKILL.md").read_text()
    assert validate(tmp_path / "out/parse-logs") == []


def test_nothing_is_exported_into_the_mind(hermes, mind):
    done = hermes("skills", "export", "parse-logs", str(mind / "skills" / "copies"))
    assert (done.returncode, "part of the mind" in done.stderr) == (4, True)
