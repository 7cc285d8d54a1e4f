"""The one loop: ask the model, run the calls it makes, until it answers. Knows no provider, tool or front end by name.

`run` is a generator that the front end drives: questions are asked in the thread that iterates, tools run in others.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from hermes_fs.agent.calls import CallRunner
from hermes_fs.agent.turn import Turn
from hermes_fs.core.errors import BudgetSpent, Cancelled, HermesError, ProviderError
from hermes_fs.core.events import Appended, EndReason, Event, Notice, TextDelta, TurnEnded
from hermes_fs.core.types import Message, Reply, Request, ToolSpec, Usage, assistant


@dataclass(slots=True)
class _Progress:
    messages: list[Message]
    started: float
    usage: Usage = field(default_factory=Usage)
    steps: int = 0


def run(turn: Turn) -> Iterator[Event]:
    """Yields the turn's events; the last is always TurnEnded. Raises nothing of our own: failure is an ending."""
    progress = _Progress(list(turn.messages), turn.clock.monotonic())
    try:
        reason, detail = yield from _steps(turn, progress)
    except Cancelled:
        reason, detail = "cancelled", "interrupted"
    except BudgetSpent as spent:
        reason, detail = spent.reason, str(spent)
    except HermesError as error:
        reason, detail = "error", str(error)
    yield TurnEnded(reason, progress.usage, detail)


def _steps(turn: Turn, progress: _Progress) -> Generator[Event, None, tuple[EndReason, str]]:
    specs = tuple(ToolSpec(tool.name, tool.description, tool.schema) for tool in turn.tools.values())
    runner = CallRunner(turn.tools, turn.context, turn.ask, turn.cancel, turn.clock)
    while True:
        turn.cancel.check()
        ending = _spent(turn, progress)
        if ending:
            return ending
        yield from _take_inbox(turn, progress)
        reply = yield from _ask_model(turn, progress, specs)
        progress.steps += 1
        progress.usage += reply.usage
        progress.messages.append(reply.message)
        yield Appended(reply.message, "agent", reply.usage, turn.provider.model)
        if reply.message.calls:
            results = yield from runner.run(reply.message.calls)
            progress.messages.append(results)
            yield Appended(results, "tool")
            if runner.is_stuck:
                return "repeating", "stopped: the model made the same call again and again; say what to do differently"
        elif turn.inbox.empty():
            return _ending(reply)


def _spent(turn: Turn, progress: _Progress) -> tuple[EndReason, str] | None:
    """Which limit is reached, if any; asked before each model call, so a turn may end at most one call over."""
    limits, usage = turn.limits, progress.usage
    seconds = turn.clock.monotonic() - progress.started
    spent: tuple[tuple[EndReason, float, float, str], ...] = (
        ("steps", limits.steps, progress.steps, f"{progress.steps} model calls"),
        ("tokens", limits.tokens, usage.total, f"{usage.total} tokens"),
        ("money", limits.money, usage.cost or 0.0, f"${usage.cost or 0:.2f}"),
        ("seconds", limits.seconds, seconds, f"{seconds:.0f} s"),
    )
    for reason, limit, value, said in spent:
        if limit and value >= limit:
            return reason, f"stopped after {said}; say 'continue' to go on"
    return None


def _take_inbox(turn: Turn, progress: _Progress) -> Iterator[Event]:
    while not turn.inbox.empty():
        message = turn.inbox.get()
        progress.messages.append(message)
        yield Appended(message, "owner")


def _ask_model(turn: Turn, progress: _Progress, specs: tuple[ToolSpec, ...]) -> Generator[Event, None, Reply]:
    yield from _compact(turn, progress, force=False)
    try:
        return (yield from _stream(turn, progress, specs))
    except ProviderError as error:
        if error.fault != "context" or not (yield from _compact(turn, progress, force=True)):
            raise
        return (yield from _stream(turn, progress, specs))


def _stream(turn: Turn, progress: _Progress, specs: tuple[ToolSpec, ...]) -> Generator[Event, None, Reply]:
    shown: list[str] = []
    try:
        for item in turn.provider.stream(Request(tuple(progress.messages), specs), turn.cancel):
            if isinstance(item, Reply):
                return item
            if isinstance(item, TextDelta):
                shown.append(item.text)
            elif isinstance(item, Notice) and item.kind in ("retry", "fallback"):
                shown.clear()
            yield item
    except HermesError:
        if shown:  # what a person has read must stand in the transcript
            yield Appended(assistant("".join(shown)), "agent")
        raise
    raise ProviderError("network", "the model's answer ended without an end", "try again")


def _compact(turn: Turn, progress: _Progress, force: bool) -> Generator[Event, None, bool]:
    done = turn.compactor(progress.messages, force, turn.cancel) if turn.compactor else None
    if done is None:
        return False
    compacted, usage = done
    progress.usage += usage
    progress.messages[1 : 1 + compacted.replaced] = [compacted.summary]
    yield compacted
    return True


def _ending(reply: Reply) -> tuple[EndReason, str]:
    match reply.finish:
        case "length":
            return "length", "the reply was cut at the model's output limit; say 'continue' to go on"
        case "filtered":
            return "filtered", "the provider's content filter stopped the reply; rephrase the request"
        case "stop" | "tools":
            if reply.message.text:
                return "done", ""
            return "error", "the model answered nothing; try again or choose another model with `hermes model`"
