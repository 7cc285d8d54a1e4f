"""A mind with a skill that has a program and a test, and changes of it as an agent would submit them."""

from __future__ import annotations

import os
from pathlib import Path

from hermes_fs.agent.gate import Evaluator, SkillGate
from hermes_fs.agent.trial import Trials
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import acting
from hermes_fs.store.refusals import Refusals
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import committed

SKILL = """---
name: parse-logs
description: Counts the errors in a web server's log. Use when somebody asks how often a site failed.
---
# Parse logs

1. Find the log of the day in question, and make sure that it is the rotated one where that is asked for.
2. Run `python3 scripts/count.py LOG`, which prints one number: how many lines have a status of 500 or above.
3. Say the number, the day and the path of the log, so that the person can look for themselves.

## When it goes wrong

A log that is compressed has to be unpacked first; `zcat` writes it to the standard output.
"""
PROGRAM = "def count(lines):\n    return sum(line.split()[-1] >= '500' for line in lines)\n"
TEST = "from count import count\n\n\ndef test_errors():\n    assert count(['GET / 200', 'GET / 502']) == 1\n"
AGENT = Provenance("agent", "user", "owner", "s1", "", "some-model")
NAME = "skills/parse-logs"


def make_mind(root: Path, **more: str) -> Path:
    files = {
        ".hermes-workspace": "format: 1\n",
        ".gitignore": "sessions/\nwork/\n",
        "MEMORY.md": "- a fact\n",
        f"{NAME}/SKILL.md": SKILL,
        f"{NAME}/scripts/count.py": PROGRAM,
        f"{NAME}/tests/test_count.py": TEST,
    }
    committed(root, files | more)
    with Workspace.open(root) as workspace:
        workspace.trust.accept(acting.pending(workspace))
    return root


def gate_in(workspace: Workspace, evaluate: Evaluator | None = None, seconds: float = 20.0) -> SkillGate:
    refusals = Refusals(workspace.state_dir, workspace.locked)
    return SkillGate(workspace, Trials(workspace.state_dir, dict(os.environ), seconds), refusals, evaluate)


def edit(files: dict[str, str | None], folder: str = NAME, provenance: Provenance = AGENT) -> Change:
    """A change of files below a skill's folder."""
    data = {f"{folder}/{path}": None if text is None else text.encode() for path, text in files.items()}
    return Change(data, "skill", "because", provenance)
