"""The gate runs a new version: its own tests, those of the version before, its evals. What fails does not count."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.agent.gate import Scores, SkillGate
from hermes_fs.agent.trial import Trials
from hermes_fs.core.types import Provenance
from hermes_fs.store.candidate import Files
from hermes_fs.store.policy import Policy, Ungated
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.refusals import Refusals
from hermes_fs.store.workspace import Workspace
from tests.agent.gate_world import AGENT, NAME, PROGRAM, SKILL, TEST, edit, gate_in, make_mind

WRONG = PROGRAM.replace("'500'", "'600'")
EASY = "def test_nothing():\n    pass\n"
MORE = SKILL + "\n## Also\n\nThe same for `access.log.1`.\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(make_mind(tmp_path / "mind")) as workspace:
        yield workspace


def test_one_whose_own_test_fails_is_refused(workspace: Workspace) -> None:
    verdict = gate_in(workspace)(edit({"scripts/count.py": WRONG}))
    assert verdict is not None and not verdict.passed
    assert verdict.reasons == ("the test tests/test_count.py::test_errors fails: AssertionError: assert 0 == 1",)


@pytest.mark.slow
@pytest.mark.parametrize("tests", [{"tests/test_count.py": EASY}, {"tests/test_count.py": None}])
def test_one_that_brings_easier_tests_is_held_to_the_old_ones(
    workspace: Workspace, tests: dict[str, str | None]
) -> None:
    head = workspace.head()
    with pytest.raises(Ungated) as refused:
        Proposals(workspace, gate=gate_in(workspace)).submit(edit({"scripts/count.py": WRONG, **tests}))
    [reason] = refused.value.verdict.reasons
    assert reason.startswith("a test of the version before it tests/test_count.py::test_errors fails")
    assert workspace.head() == head


@pytest.mark.slow
def test_an_old_test_that_failed_before_is_not_held_against_it(tmp_path: Path) -> None:
    root = make_mind(tmp_path / "mind", **{f"{NAME}/tests/test_more.py": "def test_wrong():\n    assert False\n"})
    with Workspace.open(root) as workspace:
        verdict = gate_in(workspace)(edit({"tests/test_more.py": None}))
        assert verdict is not None and verdict.passed and verdict.tested == 1


@pytest.mark.slow
def test_a_test_may_change_where_the_program_still_does_what_the_old_one_asked(workspace: Workspace) -> None:
    more = TEST + "\n\ndef test_none():\n    assert count([]) == 0\n"
    verdict = gate_in(workspace)(edit({"tests/test_count.py": more}))
    assert verdict is not None and verdict.passed and verdict.tested == 2


@pytest.mark.slow
def test_going_back_to_a_version_that_main_had_is_not_held_to_what_came_after(workspace: Workspace) -> None:
    proposals = Proposals(workspace, gate=gate_in(workspace))
    longer = SKILL + "".join(
        f"\n## Case {number}\n\nWhat differs in case {number}: all of it.\n" for number in range(40)
    )
    proposals.submit(edit({"SKILL.md": longer}))
    proposals.submit(edit({"SKILL.md": longer + "\n## Stars\n\nCount `*` as well.\n"}))
    shorter = SKILL.replace("3. Say", "3. Do say")
    verdict = gate_in(workspace)(edit({"SKILL.md": shorter}))
    assert verdict is not None and "drops most of its instructions" in verdict.reasons[0]
    verdict = gate_in(workspace)(edit({"SKILL.md": SKILL}))
    assert verdict is not None and verdict.passed


def test_where_nothing_isolates_what_has_programs_is_refused_and_words_pass(workspace: Workspace) -> None:
    gate = SkillGate(
        workspace, Trials(workspace.state_dir, {}, wanted="local"), Refusals(workspace.state_dir, workspace.locked)
    )
    verdict = gate(edit({"SKILL.md": MORE}))
    assert verdict is not None and not verdict.passed and "were not run" in verdict.reasons[0]
    assert Refusals(workspace.state_dir, workspace.locked).all() == [], "another day it can be tried"
    words = "---\nname: rename\ndescription: Renames many files at once.\n---\n# Rename\n\nUse `rename -n` first.\n"
    verdict = gate(edit({"SKILL.md": words}, "skills/rename"))
    assert verdict is not None and verdict.passed


def test_files_that_nobody_trusts_are_not_run(workspace: Workspace) -> None:
    workspace.trust.revoke(["skill:parse-logs"])
    verdict = gate_in(workspace)(edit({"SKILL.md": MORE}))
    assert verdict is not None and not verdict.passed and "hermes trust show skill:parse-logs" in verdict.reasons[0]


SCORES = [
    ("better", Scores(0.2, 0.5, 0.8, 10, 9), ""),
    ("no better", Scores(0.2, 0.8, 0.8, 10, 9), "no better than before (0.80 -> 0.80, n=10)"),
    ("worse", Scores(0.2, 0.8, 0.5, 10, 9), "no better than before (0.80 -> 0.50, n=10)"),
    ("no better than none", Scores(0.9, 0.5, 0.9, 10, 9), "no better than without the skill (0.90 -> 0.90, n=10)"),
    ("never used", Scores(0.2, 0.5, 0.8, 10, 0), "used in none of its evals"),
    ("new", Scores(0.2, None, 0.8, 10, 9), ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "scores", "reason"), SCORES, ids=[what for what, *_ in SCORES])
def test_evals_must_go_strictly_better_and_by_the_skill(
    workspace: Workspace, what: str, scores: Scores, reason: str
) -> None:
    asked = []

    def evaluate(name: str, incumbent: str, files: Files) -> Scores:
        asked.append((name, incumbent, files["SKILL.md"].data.decode()))
        return scores

    gate = gate_in(workspace, evaluate)
    words = "---\nname: rename\ndescription: Renames many files at once.\n---\n# Rename\n\nUse `rename -n` first.\n"
    verdict = gate(edit({"SKILL.md": words, "evals/one.yaml": "task: x\nchecks:\n- file: a\n"}, "skills/rename"))
    assert asked == [("rename", "", words)]
    assert verdict is not None and verdict.passed == (not reason), verdict
    assert reason in "".join(verdict.reasons)
    assert f"-> {scores.candidate:.2f} (n=10)" in verdict.scores


@pytest.mark.slow
def test_evals_are_not_replayed_where_nothing_changed_that_they_could_show(workspace: Workspace) -> None:
    def evaluate(name: str, incumbent: str, files: Files) -> Scores:
        raise AssertionError

    verdict = gate_in(workspace, evaluate)(edit({"evals/one.yaml": "task: x\nchecks:\n- file: a\n"}))
    assert verdict is not None and verdict.passed


REFLECTION = dataclasses.replace(AGENT, trigger="reflection")
WORDS = "---\nname: rename\ndescription: Renames many files at once.\n---\n# Rename\n\nUse `rename -n` first.\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "provenance", "objection"),
    [
        ({"SKILL.md": WORDS}, AGENT, ""),
        ({"SKILL.md": WORDS}, REFLECTION, "no test or eval that passes"),
        ({"SKILL.md": WORDS, "tests/test_a.py": EASY}, REFLECTION, "it keeps a program"),
    ],
)
def test_what_passes_still_waits_where_the_policy_says_so(
    workspace: Workspace, files: dict[str, str | None], provenance: Provenance, objection: str
) -> None:
    change = edit(files, "skills/rename", provenance)
    change = dataclasses.replace(change, expect={"skills/rename/SKILL.md": ""})
    change = dataclasses.replace(change, verdict=gate_in(workspace)(change))
    assert objection in Policy().objection(change)
    if "tests/test_a.py" in files:
        assert Policy(programs="auto").objection(change) == ""
