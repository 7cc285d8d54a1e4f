"""A conversation for tools: a real backend, a mind beside the work directory, and a person who answers from a list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hermes_fs.backends.confined import Ground
from hermes_fs.backends.local import Local
from hermes_fs.core.events import Event, ToolOutput
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Answer, Origin, Question, Told
from hermes_fs.store.workspace import Workspace
from hermes_fs.tools.context import Memo, Mode, Settings, ToolContext, Where
from hermes_fs.tools.registry import tool
from tests.store.admitting import open_gate
from tests.store.git_shell import committed, copy_of

SKILL = "---\nname: greet\ndescription: Says hello.\n---\n# Greet\n"


@dataclass
class Person:
    """Answers from a list, then with `always`; None is nobody there."""

    answers: list[str | None] = field(default_factory=list)
    always: str | None = None
    questions: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> Answer:
        self.questions.append(question)
        return Answer(self.answers.pop(0) if self.answers else self.always)


@dataclass
class Conversation:
    context: ToolContext
    person: Person
    work: Path
    mind: Path
    events: list[Event]
    special: dict[str, Any] = field(default_factory=dict)
    origin: Origin = "agent"

    def call(self, name: str, /, **args: Any) -> str:
        """The result's text; `origin` is then whose words it carries."""
        made: str | Told = self.special.get(name, tool(name)).run(args, self.context)
        self.origin = made.origin if isinstance(made, Told) else "agent"
        return made.text if isinstance(made, Told) else made

    def taint(self) -> None:
        """As if the model had read a file that nobody vouches for."""
        self.context.memo.origins.add("file")

    def mode(self, approvals: Mode) -> None:
        settings = self.context.memo.settings
        self.context.memo.settings = replace(settings, approvals=approvals)

    @property
    def shown(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ToolOutput))

    @property
    def asked(self) -> list[str]:
        return [question.subject for question in self.person.questions]


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Conversation]:
    work, mind = tmp_path / "work", make_workspace(tmp_path / "mind")
    work.mkdir()
    (mind / "work").mkdir()
    with Workspace.open(mind) as workspace:
        ground = Ground((work, mind / "work"), (mind,), (mind / ".git",))
        backend = Local(work, workspace.state_dir, dict(os.environ), ground=ground)
        person, events = Person(), []
        memo = Memo(Settings(roots=(str(work),), timeout=30.0, gate=open_gate(workspace)))
        context = ToolContext(backend, workspace, None, Where("s"), person, events.append, Cancel(), memo)
        yield Conversation(context, person, work, mind, events)
        for job in backend.jobs():
            backend.kill(job.id)
        backend.close()


def make_workspace(root: Path) -> Path:
    """A mind with a fact, a note and a skill, committed by the person."""
    return copy_of(_fill, root)


def _fill(root: Path) -> None:
    committed(root, {
        ".hermes-workspace": "format: 1\n",
        ".gitattributes": "* -text\n",
        ".gitignore": "sessions/\nwork/\n",
        "MEMORY.md": "- a fact\n",
        "notes/old.md": "# old\n",
        "skills/greet/SKILL.md": SKILL,
    })  # fmt: skip
    (root / ".git/hermes").mkdir()
    (root / ".git/hermes/private").write_text("secret")


def files(folder: Path) -> dict[str, str]:
    """All files below a folder but git's, with their text."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_text() for name, path in found.items() if not name.startswith(".git/")}
