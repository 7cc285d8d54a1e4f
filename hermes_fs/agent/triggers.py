"""Decides from a turn's records whether it is worth looking back on, and why. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hermes_fs.core.loading import load
from hermes_fs.store.transcript import Record

_ENDED_BADLY = (
    r"(?m)^\[(?:exit code [1-9]|stopped after )"  # patterns are compiled by the first command: starts are short
)
_TAIL = 300  # characters of a command's output in which its end stands
_ASKS = frozenset(
    ("grep", "egrep", "rg", "diff", "cmp", "test", "[", "which", "type", "command", "pgrep", "ls", "find")
)
"""Programs whose exit code is an answer: that nothing was found is no failure."""
_NO_WORK = frozenset(("cd", "export", "source", ".", "set", "echo", "sudo", "env", "time", "nice", "exec", "mkdir"))
_MODULE = r"\s-m\s+([\w.]+)"
_CHECKS = frozenset((
    "pytest", "unittest", "tox", "nox", "ruff", "mypy", "pyright", "flake8", "pylint", "make", "ninja", "cmake",
    "ctest", "tsc", "jest", "vitest", "mocha", "eslint", "phpunit", "rspec", "gradle", "gradlew", "mvn", "bazel",
    "shellcheck", "py_compile", "compileall",
))  # fmt: skip
"""Programs that say whether the work is right, by whatever words."""
_CHECKING = (
    r"(?:cargo|go|npm|pnpm|yarn|bun|deno|dotnet|mix|swift|zig|rake|bundle exec|poetry run|uv run|just)\s+(?:run\s+)?"
    r"(?:test|build|check|lint|vet|clippy|tests|typecheck|pytest|rspec|tox)\b"
)


class Facts(NamedTuple):
    """What the records of a turn say. `calls` of tools; `overcame` names what failed and then worked, `check` the test
    or build that failed last and was not mended, "" for none; `skills` are the trees of those used, with their names;
    `corrected`: the person's message corrects the answer before it."""

    calls: int
    overcame: str
    check: str
    skills: dict[str, str]
    corrected: bool


class _Call(NamedTuple):
    """`kind` is the tool, or the program that a command runs; `checks`: it says whether the work is right."""

    kind: str
    command: bool
    checks: bool
    failed: bool


def facts(turn: Sequence[Record]) -> Facts:
    """Of the records from a person's message up to the end of the turn."""
    calls = list(_calls(turn))
    return Facts(
        calls=len(calls),
        overcame=_overcome(calls),
        check=_failed_check(calls),
        skills={one.text("tree") or one.text("name"): one.text("name") for one in turn if one.type == "skill_used"},
        corrected=any(one.type == "outcome" and one.data.get("why") == "correction" for one in turn),
    )


def reasons(found: Facts, many: int) -> tuple[str, ...]:
    """Why the turn is worth looking back on, a few words each; none where it is not. `many` calls make a task complex,
    0: their number says nothing. An answer without a single call is a matter of words, unless it was put right."""
    said = (
        (found.corrected, "a correction by the person"),
        (bool(found.overcame), f"an error overcome: {found.overcame}"),
        (bool(found.skills), f"a skill used: {', '.join(found.skills.values())}"),
        (0 < many <= found.calls, f"{found.calls} tool calls"),
    )
    return tuple(words for holds, words in said if holds)


def corrects(text: str, answer: str) -> bool:
    """Whether what a person says puts right what was answered just before. The rules are loaded by the first
    message that follows an answer."""
    found: bool = bool(text and answer) and load("hermes_fs.agent.corrections:corrects")(text, answer)
    return found


def _calls(turn: Sequence[Record]) -> Iterator[_Call]:
    """The calls with a result, in the order of their results."""
    commands: dict[str, str] = {}
    for record in turn:
        if record.type == "tool_call":
            commands[record.text("call")] = _command(record.text("arguments"))
        elif record.type == "tool_result":
            name = record.text("name")
            command = commands.get(record.text("call"), "") if name == "terminal" else ""
            program = program_of(command)
            failed = bool(record.data.get("failed")) or (
                bool(command) and program not in _ASKS and bool(re.search(_ENDED_BADLY, record.text("text")[-_TAIL:]))
            )
            checks = program in _CHECKS or bool(re.search(_CHECKING, command))
            yield _Call(f"{name} {program}".rstrip(), bool(command), checks, failed)


def _overcome(calls: Sequence[_Call]) -> str:
    failed: set[str] = set()
    for call in calls:
        if call.failed:
            failed.add(call.kind)
        elif call.kind in failed:
            return call.kind
    return ""


def _failed_check(calls: Sequence[_Call]) -> str:
    """Conservative: any command that worked after the check may have been another way to check."""
    for call in reversed(calls):
        if call.command and not call.failed:
            return ""
        if call.checks and call.failed:
            return call.kind
    return ""


def program_of(command: str) -> str:
    """The program that a command line is about: the first that is no mere preparation; a module that Python runs
    counts as one."""
    for part in re.split(r"&&|\|\||[;|\n]", command):
        words = [word for word in part.split() if not re.match(r"\w+=", word)]
        while words and words[0].rpartition("/")[2] in _NO_WORK - {"cd", "export", "source", ".", "echo", "mkdir"}:
            words = words[1:]
        name = words[0].rpartition("/")[2] if words else ""
        if name and name not in _NO_WORK:
            module = re.search(_MODULE, part) if name.startswith("python") else None
            return module[1] if module else re.sub(r"(?<=\D)[\d.]+\Z", "", name)
    return ""


def _command(arguments: str) -> str:
    try:
        data = json.loads(arguments)
    except (ValueError, RecursionError):  # a model's words
        return ""
    command = data.get("command") if isinstance(data, dict) else None
    return command if isinstance(command, str) else ""
