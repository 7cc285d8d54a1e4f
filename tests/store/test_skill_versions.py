"""A skill's versions are the changes of its tree, and a version is called worse only where that is credible."""

from __future__ import annotations

from datetime import UTC, datetime

from hermes_fs.core.types import Change
from hermes_fs.store import skill_versions
from hermes_fs.store.formats import skill
from hermes_fs.store.outcomes import Result, Task, by_version
from hermes_fs.store.skill_versions import Score
from hermes_fs.store.workspace import Workspace
from tests.store import admitting
from tests.store.git_shell import sh
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


FIRST = skill.create("deploy", "Deploys. Use when deploying.", "Step one.\n")
PINNED = skill.set_mark(FIRST, "deploy", skill.PINNED, "true")
ODD = "---\ndescription: 'Deploys: by hand'\nversion: 3 # ours\n---\n\n\nStep one.\n"


def figures(workspace: Workspace, *trees: str) -> list[tuple[int, int | None]]:  # noqa: F811
    """(uses, the number of the version before) of each version of deploy, where a task used each of these trees."""
    when = datetime(2026, 1, 31, tzinfo=UTC)
    done = by_version(
        [Task("s", str(n), when, "m", (("deploy", tree),), 1, 0, 0, "success", "ended") for n, tree in enumerate(trees)]
    )
    known = skill_versions.versions(workspace.git, "deploy")
    found = skill_versions.uses(workspace.git, "deploy", known, done)
    return [(use.score.uses, use.before.version.number if use.before else None) for use in found]


def now(workspace: Workspace) -> str:  # noqa: F811
    return workspace.git.tree_at("HEAD", "skills/deploy")


def test_versions_that_differ_by_our_marks_alone_share_their_record(workspace: Workspace) -> None:  # noqa: F811
    used = []
    for text in (FIRST, FIRST.replace("one", "two"), PINNED.replace("one", "two"), PINNED):
        learn(workspace, PATH, text)
        used.append(now(workspace))
    assert len(set(used)) == 4
    assert figures(workspace, *used, used[0]) == [(3, None), (2, 1), (2, 1), (3, 3)]


def test_another_description_key_or_file_is_another_version(workspace: Workspace) -> None:  # noqa: F811
    used = []
    theirs = skill.set_mark(FIRST, "deploy", "author", "somebody")
    for path, text in (
        (PATH, FIRST),
        (PATH, skill.set_description(FIRST, "deploy", "Deploys by night.")),
        (PATH, theirs),
        ("skills/deploy/references/hosts.md", "db2\n"),
    ):
        learn(workspace, path, text)
        used.append(now(workspace))
    assert figures(workspace, *used) == [(1, None), (1, 1), (1, 2), (1, 3)]


def test_an_eval_measures_a_skill_and_ends_no_record(workspace: Workspace) -> None:  # noqa: F811
    used = []
    for path, text in ((PATH, FIRST), ("skills/deploy/evals/one.yaml", "task: x\nchecks:\n- file: out\n")):
        learn(workspace, path, text)
        used.append(now(workspace))
    assert len(set(used)) == 2
    assert figures(workspace, *used) == [(2, None), (2, None)]


def test_a_mark_in_a_skill_that_others_wrote_in_their_way_ends_no_record(workspace: Workspace) -> None:  # noqa: F811
    place = workspace.root / PATH
    place.parent.mkdir(parents=True)
    place.write_text(ODD)
    workspace.commit_pending()
    used = [now(workspace)]
    learn(workspace, PATH, skill.set_mark(ODD, "deploy", skill.STATUS, "archived"))
    assert figures(workspace, *used, now(workspace)) == [(2, None), (2, None)]


def test_a_skill_that_was_away_is_compared_with_what_it_was(workspace: Workspace) -> None:  # noqa: F811
    learn(workspace, PATH, FIRST)
    learn(workspace, PATH, None)
    learn(workspace, PATH, FIRST.replace("one", "two"))
    assert figures(workspace, now(workspace)) == [(0, None), (0, 1), (1, 1)]


def test_a_task_that_read_a_skill_before_and_after_a_pin_used_it_once(workspace: Workspace) -> None:  # noqa: F811
    used = []
    for text in (FIRST, PINNED):
        learn(workspace, PATH, text)
        used.append(("deploy", now(workspace)))
    when = datetime(2026, 1, 31, tzinfo=UTC)
    done = by_version([Task("s", "t", when, "m", tuple(used), 1, 0, 0, "success", "ended")])
    known = skill_versions.versions(workspace.git, "deploy")
    assert [len(use.tasks) for use in skill_versions.uses(workspace.git, "deploy", known, done)] == [1, 1]


def test_one_walk_finds_what_a_walk_for_each_skill_finds_merges_included(workspace: Workspace) -> None:  # noqa: F811
    git = workspace.git
    learn(workspace, PATH, FIRST)
    learn(workspace, "skills/other/SKILL.md", skill.create("other", "Other. Use otherwise.", "One.\n"))
    start, trees = git.resolve("HEAD"), []
    for word in ("two", "three", "both"):
        learn(workspace, PATH, FIRST.replace("one", word))
        trees.append(git.resolve("HEAD^{tree}"))

    def commit(tree: str, *parents: str) -> str:
        named = [word for parent in parents for word in ("-p", parent)]
        return sh(workspace.root, "git", "commit-tree", tree, *named, "-m", "lesson").strip()

    merged = commit(trees[2], commit(trees[0], start), commit(trees[1], start))
    sh(workspace.root, "git", "update-ref", "refs/heads/main", merged)
    every = skill_versions.versions_of_all(git)
    assert every == {name: skill_versions.versions(git, name) for name in ("deploy", "other")}
    assert every["deploy"][-1].tree == now(workspace)
