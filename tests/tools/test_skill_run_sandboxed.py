"""A skill's program inside the sandbox sees its own folder, wherever it lies, and can change no skill at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.backends import sandbox_folders
from hermes_fs.core.events import ToolFinished
from hermes_fs.core.types import Answer
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store.init import init
from hermes_fs.testing.openai_server import OpenAIServer

PROGRAM = """
from pathlib import Path

def look() -> dict[str, str]:
    folder = Path(__file__).parent.parent
    try:
        (folder / "SKILL.md").write_text("changed")
        written = "yes"
    except OSError as error:
        written = error.strerror
    return {"reads": (folder / "references/a.md").read_text(), "writes": written}
"""


def put(folder: Path, name: str) -> None:
    for path, text in (
        ("SKILL.md", f"---\nname: {name}\ndescription: Looks.\n---\nLook.\n"),
        ("references/a.md", f"a of {name}"),
        ("scripts/look.py", PROGRAM),
    ):
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_text(text)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    workspace, _ = init(tmp_path / "mind")
    put(workspace.root / "skills", "own")
    workspace.close()
    put(tmp_path / "home/.claude/skills", "homely")
    put(tmp_path / "team", "shared")
    (tmp_path / "project").mkdir()
    with OpenAIServer() as server:
        environ = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "OPENAI_BASE_URL": server.base_url}
        told = {"terminal.backend": "sandbox", "skills.directories": [str(tmp_path / "team")]}
        options = Options(tmp_path / "mind", tmp_path / "project", environ, yes=True, settings=told)
        with Runtime.open(options) as opened:
            yield opened
        state = tmp_path / "mind/.git/hermes"
        for known in sandbox_folders.running(state):
            sandbox_folders.stop(known)


@pytest.mark.slow
def test_a_program_reads_its_own_folder_and_writes_in_none(runtime: Runtime, tmp_path: Path) -> None:
    talk = runtime.conversation()
    for name in ("own", "homely", "shared"):
        call = json.dumps({"name": name, "script": "look", "function": "look"})
        said = f"go [[fake tools=1 name=skill_run args={call}]]"
        [done] = [event for event in talk.send(said, lambda _: Answer(None)) if isinstance(event, ToolFinished)]
        assert f'"reads": "a of {name}"' in done.result.text, done.result.text
        assert '"writes": "Read-only file system"' in done.result.text
    talk.close()
    assert "changed" not in (tmp_path / "team/shared/SKILL.md").read_text()
