"""The documentation of the command line is made from it, and every command is documented."""

from __future__ import annotations

import shlex

import pytest

from scripts.cli_reference import PAGE, commands, render

ALL = [pytest.param(command, context, id=path) for path, command, context in commands()]
LEAVES = [
    pytest.param(path, command, id=path) for path, command, _ in commands() if not getattr(command, "commands", None)
]
GLOBAL = {"-w", "--workspace", "--debug", "-h", "--help"}


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python scripts/cli_reference.py"


@pytest.mark.parametrize(("command", "context"), ALL)
def test_every_command_and_every_option_has_help(command, context) -> None:
    assert command.help
    assert [option.name for option in command.get_params(context) if not getattr(option, "help", "")] == []


@pytest.mark.parametrize(("path", "command"), LEAVES)
def test_every_command_has_an_example_that_it_would_accept(path, command) -> None:
    examples = [line.strip() for line in (command.epilog or "").splitlines() if "hermes" in line]
    assert examples, f"{path} has no example"
    assert any(path in example for example in examples)
    known = {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)} | GLOBAL
    for example in (example for example in examples if path in example):
        words = shlex.split(example.split("#")[0].partition(path)[2].split("|")[0])
        used = {word.partition("=")[0] for word in words if word.startswith("-") and not word.lstrip("-").isdecimal()}
        assert used <= known, f"{example}: {used - known}"
