# ruff: noqa: E501  (tables)
"""Nothing that a file, a commit, a transcript or an argument holds reaches the terminal as more than text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run, git

EVIL = "x\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\x08\u202ey\u2066z\u200b"
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]")
SESSION = "01KG9Q3V7W0000000000000000"


def plant(root: Path) -> str:
    """Hostile text wherever a workspace can hold some; the id of a lesson."""
    (root / "MEMORY.md").write_text(f"# {EVIL}\n\n- fact {EVIL} <!-- k3v9qa -->\n")
    (root / "notes").mkdir()
    (root / "notes" / f"a{EVIL}.md").write_text(f"# {EVIL}\n\nneedle {EVIL}\n")
    skill = root / "skills" / "evil"
    skill.mkdir(parents=True)
    (skill / "SKILL.md").write_text(f'---\nname: "evil{EVIL}"\ndescription: "does {EVIL}"\n---\n# {EVIL}\n')
    (root / "config.yaml").write_text(json.dumps({"format": 1, "model": {"provider": "ollama", "name": EVIL}}))
    git(root, "add", "-A")
    trailers = f"Hermes-Origin: {EVIL}\nHermes-Kind: memory\nHermes-Session: {EVIL}\nHermes-Model: {EVIL}"
    git(root, "commit", "-qm", f"memory: {EVIL}\n\n{EVIL}\n\n{trailers}", f"--author={EVIL} <{EVIL}@x>")
    day = root / "sessions/2026/01/02"
    day.mkdir(parents=True)
    base = {"at": "2026-01-02T03:04:05Z", "person": EVIL, "channel": EVIL, "origin": EVIL}
    header = {"type": "header", "format": 1, "session": SESSION, "parent": EVIL, "host": "h", "channel": EVIL,
              "person": EVIL, "model": EVIL, "provider": EVIL, "started": base["at"], "commit": "", "title": EVIL}  # fmt: skip
    said = [
        {"type": "message", "id": "1", **base, "role": "user", "text": f"needle {EVIL}"},
        {"type": "tool_call", "id": "2", **base, "call": "c", "name": EVIL, "arguments": json.dumps({"path": EVIL})},
        {"type": "tool_result", "id": "3", **base, "call": "c", "name": EVIL, "text": EVIL, "failed": True},
        {"type": "outcome", "id": "4", **base, "reason": EVIL, "detail": EVIL},
    ]
    (day / f"h-{SESSION}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [header, *said]))
    (root / "MEMORY.md").write_text(f"- another {EVIL}\n")
    return git(root, "rev-parse", "HEAD").strip()


@pytest.mark.slow
def test_no_command_lets_an_escape_through(mind: Path, hermes: Run) -> None:
    lesson = plant(mind)
    commands = [
        ["log"], ["log", "-n", "0"], ["show", lesson], ["diff"], ["diff", f"{lesson}~1..{lesson}"], ["blame", "MEMORY.md"],
        ["memory", "list"], ["skills", "list"], ["skills", "show", "evil"], ["skills", "validate", "evil"],
        ["sessions", "list"], ["sessions", "show", SESSION], ["search", "needle"], ["config", "get"],
        ["config", "get", "model.name"], ["config", "check"], ["model"], ["doctor"], ["trust", "list"], ["trust", "show", "--all"],
        ["insights"], ["index", "status"], ["review", "list"], ["memory", "add", EVIL], ["memory", "remove", EVIL],
        ["show", EVIL], ["revert", EVIL], ["restore", EVIL], ["config", "get", EVIL], ["config", "set", EVIL, EVIL],
        ["skills", "show", EVIL], ["sessions", "show", EVIL], ["search", f"since:{EVIL}"], [EVIL], ["log", f"--{EVIL}"],
        ["init", "--from", f"file:///{EVIL}"], ["model", EVIL], ["undo"],
    ]  # fmt: skip
    leaks, silent = {}, []
    for command in commands:
        done = hermes(*command)
        printed = done.stdout + done.stderr
        if found := _BAD.search(printed):
            leaks[" ".join(command)[:40]] = printed[max(0, found.start() - 40) : found.end() + 10]
        if not printed:
            silent.append(command)
    assert leaks == {}
    assert silent == []
