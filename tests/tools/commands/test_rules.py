"""A standing answer covers what was shown and nothing more; a no holds however the command is written."""

from __future__ import annotations

import pytest

from hermes_fs.tools.commands import rules
from hermes_fs.tools.commands.rules import Rule


def rule(command: str, directory: str = "/w") -> Rule | None:
    return rules.rule_for(command, directory, frozenset(("send",)))


@pytest.mark.parametrize(
    "command",
    [
        "tool '~/x'",
        "tool a='~/x'",
        "tool 'x\ny'",
        "tool 'x\x1b[2Ky'",
        "tool 'x\u202ey'",
        "tool x\u3164",
        "tool \u0430pple.example",
        "tool x &",
        "! tool x",
        "time tool x",
        "(tool x)",
        "f() { tool x; }",
        "tool x # y",
        "for i in 1 2; do tool x; done",
    ],
)
def test_what_a_rule_would_not_show_as_it_is_has_none(command: str) -> None:
    assert rule(command) is None


@pytest.mark.parametrize(
    "command", ["tool ~/x", "tool x &", "(tool x)", "f() { tool x; }", "time tool x", "tool x > y"]
)
def test_a_rule_covers_no_other_form_of_its_words(command: str) -> None:
    kept = ["in /w: tool '~/x'", "in /w: tool x"]
    assert rules.allowed(command, "/w", kept) is None


def test_a_directory_cannot_pose_as_a_command() -> None:
    assert rule("tool x", "/w: rm -rf /w/z") is None
    assert rule("tool x", "/w\u202e") is None
    assert rule("tool x", "/w z") is not None


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf x",
        "rm  -rf\tx",
        "rm '-rf' x",
        'rm -r"f" x',
        "r\\m -rf x",
        "true; rm -rf x",
        "rm -rf x > /dev/null",
        "echo $(rm -rf x)",
        "A=1 rm -rf x",
        "(rm -rf x) &",
    ],
)
def test_a_no_holds_however_it_is_quoted_and_wherever_it_stands(command: str) -> None:
    assert rules.forbidden(command, ["rm -rf x"])


@pytest.mark.parametrize("command", ["rm -rf xy", "rm -r x", "echo 'rm -rf x'", "ls", "rm '-rf x'", "x='"])
def test_a_no_is_about_that_command_alone(command: str) -> None:
    assert not rules.forbidden(command, ["rm -rf x"])
