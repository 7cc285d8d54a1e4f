"""Skills that lie beside the mind: the agent reads them as a person's word, and the mind's own hide them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hermes_fs.core.errors import Refused
from hermes_fs.core.events import SkillUsed
from hermes_fs.store import skill_places
from tests.tools.conftest import Conversation


@pytest.fixture
def beside(talk: Conversation, tmp_path: Path) -> Conversation:
    for name in ("greet", "bake-bread"):
        folder = tmp_path / "home/.agents/skills" / name
        (folder / "references").mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: From home.\n---\n# {name} at home\n")
        (folder / "references" / "flour.md").write_text("Use rye.\n")
    places = skill_places.beyond([], talk.work, [], tmp_path / "home")
    talk.context.memo.settings = replace(talk.context.memo.settings, places=places)
    return talk


def test_they_are_listed_and_read_in_three_levels_without_a_taint(beside: Conversation) -> None:
    assert beside.call("skill_list", query="bread") == "bake-bread: From home."
    assert beside.call("skill_view", name="bake-bread") == "# bake-bread at home\n\nFiles: references/flour.md"
    assert beside.origin == "agent"
    assert beside.call("skill_view", name="bake-bread", file="references/flour.md") == "Use rye.\n"
    [used] = [event for event in beside.events if isinstance(event, SkillUsed)]
    assert used.name == "bake-bread" and len(used.tree) == 40


def test_the_minds_own_skill_of_that_name_counts(beside: Conversation) -> None:
    assert beside.call("skill_view", name="greet").endswith("# Greet")


@pytest.mark.parametrize("file", ["nothing.md", "../greet/SKILL.md", "references"])
def test_for_a_file_that_is_not_in_it_the_skill_itself_is_shown(beside: Conversation, file: str) -> None:
    said = beside.call("skill_view", name="bake-bread", file=file)
    assert "references/flour.md" in said
    assert said.endswith(f"There is no {file} in it.")
    assert "Greet" not in said


def test_what_they_hide_is_shown(beside: Conversation, tmp_path: Path) -> None:
    place = tmp_path / "home/.agents/skills/bake-bread/SKILL.md"
    place.write_text("---\nname: bake-bread\ndescription: Bakes\u200b.\n---\nBake\u202e it \U0001f35e.\n")
    assert beside.call("skill_list", query="bakes") == "bake-bread: Bakes⟨U+200B⟩."
    assert "Bake⟨U+202E⟩ it \U0001f35e." in beside.call("skill_view", name="bake-bread")
    assert "Bake⟨U+202E⟩ it \U0001f35e." in beside.call("read_file", path=str(place))


def test_their_files_are_read_unasked_and_written_by_nobody(beside: Conversation, tmp_path: Path) -> None:
    path = str(tmp_path / "home/.agents/skills/bake-bread/references/flour.md")
    assert "Use rye." in beside.call("read_file", path=path)
    assert (beside.origin, beside.asked) == ("agent", [])
    for other in ("home/.agents/other", "home/.agents/skills/notes.md", "home/.agents/skills/no-skill/a.md"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_text("x")
        with pytest.raises(Refused):
            beside.call("read_file", path=str(tmp_path / other))
    with pytest.raises(Refused):
        beside.call("write_file", path=path, content="x")


def test_they_cannot_be_edited_and_that_is_said(beside: Conversation) -> None:
    with pytest.raises(Refused, match="read only"):
        beside.call("skill_edit", action="add_section", name="bake-bread", title="T", text="x")


def test_a_skill_that_is_above_unchanged_is_not_repeated(beside: Conversation, tmp_path: Path) -> None:
    first = beside.call("skill_view", name="bake-bread")
    assert beside.call("skill_view", name="bake-bread") == "skill bake-bread is above, unchanged since you read it"
    assert sum(isinstance(event, SkillUsed) for event in beside.events) == 2
    with (tmp_path / "home/.agents/skills/bake-bread/SKILL.md").open("a") as file:
        file.write("\nLet it rest.\n")
    assert beside.call("skill_view", name="bake-bread") == first.replace("home\n", "home\n\nLet it rest.\n")
