"""Every command that changes a skill goes through the gate, and says what stands against it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.init import init
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.openai_server import OpenAIServer
from tests.cli.conftest import Run, git, trust

SKILL = "---\nname: sort\ndescription: Sorts the lines of a file.\n---\n# Sort\n\n1. Say `sort FILE`.\n"
FAILS = "echo it is not sorted; exit 1\n"
CASE = "task: Sort a.txt.\nfiles:\n  a.txt: |\n    b\n    a\nchecks:\n- file: a.txt\n  equals: |\n    a\n    b\n"
WRONG = "task: Sort a.txt.\nchecks:\n- file: a.txt\n  equals: a\n- file: ../b.txt\n  equals: a\n"
AGENT = Provenance("agent", "user", "owner", "s1", "", "some-model")

pytestmark = pytest.mark.slow


@pytest.fixture
def mind(tmp_path: Path) -> Path:
    """This machine's own, with one skill that a person committed by git."""
    init(tmp_path / "mind")[0].close()
    put(tmp_path / "mind", "SKILL.md", SKILL)
    return tmp_path / "mind"


def put(mind: Path, path: str, text: str) -> None:
    place = mind / "skills/sort" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    git(mind, "add", "-A")
    git(mind, "commit", "-qm", path)
    trust(mind)


def proposed(mind: Path) -> str:
    change = Change({"skills/sort/SKILL.md": SKILL.replace("FILE", "-u FILE").encode()}, "skill", "to know", AGENT)
    with Workspace.open(mind) as workspace:
        return Proposals(workspace).propose(change, "look at it").id


def test_a_version_that_is_brought_back_is_tried_and_a_reason_overrides(hermes: Run, mind: Path) -> None:
    put(mind, "tests/fails.sh", FAILS)
    put(mind, "tests/fails.sh", "true\n")
    for command in (("skills", "restore", "sort"), ("restore", "skills/sort")):
        refused = hermes(*command)
        assert refused.returncode == 4 and "tests/fails.sh fails" in refused.stderr, refused.stderr
        assert "--override" in refused.stderr
    assert (mind / "skills/sort/tests/fails.sh").read_text() == "true\n"
    done = hermes("skills", "restore", "sort", "--override", "to see it fail")
    assert done.returncode == 0, done.stderr
    shown = hermes("show", "last").stdout
    assert "against the gate" in shown and "Hermes <" not in shown.partition("\nwhen")[0]
    pinned = hermes("skills", "pin", "sort")  # its tests fail: a mark needs none of them
    assert pinned.returncode == 0, pinned.stderr
    assert hermes("undo", "--yes").returncode == 0  # what main had comes back untried


def test_a_case_that_cannot_be_read_is_named_with_its_line_and_kept_out(hermes: Run, mind: Path) -> None:
    edited = hermes("skills", "edit", "sort", "--file", "evals/wrong.yaml", "--from", "-", input=WRONG)
    assert edited.returncode == 4
    assert "skills/sort/evals/wrong.yaml: line 5: '../b.txt' is no path inside" in edited.stderr
    assert hermes("skills", "validate").returncode == 0
    put(mind, "evals/wrong.yaml", WRONG)
    put(mind, "evals/worse.yml", "task: x\n  checks: [\n")
    put(mind, "evals/fine.yaml", CASE)
    done = hermes("skills", "validate", "--json")
    assert done.returncode == 1
    [row] = json.loads(done.stdout)
    first, second = row["problems"]
    assert first.startswith("evals/worse.yml: line 2: ") and first.endswith("docs/evals.md)")
    assert second.startswith("evals/wrong.yaml: line 5: ") and "see docs/evals.md" in second


def test_accepting_replays_the_evals_and_shows_how_far_it_is(hermes: Run, mind: Path) -> None:
    put(mind, "evals/sorts.yaml", CASE)
    id = proposed(mind)
    with OpenAIServer(reply="I would sort it.") as server:
        own = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k", "NO_PROXY": "127.0.0.1"}
        done = hermes("review", "accept", id, env={**os.environ, **own})
    assert done.returncode == 4
    assert "its evals are replayed" in done.stderr
    assert "(0.00 -> 0.00, n=1)" in done.stderr and "--override" in done.stderr


def test_where_no_model_answers_that_is_said_and_the_rest_of_the_gate_holds(hermes: Run, mind: Path) -> None:
    put(mind, "evals/sorts.yaml", CASE)
    own = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "k", "NO_PROXY": "127.0.0.1"}
    done = hermes("review", "accept", proposed(mind), env={**os.environ, **own})
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("note: its evals were not replayed: ") == 1
