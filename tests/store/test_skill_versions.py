"""A skill's versions are the changes of its tree, and a version is called worse only where that is credible."""

from __future__ import annotations

from datetime import UTC, datetime

from hermes_fs.core.types import Change
from hermes_fs.store import skill_versions
from hermes_fs.store.formats import skill
from hermes_fs.store.outcomes import Result, Task
from hermes_fs.store.skill_versions import Score
from hermes_fs.store.workspace import Workspace
from tests.store import admitting
from tests.store.test_history import AGENT, workspace  # noqa: F401 - a fixture

PATH = "skills/deploy/SKILL.md"


def learn(workspace: Workspace, path: str, text: str | None) -> None:  # noqa: F811
    data = text.encode() if text is not None else None
    admitting.commit(workspace, Change({path: data}, "skill", "because", AGENT))


def test_each_change_of_the_tree_is_a_version(workspace: Workspace) -> None:  # noqa: F811
    first = skill.create("deploy", "Deploys. Use when deploying.", "Step one.\n")
    learn(workspace, PATH, first)
    learn(workspace, "skills/other/SKILL.md", skill.create("other", "Other. Use otherwise.", "One.\n"))
    learn(workspace, "skills/deploy/references/hosts.md", "db2\n")
    learn(workspace, "skills/deploy/references/hosts.md", None)
    found = skill_versions.versions(workspace.git, "deploy")
    assert [one.number for one in found] == [1, 2, 3]
    assert found[0].tree == found[2].tree != found[1].tree
    assert found[-1].tree == workspace.git.tree_at("HEAD", "skills/deploy")
    assert skill_versions.versions(workspace.git, "never") == []


def tasks(good: int, bad: int) -> list[Task]:
    when = datetime(2026, 1, 31, tzinfo=UTC)
    results: list[Result] = ["success"] * good + ["failure"] * bad
    return [Task("s", str(n), when, "m", (), 1, 0, 100 * n, result, "ended") for n, result in enumerate(results)]


def score(good: int, bad: int) -> Score:
    return skill_versions.score(tasks(good, bad))


def test_worse_needs_eight_uses_and_credibility() -> None:
    assert not skill_versions.is_worse(score(0, 7), score(20, 0))
    assert skill_versions.is_worse(score(1, 7), score(20, 0))
    assert not skill_versions.is_worse(score(6, 2), score(7, 1))
    assert not skill_versions.is_worse(score(8, 0), score(0, 0))


def test_a_score_names_its_interval_and_the_median_of_tokens() -> None:
    made = score(3, 1)
    assert (made.uses, made.rate, made.tokens) == (4, 0.75, 150)
    assert made.low < 0.75 < made.high
