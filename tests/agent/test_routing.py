"""With many skills the prompt stays short and the same, and the right skill comes with the message."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.agent.mind import MindView
from hermes_fs.agent.offer import AGAIN
from hermes_fs.agent.prompt import Profile
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.config import Config
from hermes_fs.core.tokens import estimate
from hermes_fs.store import skill_places
from hermes_fs.store.fitting import fitting
from hermes_fs.store.index import Index
from hermes_fs.store.init import init
from hermes_fs.store.skill_places import Place
from hermes_fs.store.workspace import Workspace
from tests.agent import skill_world

FOUND = 0.9


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("many")
    (root / "state").mkdir()
    skill_world.write(root)
    yield root


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made, _ = init(tmp_path / "mind")
    with made:
        yield made


def view(workspace: Workspace, profile: Profile = "full", places: tuple[Place, ...] = ()) -> MindView:
    index = Index.open(workspace.root, workspace.state_dir)
    work = workspace.root / "work"
    return MindView(workspace, index, SystemClock(), Config(), work, profile, places=places)


def aside(mind: MindView, text: str) -> str:
    told = mind.remember(text, "s")
    return told.text if told else ""


def test_the_right_one_of_five_hundred_skills_is_among_three_for_nine_of_ten_requests(many: Path) -> None:
    asked = list(skill_world.requests())
    missed = [text for name, text in asked if name not in [fit.name for fit in fitting(many, many / "state", text)]]
    assert len(asked) == 500
    assert 1 - len(missed) / len(asked) >= FOUND, missed


def test_small_talk_brings_no_skill(many: Path) -> None:
    assert [text for text in skill_world.SMALL_TALK if fitting(many, many / "state", text)] == []


@pytest.mark.parametrize("profile", ["full", "small"])
def test_five_hundred_skills_cost_little_in_the_prompt_and_in_each_message(
    workspace: Workspace, profile: Profile
) -> None:
    bare = view(workspace, profile).prompt()
    skill_world.write(workspace.root)
    mind = view(workspace, profile)
    prompt = mind.prompt()
    brought = [aside(mind, text) for _, text in list(skill_world.requests())[:60]]
    assert estimate(prompt) - estimate(bare) <= 60
    assert "There are 500 skills" in prompt
    assert max(map(estimate, brought)) <= (150 if profile == "full" else 80)
    assert "- deploy-kubernetes: Puts Kubernetes clusters into production" in brought[1]


def test_five_hundred_skills_of_other_places_cost_no_more_than_fifty(workspace: Workspace, tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    skill_world.write(few)
    skill_world.write(many)
    for name, _ in list(skill_world.skills())[50:]:
        shutil.rmtree(few / "skills" / name)
    sizes = []
    for root in (few, many):
        mind = view(workspace, places=skill_places.beyond([str(root / "skills")], tmp_path, [], None))
        sizes.append(estimate(mind.prompt()))
        assert ("deploy-firmware" in aside(mind, "deploy the router's firmware")) == (root is many)
    assert sizes[1] <= sizes[0]


def test_a_small_model_is_told_of_the_minds_own_skills_alone(workspace: Workspace, tmp_path: Path) -> None:
    skill_world.write(tmp_path)
    places = skill_places.beyond([str(tmp_path / "skills")], tmp_path, [], None)
    assert "There are" not in view(workspace, "small", places).prompt()
    assert "There are 500 skills" in view(workspace, "full", places).prompt()


def test_the_prompt_stays_the_same_whatever_is_said(workspace: Workspace) -> None:
    skill_world.write(workspace.root)
    mind = view(workspace)
    before = mind.prompt()
    for _, text in list(skill_world.requests())[:5]:
        aside(mind, text)
    assert mind.prompt() == before


def test_a_skill_is_not_offered_with_every_message(workspace: Workspace) -> None:
    skill_world.write(workspace.root)
    mind = view(workspace)
    mind.prompt()
    asked = [("deploy-firmware" in aside(mind, "deploy the router's firmware")) for _ in range(AGAIN + 1)]
    assert asked == [True, *[False] * (AGAIN - 1), True]


def test_few_skills_all_stand_in_the_prompt_and_none_comes_with_a_message(workspace: Workspace) -> None:
    for name, description in list(skill_world.skills())[:40]:
        path = workspace.root / "skills" / name / "SKILL.md"
        path.parent.mkdir(parents=True)
        path.write_text(f"---\nname: {name}\ndescription: {description}\n---\n\nDo it.\n")
    mind = view(workspace)
    prompt = mind.prompt()
    assert all(f"- {name}: " in prompt for name, _ in list(skill_world.skills())[:40])
    assert aside(mind, "deploy the router's firmware") == ""


def test_descriptions_are_cut_before_skills_are_left_out(workspace: Workspace) -> None:
    for number in range(50):
        path = workspace.root / "skills" / f"skill-{number}" / "SKILL.md"
        path.parent.mkdir(parents=True)
        path.write_text(f"---\nname: skill-{number}\ndescription: Does {number}. {'Very long. ' * 30}\n---\n\nDo it.\n")
    prompt = view(workspace).prompt()
    assert all(f"- skill-{number}: Does {number}. Very" in prompt for number in range(50))


def test_a_skill_that_waits_for_trust_is_not_offered(workspace: Workspace) -> None:
    skill_world.write(workspace.root)
    workspace.commit_pending()
    mind = view(workspace)
    mind.prompt()
    assert "deploy-firmware" in aside(mind, "deploy the router's firmware")
    workspace.trust.revoke(["skill:deploy-firmware"])
    mind = view(workspace)
    assert "There are 499 skills" in mind.prompt()
    assert "deploy-firmware" not in aside(mind, "deploy the router's firmware")
