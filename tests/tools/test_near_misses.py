"""Small models call a tool by words of their own; where these can mean one thing only, that is done."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_fs.core.errors import ToolError
from hermes_fs.tools import near_misses
from hermes_fs.tools.arguments import check
from hermes_fs.tools.registry import TOOLS, tool
from tests.tools.conftest import Conversation, files


@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("memory", {"action": "save", "content": "x"}, {"action": "add", "text": "x"}),
        ("memory", {"action": "UPDATE", "id": "a", "new_text": "x"}, {"action": "replace", "id": "a", "text": "x"}),
        (
            "memory",
            {"action": "add", "text": "x", "target": "USER.md"},
            {"action": "add", "text": "x", "target": "user"},
        ),
        ("memory", {"operations": {"action": "forget", "key": "a"}}, {"batch": [{"action": "remove", "id": "a"}]}),
        ("note", {"action": "save", "title": "t", "body": "x"}, {"action": "write", "topic": "t", "text": "x"}),
        ("skill_edit", {"action": "new", "skill_name": "a"}, {"action": "create", "name": "a"}),
        ("skill_edit", {"action": "add section", "name": "a"}, {"action": "add_section", "name": "a"}),
        ("recall", {"q": "x"}, {"query": "x"}),
        ("read_file", {"file_path": "x"}, {"path": "x"}),
        ("write_file", {"filename": "x", "text": "y"}, {"path": "x", "content": "y"}),
        ("terminal", {"cmd": "ls"}, {"command": "ls"}),
        ("todo", {"items": [{"text": "x", "status": "in_progress"}]}, {"items": [{"text": "x", "status": "doing"}]}),
    ],
)
def test_another_word_for_the_same_counts(name: str, given: dict[str, Any], meant: dict[str, Any]) -> None:
    assert check(name, tool(name).schema, given) == meant


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("memory", {"action": "add", "text": "x", "content": "y"}),  # which of the two?
        ("skill_edit", {"action": "remove", "name": "a"}),  # the skill, a section or a file?
        ("skill_edit", {"action": "add", "name": "a"}),
        ("process", {"action": "remove"}),
        ("terminal", {"command": "ls", "script": "x"}),
    ],
)
def test_what_can_mean_several_things_is_asked_back(name: str, given: dict[str, Any]) -> None:
    with pytest.raises(ToolError):
        check(name, tool(name).schema, given)


@pytest.mark.parametrize("name", TOOLS)
def test_no_choice_of_a_tool_is_taken_for_another(name: str) -> None:
    properties = tool(name).schema["properties"]
    for field in properties.values():
        for choice in field.get("enum", ()):
            assert near_misses.choice(choice, field["enum"]) == choice
    assert all(near_misses.argument(key, properties, ()) == key for key in properties)


def test_a_skill_with_all_that_it_needs_is_created_without_being_told_so(talk: Conversation) -> None:
    talk.call("skill_edit", name="Parse Logs", description="Counts. Use for logs.", content="Run awk.")
    assert files(talk.mind)["skills/parse-logs/SKILL.md"].endswith("---\n\nRun awk.\n")
    with pytest.raises(ToolError, match="needs an action"):
        talk.call("skill_edit", name="parse-logs", text="x")
