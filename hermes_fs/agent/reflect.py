"""One look back on a task, after it: what of it will matter later is kept by the usual tools within narrow bounds.

It has a transcript of its own; what it keeps names the original one as its evidence and inherits whose words were read
there. Cut off at any moment and begun again, it keeps nothing twice.
"""

from __future__ import annotations

import functools
import itertools
import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from hermes_fs.agent import kept, triggers
from hermes_fs.agent.evals import mine
from hermes_fs.agent.evals.case import write
from hermes_fs.agent.excerpt import excerpt
from hermes_fs.agent.learner import Bench, Done
from hermes_fs.agent.looking_back import JudgeTask, Pass, toolset
from hermes_fs.agent.loop import run as run_loop
from hermes_fs.agent.outcome import Outcome
from hermes_fs.agent.record import Pen
from hermes_fs.agent.reflect_prompt import known, prompt, question
from hermes_fs.agent.reviewers import NOTHING, heard, learned_from
from hermes_fs.agent.turn import Turn
from hermes_fs.core.errors import Cancelled, Failed, HermesError, NotFound
from hermes_fs.core.events import (
    Appended,
    Event,
    Notice,
    SkillUsed,
    TextDelta,
    ThinkingDelta,
    TurnEnded,
)
from hermes_fs.core.origins import least_trusted
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Answer, Limits, Message, Question, Reply, Request, Trigger, Usage, system, user
from hermes_fs.providers.relayed import Relayed
from hermes_fs.store import history, transcript, turns
from hermes_fs.store.errands import Errand
from hermes_fs.store.policy import Policy
from hermes_fs.store.replay import origins
from hermes_fs.store.review import Review
from hermes_fs.store.sessions import SessionInfo
from hermes_fs.store.transcript import OWN_CHANNELS, Header, Record
from hermes_fs.tools.context import Memo, Settings, ToolContext, Where

CHANNEL = "reflection"
LIMITS = Limits(steps=14, tokens=150_000, seconds=900.0)
TASK_TOKENS = 6_000
BEFORE_TOKENS = 1_500
"""What a look back reads of the task, and of the conversation before it."""
SMALL = 0.35
"""The share of a small window that both may take."""
_LATEST = 300
"""Lessons, the newest, among which those of a look back that was cut off are looked for."""
_TOOLS = {"memory": "memory", "user": "memory", "note": "note", "skill": "skill_edit"}
"""Kinds of lessons → the tool that makes them here."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is looked back on: `task` are the records of the turn, or of the whole session, `before` those before it."""

    info: SessionInfo
    path: str
    before: Sequence[Record]
    task: Sequence[Record]

    @property
    def evidence(self) -> str:
        """Without the file's path."""
        return f"{self.task[0].id}..{self.task[-1].id}"


def run(errand: Errand, bench: Bench) -> Done:
    """Look back. Raises NotFound for a session or task that is not there, Failed for one that can't be read,
    BudgetSpent, ProviderError, Cancelled."""
    source = source_of(errand, bench)
    trigger: Trigger = "user" if errand.what else "reflection"
    state = Pass(kept=_kept_before(errand, bench, trigger))
    teacher = _Heard(bench.provider("reflection", errand.model))
    try:
        ended, usage = _look_back(errand, bench, source, state, teacher)
    finally:
        teacher.close()
    if ended.reason in ("cancelled", "error", "money", "tokens") and teacher.error:
        raise teacher.error
    if ended.reason == "cancelled":
        raise Cancelled
    if ended.reason == "error":
        raise Failed(f"a look back did not end: {ended.detail}", "look at it: hermes sessions list --all")
    return Done(tuple(kept.lines(state.kept_now)), usage)


def source_of(errand: Errand, bench: Bench) -> Source:
    """Reads what an errand is about; where a session was gone on with, that may stand in an earlier file."""
    info = bench.sessions.find(errand.session)
    if info.header.channel in OWN_CHANNELS:
        raise NotFound(f"{info.id} is a look back itself", "name the session that it is about")
    known: set[str] = set()
    while (found := _source(errand, bench, info)) is None:
        known.add(info.id)
        if not info.header.parent or info.header.parent in known:
            what = f"there is no task {errand.task}" if errand.task else "nothing was said"
            raise NotFound(f"{what} in {errand.session}", "" if errand.task else "name another session")
        info = bench.sessions.find(info.header.parent)
    return found


def _source(errand: Errand, bench: Bench, info: SessionInfo) -> Source | None:
    """None where this file does not tell of it."""
    records = [one for one in transcript.read(info.path).records if one.type != "usage"]
    path = info.path.relative_to(bench.workspace.root).as_posix()
    found = turns.turns(records)
    turn = turns.holding(found, errand.task) if errand.task else []
    if not found or (errand.task and not turn):
        return None
    begin = records.index(turn[0] if turn else found[0][0])
    return Source(info, path, records[:begin] if turn else (), turn or records[begin:])


def _case(source: Source) -> dict[str, bytes]:
    """The task as an eval, where it ended well and what it left behind can be checked: then the gate can tell whether a
    skill that was made of it helps. Nothing where it cannot."""
    ended_badly = any(one.type == "turn_ended" for one in source.task)
    if ended_badly or triggers.facts(source.task).check:
        return {}
    try:
        made = mine.mine(source.task, source.info.id, "")
    except HermesError:
        return {}
    checks = tuple(check for check in made.checks if check.subject != "reply")
    return {f"evals/{made.name}.yaml": write(replace(made, checks=checks)).encode()} if checks else {}


def _look_back(errand: Errand, bench: Bench, source: Source, state: Pass, teacher: Provider) -> tuple[TurnEnded, Usage]:
    """One turn of its own, in a transcript of its own."""
    pen = _pen(bench, source, teacher)
    backend = bench.backend()
    found = triggers.facts(source.task)
    outcome = Outcome(source.task[0].id, "success", "reflection", "", tuple(found.skills), source.info.id)
    judge = JudgeTask(outcome, found.skills, pen.judge) if errand.task else None
    tools = toolset(state, judge, functools.partial(_case, source))
    remarks = NOTHING if errand.what else heard(bench.workspace)  # they would taint what the person asked for
    pen.origins |= remarks.origins
    asked = _asked(errand, bench, source, state, teacher.context_window, remarks.text)
    context = ToolContext(
        backend, bench.workspace, bench.index, _where(errand, source, teacher), _nobody, bench.emit, bench.cancel,
        _memo(bench, source, pen),
    )  # fmt: skip
    messages = (system(prompt()), asked)
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    turn = Turn(teacher, tools, messages, context, _nobody, inbox, bench.cancel, LIMITS, bench.clock)
    ended = TurnEnded("error", Usage(), "it stopped without an end")
    try:
        said = Appended(asked, least_trusted(pen.origins))
        for event in pen.write(_seen(itertools.chain([said], run_loop(turn)))):
            bench.emit(event)
            if isinstance(event, TurnEnded):
                ended = event
        pen.end(ended.reason)
        if ended.reason not in ("cancelled", "error"):
            learned_from(bench.workspace, remarks)
    finally:
        backend.close()
        pen.transcript.close()
    return ended, ended.usage


def _seen(events: Iterator[Event]) -> Iterator[Event]:
    """A skill that is read to be changed was not used."""
    return (event for event in events if not isinstance(event, SkillUsed))


def _pen(bench: Bench, source: Source, teacher: Provider) -> Pen:
    header = source.info.header
    draft = Header(
        "", "", CHANNEL, header.person, teacher.model, teacher.name, "", bench.workspace.head(), "", source.info.id
    )
    pen = Pen(bench.sessions.start(draft), bench.ulids, bench.clock, header.person, CHANNEL, teacher.model)
    pen.origins |= origins([*source.before, *source.task])
    if not bench.workspace.trust.owns_the_mind:
        pen.origins.add("file")  # a stranger's memory is in the prompt
    return pen


def _where(errand: Errand, source: Source, teacher: Provider) -> Where:
    trigger: Trigger = "user" if errand.what else "reflection"
    person = source.info.header.person
    return Where(source.info.id, source.path, person, CHANNEL, "owner", teacher.model, trigger)


def _memo(bench: Bench, source: Source, pen: Pen) -> Memo:
    limits = (bench.config.memory.memory_limit, bench.config.memory.user_limit)
    held = Settings(
        memory_limit=limits[0], user_limit=limits[1], review=bench.policy, gate=bench.gate, places=bench.places
    )
    return Memo(held, evidence=lambda: source.evidence, origins=pen.origins)


def _asked(errand: Errand, bench: Bench, source: Source, state: Pass, window: int, remarks: str) -> Message:
    room = min(1.0, SMALL * window / (TASK_TOKENS + BEFORE_TOKENS)) if window else 1.0
    before = excerpt(source.before, int(BEFORE_TOKENS * room))
    task = excerpt(source.task, int(TASK_TOKENS * room))
    held = known(bench.workspace, bench.places, source.info.header.person)
    asked = question(held, errand, before, task, sorted(state.kept))
    return user("\n\n".join(part for part in (remarks, asked) if part))


def _kept_before(errand: Errand, bench: Bench, trigger: Trigger) -> frozenset[str]:
    """The tools by which this errand kept something before it was cut off: lessons and proposals of the session, made
    by a look back since it was begun for the first time."""
    if errand.begun <= 1 and not errand.said:  # it was never at work before
        return frozenset()
    lessons = itertools.islice(history.walk(bench.workspace.git), _LATEST)
    made = [
        (lesson.kind, lesson.change)
        for lesson in lessons
        if lesson.trailers.get("Trigger") == trigger and lesson.trailers.get("Session") == errand.session
    ]
    made += [
        (one.kind, one.change)
        for one in Review(bench.workspace, Policy(**bench.config.review.model_dump())).waiting()
        if one.provenance.session == errand.session and one.provenance.trigger == trigger
    ]
    return frozenset(_TOOLS[kind] for kind, change in made if kind in _TOOLS and change > errand.started)


def _nobody(question: Question) -> Answer:
    """Nobody is there to ask."""
    return Answer(None)


@dataclass(slots=True)
class _Heard(Relayed):
    """A provider that remembers why it failed: the loop makes a line of it, and the queue wants to know more."""

    provider: Provider
    error: HermesError | None = field(default=None)

    @property
    def inner(self) -> Provider:
        return self.provider

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        try:
            yield from self.provider.stream(request, cancel)
        except HermesError as error:
            self.error = error
            raise
