"""A mind with a recorded session, and what looks back on it; as a process: `python -m tests.agent.reflecting ROOT`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hermes_fs.agent.learner import Bench, Finished, Learner
from hermes_fs.agent.record import Pen
from hermes_fs.backends.confined import Ground
from hermes_fs.backends.local import Local
from hermes_fs.core.config import Config, parse
from hermes_fs.core.events import Appended, Event, ToolFinished, TurnEnded
from hermes_fs.core.ids import Ulids
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Change, Message, Origin, ToolCall, ToolResult, Usage, Verdict, assistant, user
from hermes_fs.store.candidate import candidates
from hermes_fs.store.errands import Errand, Errands
from hermes_fs.store.index import Index
from hermes_fs.store.init import init
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.scripted import Scripted, ScriptedProvider

SKILL = {
    "action": "create",
    "name": "run-its-tests",
    "description": "Runs the tests of a project whose tests need a database. Use before a change is called done.",
    "text": "## Steps\n\n1. `make database`, or every test fails with connection refused.\n2. `pytest -q`\n",
    "why": "pytest failed until the database ran",
}
FACT = {"action": "add", "text": "The project's tests need `make database` first", "why": "pytest failed without"}
TEN = (
    ("ls", 0), ("cat README.md", 0), ("pytest -q", 1), ("cat conftest.py", 0), ("env", 0), ("which postgres", 0),
    ("cat Makefile", 0), ("make database", 0), ("pytest -q", 0), ("git status", 0),
)  # fmt: skip


def call(name: str, args: dict[str, object] | None = None, said: str = "") -> Message:
    return assistant(said, ToolCall(f"c-{name}", name, json.dumps(args or {})))


JUDGED = call("judge_task", {"result": "success", "note": "the tests pass"})
LESSON = (JUDGED, call("skill_list"), call("skill_edit", SKILL), assistant("Kept how the tests are run."))


class Clock:
    """The machine's, moved on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return 0.0


@dataclass
class World:
    """`session` and `task` are what is looked back on; `requests` what the model was asked."""

    workspace: Workspace
    index: Index
    clock: Clock
    session: str = ""
    task: str = ""
    config: Config = field(default_factory=Config)
    events: list[Event] = field(default_factory=list)
    teacher: ScriptedProvider = field(default_factory=ScriptedProvider)
    window: int = 0
    tested: int = 1
    verdict: str = ""
    refuse: Callable[[], None] = lambda: None

    @property
    def errands(self) -> Errands:
        return Errands(self.workspace.state_dir, self.clock, Ulids(self.clock))

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.workspace.root, self.workspace.host, self.clock, Ulids(self.clock))

    def add(self, *why: str, what: str = "") -> Errand:
        return self.errands.add(Errand("reflect", self.session, self.task, why or ("10 tool calls",), what))

    def learn(self, *script: Scripted) -> list[Finished]:
        """Drain the queue with a model that answers so."""
        self.teacher = ScriptedProvider(script, context_window=self.window)
        return list(Learner(self.errands, self.bench()).drain())

    def bench(self) -> Bench:
        def teacher(task: str, model: str) -> Provider:
            self.refuse()
            return self.teacher

        root, state = self.workspace.root, self.workspace.state_dir
        clock, ulids = self.clock, Ulids(self.clock)
        return Bench(
            self.workspace, self.index, self.sessions, self.config, clock, ulids, teacher,
            lambda: Local(root / "work", state, {}, ground=Ground((root / "work",), (root,), ())),
            self.passing, Cancel(), self.events.append,
        )  # fmt: skip

    def passing(self, change: Change, cancel: Cancel | None = None) -> Verdict | None:
        """A gate that everything passes, with a test of its own, unless the world has a `verdict` against it."""
        found = [one for one in candidates(self.workspace, change) if one.tree]
        reasons = (self.verdict,) if self.verdict else ()
        return Verdict(found[0].tree, not reasons, reasons, tested=self.tested) if found else None

    def record(self, commands: Sequence[tuple[str, int]] = TEN, origin: Origin = "agent", said: str = "Done.") -> None:
        """A session in which these commands ran, each with its exit code; `origin` is whose words they printed."""
        draft = Header("", "", "cli", "owner", "script", "scripted", "", "", "")
        transcript = self.sessions.start(draft)
        pen = Pen(transcript, Ulids(self.clock), self.clock, "owner", "cli", "script")
        events: list[Event] = [Appended(user("Mend the failing test and run all of them"), "owner")]
        for number, (command, code) in enumerate(commands):
            made = ToolCall(f"c{number}", "terminal", json.dumps({"command": command}))
            end = f"\n[exit code {code}]" if code else ""
            result = ToolResult(made.id, f"what {command} prints{end}", origin=origin)
            events += [Appended(assistant("", made), "agent", Usage(10, 5)), ToolFinished(made, result, 0.1)]
            events.append(Appended(Message("tool", (result,)), "tool"))
        events += [Appended(assistant(said), "agent", Usage(10, 5)), TurnEnded("done", Usage(100, 50))]
        for _ in pen.write(events):
            pass
        self.task, self.session = pen.asked, transcript.header.session
        pen.end("exit")
        transcript.close()


@contextmanager
def world(root: Path, **settings: object) -> Iterator[World]:
    """A mind at `root`, made where there is none."""
    workspace = Workspace.open(root) if root.exists() else init(root)[0]
    index = Index.open(workspace.root, workspace.state_dir)
    try:
        (root / "work").mkdir(exist_ok=True)
        yield World(workspace, index, Clock(), config=parse(settings, "test") if settings else Config())
    finally:
        index.close()
        workspace.close()


if __name__ == "__main__":
    with world(Path(sys.argv[1])) as made:
        for finished in made.learn(*LESSON):
            print(finished.why or "done", flush=True)
