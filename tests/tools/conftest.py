"""A conversation for tools: a real backend, a mind beside the work directory, and a person who answers from a list."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hermes_fs.backends.local import Local
from hermes_fs.core.events import Event, ToolOutput
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Answer, Question
from hermes_fs.tools.context import Memo, Mode, Settings, ToolContext, Where
from hermes_fs.tools.registry import tool


@dataclass
class Person:
    """Answers from a list, then with `always`; None is nobody there."""

    answers: list[str | None] = field(default_factory=list)
    always: str | None = None
    questions: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> Answer:
        self.questions.append(question)
        return Answer(self.answers.pop(0) if self.answers else self.always)


@dataclass(frozen=True)
class Mind:
    """As much of a workspace as file tools look at."""

    root: Path

    @property
    def state_dir(self) -> Path:
        return self.root / ".git/hermes"


@dataclass
class Conversation:
    context: ToolContext
    person: Person
    work: Path
    mind: Path
    events: list[Event]
    special: dict[str, Any] = field(default_factory=dict)

    def call(self, name: str, **args: Any) -> str:
        text: str = self.special.get(name, tool(name)).run(args, self.context)
        return text

    def mode(self, approvals: Mode) -> None:
        settings = self.context.memo.settings
        self.context.memo.settings = Settings(approvals, settings.roots, settings.timeout)

    @property
    def shown(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ToolOutput))

    @property
    def asked(self) -> list[str]:
        return [question.subject for question in self.person.questions]


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Conversation]:
    work, mind = tmp_path / "work", tmp_path / "mind"
    for folder in (work, mind / ".git/hermes", mind / "work", mind / "notes", mind / "skills"):
        folder.mkdir(parents=True)
    (mind / "MEMORY.md").write_text("- a fact\n")
    (mind / ".git/hermes/lock").write_text("secret")
    backend = Local(work, mind / ".git/hermes", dict(os.environ))
    person, events = Person(), []
    memo = Memo(Settings(roots=(str(work),), timeout=30.0))
    context = ToolContext(backend, Mind(mind), None, Where("s"), person, events.append, Cancel(), memo)
    yield Conversation(context, person, work, mind, events)
    for job in backend.jobs():
        backend.kill(job.id)
    backend.close()


def files(folder: Path) -> Mapping[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
