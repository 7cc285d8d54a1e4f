"""`hermes skills new, edit, log, diff, pin, archive, restore, remove`: each a lesson that can be taken back."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pexpect
import pytest
from skills_ref.validator import validate

from tests.cli.conftest import ROOT, git, trust

STEPS = "# Deploying\n\nHow our site goes online.\n\n## Steps\n\n1. Run the tests.\n2. Push the tag.\n"


@pytest.fixture
def deploy(hermes, mind: Path) -> Path:
    """A skill that a person wrote with the command."""
    trust(mind)
    done = hermes("skills", "new", "deploy", "--from", "-", "--description", "Deploys. Use to ship.", input=STEPS)
    assert done.returncode == 0, done.stderr
    return mind / "skills" / "deploy" / "SKILL.md"


def subjects(mind: Path) -> list[str]:
    return git(mind, "log", "--format=%s", "--", "skills").splitlines()


def test_a_text_becomes_a_skill_of_the_standard(deploy, mind):
    assert validate(deploy.parent) == []
    assert deploy.read_text() == f"---\nname: deploy\ndescription: Deploys. Use to ship.\n---\n\n{STEPS}"
    assert subjects(mind) == ["skill deploy: add"]


def test_a_folder_of_another_agent_becomes_a_skill_with_all_its_files(hermes, mind, tmp_path):
    trust(mind)
    folder = tmp_path / "Their Skill"
    (folder / "scripts").mkdir(parents=True)
    (folder / "SKILL.md").write_text(f"---\nname: theirs\ndescription: Does.\nuser-invocable: true\n---\n{STEPS}")
    (folder / "scripts/run.sh").write_text("echo hello\n")
    done = hermes("skills", "new", "ours", "--from", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"].startswith("skill ours: add")
    assert validate(mind / "skills/ours") == []
    assert 'user-invocable: "true"' in (mind / "skills/ours/SKILL.md").read_text()
    assert (mind / "skills/ours/scripts/run.sh").read_text() == "echo hello\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("Bad Name",), 2),
        (("ok",), 2),
        (("deploy", "--from", "-"), 4),
        (("x", "--from", "/nowhere"), 1),
        (("x", "--from", "/dev/zero"), 1),
    ],
)
def test_what_cannot_be_made_is_said_on_one_line(hermes, deploy, words, code):
    done = hermes("skills", "new", *words)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr


def test_an_edit_goes_through_the_gate_and_a_reason_overrides_it(hermes, deploy, mind):
    broken = "def run(:\n"
    done = hermes("skills", "edit", "deploy", "--file", "scripts/run.py", "--from", "-", input=broken)
    assert (done.returncode, "scripts/run.py" in done.stderr, done.stderr.count("\n")) == (4, True, 1), done.stderr
    assert not (deploy.parent / "scripts").exists()
    told = ("--override", "It is an example of a mistake.")
    done = hermes("skills", "edit", "deploy", "--file", "scripts/run.py", "--from", "-", *told, input=broken)
    assert done.returncode == 0, done.stderr
    assert "Hermes-Override: It is an example of a mistake." in git(mind, "log", "-1", "--format=%B")


def test_edits_are_versions_that_can_be_compared(hermes, deploy):
    assert "skills diff" not in hermes("skills", "log", "deploy").stdout  # one has nothing beside it
    hermes("skills", "edit", "deploy", "--from", "-", "--why", "The tag is signed.",
           input=deploy.read_text().replace("Push the tag", "Push the signed tag"))  # fmt: skip
    rows = json.loads(hermes("skills", "log", "deploy", "--json").stdout)
    assert [(row["version"], row["subject"]) for row in rows] == [
        (2, "skill deploy: edit 1 section"), (1, "skill deploy: add"),
    ]  # fmt: skip
    assert "The tag is signed." in hermes("skills", "log", "deploy").stdout
    patch = hermes("skills", "diff", "deploy").stdout
    assert "-2. Push the tag." in patch and "+2. Push the signed tag." in patch
    back = json.loads(hermes("skills", "diff", "deploy", "v2", "1", "--json").stdout)
    assert (back["from"], back["to"], "+2. Push the tag." in back["diff"]) == (2, 1, True)
    missing = hermes("skills", "diff", "deploy", "7")
    assert (missing.returncode, "`hermes skills log deploy`" in missing.stderr) == (5, True)
    assert hermes("skills", "log", "nothing").returncode == 5


def test_an_earlier_version_comes_back(hermes, deploy):
    before = deploy.read_text()
    hermes("skills", "edit", "deploy", "--from", "-", input=before.replace("tests", "checks"))
    assert hermes("skills", "restore", "deploy").returncode == 0
    assert deploy.read_text() == before
    assert hermes("skills", "restore", "deploy", "--at", "2").returncode == 0
    assert "checks" in deploy.read_text()


def test_a_pin_is_metadata_that_every_other_byte_stands_beside(hermes, deploy):
    before = deploy.read_text()
    assert hermes("skills", "pin", "deploy").returncode == 0
    assert deploy.read_text() == before.replace("ship.\n", 'ship.\nmetadata:\n  hermes-pinned: "true"\n', 1)
    assert validate(deploy.parent) == []
    assert "[pinned]" in hermes("skills", "list").stdout
    assert hermes("skills", "pin", "deploy").returncode == 4
    assert hermes("skills", "unpin", "deploy").returncode == 0
    assert deploy.read_text() == before


def test_an_archived_skill_is_neither_listed_nor_found_and_comes_back(hermes, deploy):
    assert hermes("skills", "archive", "deploy", "--why", "The site is gone.").returncode == 0
    listed = hermes("skills", "list").stdout
    assert "1 archived" in listed and "No skills yet" not in listed
    assert json.loads(hermes("skills", "search", "deploy", "--json").stdout) == []
    assert hermes("skills", "restore", "deploy").returncode == 0
    assert [row["name"] for row in json.loads(hermes("skills", "list", "--json").stdout)] == ["deploy"]


def test_a_removed_skill_is_gone_with_its_files_and_comes_back(hermes, deploy, mind):
    (deploy.parent / "references").mkdir()
    (deploy.parent / "references/hosts.md").write_text("db2\n")
    assert hermes("skills", "remove", "deploy").returncode == 4, "nobody said yes"
    assert hermes("skills", "remove", "deploy", "nothing", "--yes").returncode == 5
    assert deploy.exists()
    assert hermes("skills", "remove", "deploy", "--yes").returncode == 0
    assert not deploy.parent.exists()
    assert git(mind, "status", "--porcelain") == ""
    assert hermes("skills", "restore", "deploy").returncode == 0
    assert (deploy.parent / "references/hosts.md").read_text() == "db2\n"


def test_what_lies_elsewhere_is_not_changed(hermes, deploy, tmp_path):
    folder = tmp_path / "home/.agents/skills/theirs"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(f"---\nname: theirs\ndescription: Does.\n---\n{STEPS}")
    home = {**os.environ, "HOME": str(tmp_path / "home")}
    for words in (("pin",), ("archive",), ("remove", "--yes"), ("edit", "--from", "-")):
        done = hermes("skills", words[0], "theirs", *words[1:], env=home, input="x")
        assert (done.returncode, "no part of the mind" in done.stderr) == (4, True), done.stderr


def at_a_terminal(mind: Path, editor: Path, *words: str) -> pexpect.spawn:
    env = {**os.environ, "EDITOR": str(editor), "TERM": "dumb"}
    env.pop("VISUAL", None)
    command = ["-m", "hermes_fs", "-w", str(mind), "skills", *words]
    return pexpect.spawn(sys.executable, command, env=env, cwd=str(ROOT), encoding="utf-8", timeout=60)


def test_a_person_writes_one_in_their_editor_and_loses_nothing_that_is_refused(mind, tmp_path):
    trust(mind)
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/What it does. Use when .*/Bakes bread. Use to bake./' \"$1\"\n")
    editor.chmod(0o755)
    child = at_a_terminal(mind, editor, "new", "bake-bread")
    child.expect(pexpect.EOF)
    assert "skill bake-bread: add" in child.before
    assert "Bakes bread. Use to bake." in (mind / "skills/bake-bread/SKILL.md").read_text()
    editor.write_text("#!/bin/sh\necho 'nothing but words' > \"$1\"\n")
    child = at_a_terminal(mind, editor, "edit", "bake-bread")
    child.expect(r"your text is in (\S+SKILL\.md)")
    assert Path(child.match[1]).read_text() == "nothing but words\n"
    child.expect(pexpect.EOF)
    assert validate(mind / "skills/bake-bread") == []
