"""Slash commands: one table for every app, documented in docs/chat.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hermes_fs import commands
from hermes_fs.commands import COMMANDS
from hermes_fs.commands.talk import Said, Talk
from hermes_fs.core.errors import UsageError

PAGE = Path(__file__).resolve().parents[1] / "docs" / "chat.md"
NOBODY = Talk(None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("/help", ("help", "")),
        ("/resume  01ABC ", ("resume", "01ABC")),
        ("/search two words", ("search", "two words")),
        ("  /quit  ", ("quit", "")),
        ("/etc/hosts is what?", None),
        ("/tmp", ("tmp", "")),
        ("//", None),
        ("what does /help do?", None),
        ("/Users is a folder", None),
    ],
)
def test_what_is_a_command_and_what_is_a_message(text, parsed):
    assert commands.parse(text) == parsed


def test_an_unknown_command_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean /memory"):
        commands.run(NOBODY, "memroy", "")


def test_names_complete():
    assert commands.complete(NOBODY, "/us") == [("/usage", "tokens and cost of this session")]
    assert [text for text, _ in commands.complete(NOBODY, "/help us")] == ["/help usage"]
    assert commands.complete(NOBODY, "hello /us") == []
    assert len(commands.complete(NOBODY, "/")) == len(COMMANDS)


def test_help_names_every_command():
    said = commands.run(NOBODY, "help", "")
    assert isinstance(said, Said)
    assert all(f"/{one.name}" in said.text for one in COMMANDS)
    assert max(map(len, said.text.splitlines())) <= 76


def test_every_command_is_documented():
    table = PAGE.read_text(encoding="utf-8").partition("<!-- slash commands")[2].partition("<!-- end -->")[0]
    rows = re.findall(r"^\| `/(\w+) ?([^`]*)` \| (.*) \|$", table, re.MULTILINE)
    assert rows == [(one.name, one.usage, one.about) for one in COMMANDS]
