"""The gate at the command line: a refusal, a person's word against it, and the tests of a skill."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Provenance, Verdict
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace
from tests.cli.conftest import Run, git, trust

SKILL = "---\nname: sort\ndescription: Sorts the lines of a file.\n---\n# Sort\n\n1. Say `sort -u FILE`.\n"
AGENT = Provenance("agent", "user", "owner", "s1", "", "some-model")


@pytest.fixture
def waiting(mind: Path) -> str:
    """The id of a proposal that the gate refused: a test of it fails."""
    put(mind, "skills/sort/SKILL.md", SKILL)
    files: dict[str, bytes | None] = {"skills/sort/tests/fails.sh": b"echo it is not sorted; exit 1\n"}
    with Workspace.open(mind) as workspace:
        change = Change(files, "skill", "to know", AGENT)
        return Proposals(workspace).keep(change, Verdict("", False, ("the test tests/fails.sh fails",))).id


def put(mind: Path, path: str, text: str) -> None:
    (mind / path).parent.mkdir(parents=True, exist_ok=True)
    (mind / path).write_text(text)
    git(mind, "add", "-A")
    git(mind, "commit", "-qm", path)
    trust(mind)


def test_what_the_gate_refused_is_shown_as_such(hermes: Run, waiting: str) -> None:
    listed = json.loads(hermes("review", "list", "--json").stdout)
    assert [one["because"] for one in listed] == ["the gate refused it: the test tests/fails.sh fails"]
    assert "the gate refused it" in hermes("review", "show", waiting).stdout


@pytest.mark.slow
def test_accepting_tries_again_says_the_refusal_and_takes_a_reason_against_it(
    hermes: Run, mind: Path, waiting: str
) -> None:
    head = git(mind, "rev-parse", "main")
    refused = hermes("review", "accept", waiting)
    assert refused.returncode == 4
    assert "the test tests/fails.sh fails: it is not sorted" in refused.stderr
    assert f'hermes review accept {waiting} --override "WHY"' in refused.stderr
    assert git(mind, "rev-parse", "main") == head
    assert hermes("review", "accept", "--all", "--yes", "--override", "x").returncode == 2
    done = hermes("review", "accept", waiting, "--override", "the sorting is mended tomorrow")
    assert done.returncode == 0 and "Accepted" in done.stdout
    shown = hermes("show", "last").stdout
    assert "approved by owner against the gate" in shown and "the sorting is mended tomorrow" in shown
    assert hermes("review", "list", "--json").stdout == "[]\n"


@pytest.mark.slow
def test_tests_of_skills_are_run_and_told(hermes: Run, mind: Path) -> None:
    assert "No skill has tests" in hermes("skills", "test").stdout
    put(mind, "skills/sort/SKILL.md", SKILL)
    put(mind, "skills/sort/tests/good.sh", "test -f SKILL.md\n")
    put(mind, "skills/bare/SKILL.md", SKILL.replace("sort", "bare", 1))
    good = hermes("skills", "test")
    assert good.returncode == 0 and "tests/good.sh" in good.stdout and "bare" not in good.stdout
    (mind / "skills/sort/tests/test_bad.py").write_text("def test_bad():\n    assert 'one' == '\\x1b[31mtwo'\n")
    bad = hermes("skills", "test", "sort")
    assert bad.returncode == 1 and "1 of 2 passed" in bad.stdout and "assert 'one'" in bad.stdout
    assert "\x1b" not in bad.stdout
    [told] = json.loads(hermes("skills", "test", "--json").stdout)
    assert (told["name"], told["passed"], told["ran"]) == ("sort", False, True)
    assert [(one["name"], one["passed"]) for one in told["tests"]] == [
        ("tests/good.sh", True),
        ("tests/test_bad.py::test_bad", False),
    ]
    assert hermes("skills", "test", "nothing").returncode == 5
    assert hermes("skills", "test", "bare").returncode == 0


def test_tests_that_nobody_trusts_are_not_run(hermes: Run, mind: Path) -> None:
    put(mind, "skills/sort/SKILL.md", SKILL)
    put(mind, "skills/sort/tests/good.sh", "true\n")
    assert hermes("trust", "revoke", "skill:sort").returncode == 0
    done = hermes("skills", "test", "sort", env=dict(os.environ))
    assert done.returncode == 1 and "waits for trust" in done.stdout
