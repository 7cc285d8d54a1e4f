"""Skills beside the mind's own: where they are looked for, which counts, and that no link or stranger gets in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_fs.store import catalogue, skill_copy, skill_places
from hermes_fs.store.fitting import fitting
from hermes_fs.store.skill_places import Place


def put(folder: Path, name: str, about: str, status: str = "") -> Path:
    path = folder / name / "SKILL.md"
    path.parent.mkdir(parents=True)
    marks = f"metadata:\n  hermes-status: {status}\n" if status else ""
    path.write_text(f"---\nname: {name}\ndescription: {about}\n{marks}---\n\n# {name}\n\nDo it.\n")
    return path


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A mind, a home, a project and a further folder, each with a skill of its own and one called `deploy`."""
    (tmp_path / "mind" / "state").mkdir(parents=True)
    for place in ("mind/skills", "home/.agents/skills", "home/.claude/skills", "project/.agents/skills", "team"):
        put(tmp_path / place, "deploy", f"Deploys by {place}.")
        put(tmp_path / place, place.replace("/", "-").replace(".", "").lower(), f"Unlike the others, of {place}.")
    return tmp_path


def beyond(world: Path, trusted: bool = True, **more: object) -> tuple[Place, ...]:
    roots = [str(world / "project")] if trusted else []
    return skill_places.beyond([str(world / "team")], world / "project", roots, world / "home")


def described(world: Path, places: tuple[Place, ...]) -> dict[str, str]:
    return dict(catalogue.described(world / "mind", world / "mind/state", places))


def test_the_mind_comes_first_then_the_project_then_what_is_configured_then_the_home(world: Path) -> None:
    places = (skill_places.own(world / "mind"), *beyond(world))
    assert [spot.place.kind for spot in skill_places.all_of("deploy", places)] == [
        "own", "project", "directory", "user", "user",
    ]  # fmt: skip
    assert described(world, beyond(world))["deploy"] == "Deploys by mind/skills."
    (world / "mind/skills/deploy/SKILL.md").unlink()
    assert described(world, beyond(world))["deploy"] == "Deploys by project/.agents/skills."


def test_all_places_are_listed_and_found_by_words(world: Path) -> None:
    places = beyond(world)
    assert sorted(described(world, places)) == [
        "deploy", "home-agents-skills", "home-claude-skills", "mind-skills", "project-agents-skills", "team",
    ]  # fmt: skip
    put(world / "team", "bake-bread", "Bakes bread with sourdough.")
    fits = fitting(world / "mind", world / "mind/state", "sourdough bread", 3, places)
    assert [fit.name for fit in fits] == ["bake-bread"]
    assert fitting(world / "mind", world / "mind/state", "sourdough bread") == []


def test_a_project_counts_only_where_its_folder_is_trusted(world: Path) -> None:
    assert "project" not in [place.kind for place in beyond(world, trusted=False)]
    assert "project-agents-skills" not in described(world, beyond(world, trusted=False))
    assert "project-agents-skills" in described(world, beyond(world))


def test_two_ways_of_looking_do_not_disturb_each_other(world: Path) -> None:
    for _ in range(2):
        assert len(described(world, beyond(world))) == 6
        assert sorted(described(world, ())) == ["deploy", "mind-skills"]


def test_what_is_hidden_or_archived_is_known_and_not_offered(world: Path) -> None:
    put(world / "mind/skills", "old", "Is old.", status="archived")
    rows = catalogue.listed(world / "mind", world / "mind/state", lambda spot: [], beyond(world))
    assert [row.spot.place.label for row in rows if row.spot.name == "deploy" and not row.hidden] == ["skills"]
    assert [row.archived for row in rows if row.spot.name == "old"] == [True]
    assert "old" not in described(world, beyond(world))
    assert fitting(world / "mind", world / "mind/state", "old") == []


def test_names_that_differ_in_case_alone_are_one(world: Path) -> None:
    put(world / "team", "Deploy-App", "Of the team.")
    put(world / "home/.claude/skills", "deploy-app", "Of the home.")
    found = [name for name in described(world, beyond(world)) if name.lower() == "deploy-app"]
    assert found == ["Deploy-App"]


def test_no_link_leads_anywhere(world: Path) -> None:
    secret = world / "secret"
    secret.mkdir()
    (secret / "SKILL.md").write_text("---\nname: secret\ndescription: x\n---\nkey\n")
    (world / "team" / "linked").symlink_to(secret)
    put(world / "team", "half", "Half.")
    (world / "team/half/references").symlink_to(secret)
    (world / "team/half/key.md").symlink_to(secret / "SKILL.md")
    places = beyond(world)
    assert "linked" not in described(world, places)
    spot = skill_places.find("half", places)
    assert spot is not None and skill_places.find("linked", places) is None
    assert spot.files() == ["SKILL.md"]
    for path in ("references/SKILL.md", "key.md", "../deploy/SKILL.md", "/etc/passwd", "", "."):
        assert spot.read(path) is None


def test_a_project_whose_folder_of_skills_leads_out_of_it_has_none(world: Path) -> None:
    (world / "project/.claude").mkdir()
    (world / "project/.claude/skills").symlink_to(world / "home/.claude/skills")
    assert [place.label for place in beyond(world) if place.kind == "project"] == [".agents/skills"]


def test_a_folder_that_everybody_may_write_is_said_and_not_used(world: Path) -> None:
    (world / "team").chmod(0o777)
    told = ([str(world / "team"), str(world / "gone"), "team"], world, [], None)
    assert skill_places.beyond(*told) == ()
    assert skill_places.left_out(*told) == [
        f"{world / 'team'} is not used: everybody may write there",
        "team is not used: name it from / or ~",
        f"{world / 'gone'} is no folder: see skills.directories",
    ]


@pytest.mark.parametrize("folder", ["/", "/etc", "~", "~/.."])
def test_a_folder_that_holds_more_than_skills_is_said_and_not_used(tmp_path: Path, folder: str) -> None:
    assert skill_places.beyond([folder], tmp_path, [], None) == ()
    [said] = skill_places.left_out([folder], tmp_path, [], None)
    assert "it holds more than skills" in said


def test_special_files_and_hidden_ones_are_none_of_a_skill(world: Path) -> None:
    folder = put(world / "team", "odd", "Odd.").parent
    os.mkfifo(folder / "pipe")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "scripts" / "__pycache__").mkdir(parents=True)
    (folder / "scripts" / "run.sh").write_text("echo\n")
    spot = skill_places.find("odd", beyond(world))
    assert spot is not None
    assert spot.files() == ["SKILL.md", "scripts/run.sh"]
    assert spot.read("pipe") is None


def test_a_copy_has_the_tree_id_that_git_would_give_it(world: Path) -> None:
    import subprocess

    folder = put(world / "team", "whole", "Whole.").parent
    (folder / "scripts").mkdir()
    (folder / "scripts.md").write_text("sorted between\n")
    (folder / "scripts" / "run.sh").write_text("echo\n")
    (folder / "scripts" / "run.sh").chmod(0o755)
    from hermes_fs.store.git import Git

    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "add", "-A"], check=True)
    wanted = subprocess.run(["git", "-C", str(folder), "write-tree"], check=True, capture_output=True, text=True)
    spot = skill_places.find("whole", beyond(world))
    assert spot is not None
    git = Git(folder)
    assert skill_copy.tree_of(skill_copy.files(spot), git.oid_of) == wanted.stdout.strip()
    git.close()
