"""The table of tools: every one loads on its own, is small, and says what it takes."""

from __future__ import annotations

import json

import pytest

from hermes_fs.core.errors import ToolError
from hermes_fs.tools.registry import SMALL, TOOLS, tool
from tests.tools.conftest import Conversation

OWN = ("read_file", "write_file", "edit_file", "search_files", "terminal", "process", "todo", "ask_user")


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_is_what_the_table_says(name: str) -> None:
    made = tool(name)
    assert made.name == name
    assert made.effects in ("none", "ask", "mind", "work")
    assert made.schema["type"] == "object"
    assert set(made.schema.get("required", ())) <= set(made.schema["properties"])


def tokens(*names: str) -> float:
    made = [tool(name) for name in names]
    told = [{"name": each.name, "description": each.description, "parameters": each.schema} for each in made]
    return sum(len(json.dumps(each, separators=(",", ":"))) for each in told) / 4


def test_the_tools_of_files_and_commands_are_told_in_few_tokens() -> None:
    assert tokens(*OWN) <= 800


def test_all_tools_together_are_told_in_few_tokens() -> None:
    assert tokens(*TOOLS) <= 2800
    assert tokens(*SMALL) <= 1000


def test_the_small_profile_is_part_of_the_table() -> None:
    assert len(SMALL) == 6
    assert set(SMALL) <= set(TOOLS)


def test_arguments_are_checked_before_a_tool_runs(talk: Conversation) -> None:
    with pytest.raises(ToolError, match="write_file"):
        talk.call("write_file", path="x")
    assert not talk.person.questions
