"""The audit counts what transcripts and git hold, writes it down, and proposes; nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hermes_fs.agent import audit, worse
from hermes_fs.agent.audit import contradictions
from hermes_fs.agent.learner import Bench
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.core.types import Change
from hermes_fs.store.errands import Errand, Errands
from hermes_fs.store.formats import entries, skill
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace
from tests.store import admitting
from tests.store.test_history import AGENT, workspace  # noqa: F401 - a fixture
from tests.store.test_outcomes import ASKED, CALL, write


class LaterClock(SystemClock):
    """The system's, so many days on."""

    days = 0

    def now(self) -> Any:
        return super().now() + timedelta(days=self.days)


@pytest.fixture
def bench(workspace: Workspace) -> Iterator[Bench]:  # noqa: F811
    clock = LaterClock()
    made = SimpleNamespace(workspace=workspace, clock=clock, proposals=Proposals(workspace))
    yield cast(Bench, made)


def learn(workspace: Workspace, name: str, body: str, about: str = "") -> str:  # noqa: F811
    text = skill.create(name, about or f"Does {name}. Use when {name} is wanted.", body)
    admitting.commit(workspace, Change({f"skills/{name}/SKILL.md": text.encode()}, "skill", "because", AGENT))
    return workspace.git.tree_at("HEAD", f"skills/{name}")


def tasks(root: Path, prefix: str, name: str, tree: str, results: list[str]) -> None:
    for number, result in enumerate(results):
        session = f"{prefix}{number}"
        used = ("skill_used", {"name": name, "tree": tree})
        told = ("outcome", {"task": f"{session}-0", "result": result, "why": "feedback", "note": ""})
        write(root, session, ASKED, used, CALL, told)


def test_a_version_that_does_worse_is_proposed_for_reverting_with_its_figures(bench: Bench) -> None:
    mind = bench.workspace
    first = learn(mind, "deploy", "Build, test, push.\n")
    second = learn(mind, "deploy", "Push at once.\n")
    tasks(mind.root, "a", "deploy", first, ["success"] * 10)
    tasks(mind.root, "b", "deploy", second, ["failure"] * 7 + ["success"])
    done = audit.run(Errand("audit"), bench)
    [one] = Review(mind).waiting()
    assert "v2: 1 of 8 tasks went well (12%" in one.why
    assert "v1: 10 of 10 tasks went well (100%" in one.why
    assert done.told[0].endswith("1 to review: hermes review · hermes audit")
    assert mind.git.tree_at("HEAD", "skills/deploy") == second  # until somebody says yes
    Review(mind).accept(one.id, "owner")
    assert mind.git.tree_at("HEAD", "skills/deploy") == first
    [path] = (mind.root / "audits").glob("*.md")
    text = path.read_text()
    assert "61% went well" in text
    assert "| deploy | v2 | 8 | 12% ▼ |" in text
    assert "of 18" in text  # the chart's one week


def test_a_worse_version_is_proposed_for_reverting_as_soon_as_outcomes_say_so_and_once(bench: Bench) -> None:
    mind = bench.workspace
    first = learn(mind, "deploy", "Build, test, push.\n")
    second = learn(mind, "deploy", "Push at once.\n")
    learn(mind, "greet", "Say hello politely.\n")
    tasks(mind.root, "a", "deploy", first, ["success"] * 10)
    tasks(mind.root, "b", "deploy", second, ["failure"] * 7)
    assert worse.propose(mind, Policy()) == []
    tasks(mind.root, "c", "deploy", second, ["failure"])
    [one] = worse.propose(mind, Policy())
    assert one.why.startswith("Back to v1 of deploy. v2: 0 of 8 tasks went well (0%, 95 % interval 0% to ")
    assert "; v1: 10 of 10 tasks went well (100%" in one.why
    assert mind.git.tree_at("HEAD", "skills/deploy") == second
    tasks(mind.root, "d", "deploy", second, ["failure"])
    assert worse.propose(mind, Policy()) == []
    audit.run(Errand("audit"), bench)
    assert [other.id for other in Review(mind).waiting()] == [one.id]
    Review(mind).reject(one.id, "owner", "it was the network")
    assert worse.propose(mind, Policy()) == [] and Review(mind).waiting() == []


def test_what_a_person_pinned_or_took_back_already_is_not_proposed(bench: Bench) -> None:
    mind = bench.workspace
    first = learn(mind, "deploy", "Build, test, push.\n")
    second = learn(mind, "deploy", "Push at once.\n")
    tasks(mind.root, "a", "deploy", first, ["success"] * 10)
    tasks(mind.root, "b", "deploy", second, ["failure"] * 8)
    text = mind.read("skills/deploy/SKILL.md").text
    pinned = {"skills/deploy/SKILL.md": skill.set_mark(text, "deploy", skill.PINNED, "true").encode()}
    admitting.commit(mind, Change(dict(pinned), "skill", "", AGENT))
    assert worse.propose(mind, Policy()) == []
    learn(mind, "deploy", "Build, test, push.\n")
    assert worse.propose(mind, Policy()) == []


def test_few_uses_prove_nothing(bench: Bench) -> None:
    mind = bench.workspace
    first, second = learn(mind, "deploy", "Build, test, push.\n"), learn(mind, "deploy", "Push at once.\n")
    tasks(mind.root, "a", "deploy", first, ["success"] * 10)
    tasks(mind.root, "b", "deploy", second, ["failure"] * 7)
    audit.run(Errand("audit"), bench)
    assert Review(mind).waiting() == []


def test_what_is_not_used_is_said_to_be_stale_and_then_proposed_for_archiving(bench: Bench) -> None:
    mind = bench.workspace
    learn(mind, "deploy", "Build, test, push.\n")
    text = skill.set_mark(mind.read("skills/deploy/SKILL.md").text, "deploy", skill.PINNED, "true")
    learn(mind, "greet", "Say hello politely.\n")
    admitting.commit(mind, Change({"skills/deploy/SKILL.md": text.encode()}, "skill", "", AGENT))
    cast(LaterClock, bench.clock).days = 31
    audit.run(Errand("audit"), bench)
    assert Review(mind).waiting() == []
    report = max((mind.root / "audits").glob("*.md")).read_text()
    assert "**greet** is stale" in report
    cast(LaterClock, bench.clock).days = 91
    audit.run(Errand("audit"), bench)
    [one] = Review(mind).waiting()  # the pinned one is left alone
    assert one.paths == ("skills/greet/SKILL.md",)
    Review(mind).accept(one.id, "owner")
    assert skill.marks((mind.root / "skills/greet/SKILL.md").read_bytes()) == (True, False)
    audit.run(Errand("audit"), bench)
    assert Review(mind).waiting() == []


def test_of_twins_the_one_of_less_use_is_proposed_for_archiving(bench: Bench) -> None:
    mind = bench.workspace
    body = "\n".join(
        f"Step {n}: look at part {n} of the report and write down what it says of costs." for n in range(9)
    )
    about = "Reads cost reports and writes down the sums. Use when somebody asks what a month did cost."
    used = learn(mind, "read-cost-report", body, about)
    learn(mind, "read-cost-reports", body, about)
    tasks(mind.root, "a", "read-cost-report", used, ["success"])
    audit.run(Errand("audit"), bench)
    [one] = Review(mind).waiting()
    assert one.paths == ("skills/read-cost-reports/SKILL.md",)


def test_an_audit_is_due_after_so_many_tasks_and_once(bench: Bench, tmp_path: Path) -> None:
    mind = bench.workspace
    learn(mind, "deploy", "Build.\n")
    tasks(mind.root, "a", "deploy", "x", ["success"] * 3)
    assert audit.is_due(mind, 3)
    assert not audit.is_due(mind, 4)
    assert not audit.is_due(mind, 0)
    errands = Errands(tmp_path / "state", SystemClock(), Ulids(SystemClock()))
    (tmp_path / "state").mkdir()
    audit.order_if_due(mind, errands, 3)
    audit.order_if_due(mind, errands, 3)
    assert [errand.kind for errand in errands.waiting()] == ["audit"]
    audit.run(Errand("audit"), bench)
    assert not audit.is_due(mind, 3)  # those tasks are of January


def test_one_that_was_killed_after_its_report_writes_no_second(bench: Bench) -> None:
    mind = bench.workspace
    learn(mind, "deploy", "Build.\n")
    begun = Errand("audit", started=Ulids(SystemClock())())
    audit.run(begun, bench)
    assert audit.run(begun, bench).told == ()
    assert len(list((mind.root / "audits").glob("*.md"))) == 1


def test_what_the_last_report_says_already_is_not_written_again(bench: Bench) -> None:
    mind = bench.workspace
    tree = learn(mind, "deploy", "Build.\n")
    tasks(mind.root, "a", "deploy", tree, ["success"] * 3)

    def reports() -> int:
        audit.run(Errand("audit"), bench)
        return len(list((mind.root / "audits").glob("*.md")))

    assert [reports(), reports()] == [1, 1]
    cast(LaterClock, bench.clock).days = 40  # now it is stale
    assert [reports(), reports()] == [2, 2]
    cast(LaterClock, bench.clock).days = 41
    assert reports() == 2
    [first] = (mind.root / "sessions").rglob("a0.jsonl")
    first.unlink()
    tasks(mind.root, "a", "deploy", tree, ["failure"])  # the first is called bad afterwards
    assert reports() == 3


def test_what_a_person_said_no_to_is_not_proposed_again(bench: Bench) -> None:
    mind = bench.workspace
    learn(mind, "greet", "Say hello politely.\n")
    cast(LaterClock, bench.clock).days = 95
    audit.run(Errand("audit"), bench)
    [one] = Review(mind).waiting()
    Review(mind).reject(one.id, "owner", "I need it in spring")
    audit.run(Errand("audit"), bench)
    assert Review(mind).waiting() == []


def test_entries_that_say_the_same_of_different_things_are_named() -> None:
    text = (
        "- The staging server is db2.internal <!-- aaaaaa -->\n- The staging server is db7.internal <!-- bbbbbb -->\n"
        "- Likes tea <!-- cccccc -->\n- The printer is on the second floor <!-- dddddd -->\n"
    )
    [line] = contradictions(entries.entries(text))
    assert "`aaaaaa` and `bbbbbb`" in line
