"""`hermes sessions replay`: what a session would come to with another version of the mind, or another model."""

from __future__ import annotations

import contextlib
import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from hermes_fs.agent.rerun import Call, Compared, Way, rerun, total
from hermes_fs.agent.rerun_stage import CHANNEL, Wanted, stage
from hermes_fs.cli import dates
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.moments import commit_at
from hermes_fs.cli.output import bad, bold, dim, good, print_json, warning
from hermes_fs.core.errors import Cancelled, NotFound, Refused, UsageError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.core.types import Usage
from hermes_fs.providers.presets import PRESETS
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import history, locate, turns
from hermes_fs.store.sessions import SessionInfo
from hermes_fs.store.transcript import OWN_CHANNELS, Header
from hermes_fs.store.workspace import Workspace

_CALL = 100  # characters of a call that are shown


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the command line says; empty fields are left to the session, or to now."""

    session: str
    at: str = ""
    mind: Path | None = None
    model: str = ""
    first: int = 0
    live: bool = False
    work: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Against:
    """The version of the mind that is asked."""

    mind: Workspace
    commit: str


def replay(context: typer.Context, wanted: Replayed) -> None:
    """Does it and shows what came of it."""
    if wanted.work and not wanted.live:
        raise UsageError("--work is for tools that run", "add --live")
    with contextlib.ExitStack() as stack:
        runtime = stack.enter_context(Runtime.open(Options(context.obj.workspace, Path.cwd(), os.environ)))
        info = _session(runtime, wanted.session)
        whole = runtime.sessions.whole(info)
        asked = turns.turns(whole.records)[: wanted.first or None]
        if not asked:
            raise NotFound(f"nobody said anything in session {info.id}", "name another: hermes sessions list")
        against = _against(stack, runtime, wanted.mind, wanted.at)
        cancel = Cancel()
        means = runtime.means(wanted.model or _own_model(info.header), cancel)
        provider = means.provider()
        header = _header(info.header, info.id, against.commit, provider.model, provider.name)
        transcript = runtime.sessions.start(header)
        place = Wanted(against.mind, against.commit, whole.records, runtime.work_dir, wanted.live, wanted.work)
        made = stack.enter_context(stage(place, means, runtime.config, transcript, runtime.skill_places))
        if not wanted.as_json:
            _head(info, header, against)
        found = list(_watched(rerun(made.conversation, asked, made.recording, whole.blob), len(asked), wanted.as_json))
        kept = transcript.header.session
    if wanted.as_json:
        print_json(_as_json(info, header, kept, found))
        return
    _sum(found, kept)


def _watched(found: Iterator[Compared], count: int, silent: bool) -> Iterator[Compared]:
    with Bar("asking again", "messages") as bar:
        for place, one in enumerate(found, 1):
            if one.now.ended == "cancelled":
                raise Cancelled
            bar(place, count)
            if not silent:
                bar.done()
                _show(place, one)
            yield one


def _session(runtime: Runtime, name: str) -> SessionInfo:
    info = runtime.sessions.find(name)
    if info.header.channel in OWN_CHANNELS:
        whose = f"hermes sessions replay {info.header.parent}" if info.header.channel == CHANNEL else ""
        raise Refused(f"session {info.id} is none of a person's", whose or "name another: hermes sessions list")
    return info


def _against(stack: contextlib.ExitStack, runtime: Runtime, mind: Path | None, at: str) -> _Against:
    asked = runtime.workspace
    if mind is not None:
        asked = stack.enter_context(Workspace.open(locate.find(mind, Path.cwd(), {})))
    commit = commit_at(asked, at) if at else asked.head()
    if not commit:
        raise NotFound("there is no lesson yet", "commit something on main first")
    return _Against(asked, commit)


def _own_model(header: Header) -> str:
    """As --model names it; "" is the one that is set up."""
    known = header.provider in PRESETS and header.model
    return f"{header.provider}/{header.model}" if known else header.model if header.provider else ""


def _header(then: Header, session: str, commit: str, model: str, provider: str) -> Header:
    return replace(
        then,
        channel=CHANNEL,
        model=model,
        provider=provider,
        commit=commit,
        parent=session,
        title=f"Replay: {then.title}",
    )


def _head(info: SessionInfo, header: Header, against: _Against) -> None:
    print(bold(one_line(info.header.title)))
    print(f"{dim('session')}  {info.id}")
    then = info.header.commit[:8] or "unknown"
    [lesson] = history.these(against.mind.git, [against.commit])
    what = f"{lesson.short} ({one_line(lesson.subject)}, {dates.friendly(lesson.when, dates.utc_now())})"
    print(f"{dim('mind   ')}  {'as then' if info.header.commit == against.commit else f'{then} → {what}'}")
    same = header.model == info.header.model
    models = (
        one_line(header.model) if same else f"{one_line(info.header.model) or 'unknown'} → {one_line(header.model)}"
    )
    print(f"{dim('model  ')}  {models}{' as then' * same}")


def _show(place: int, one: Compared) -> None:
    print(f"\n{dim(f'{place}')}  {bold(one_line(one.asked, 200))}")
    if one.same:
        print(good("   the same answer"))
    else:
        for line in _differing(one.then.answer.splitlines(), one.now.answer.splitlines()):
            print(line)
    for name, way in (("then", one.then), ("now", one.now)):
        if way.ended != "done":
            print(warning(f"   {name} it ended early: {one_line(way.ended)} {one_line(way.detail)}".rstrip()))
    before, after = [_called(call) for call in one.then.calls], [_called(call) for call in one.now.calls]
    if before or after:
        print(dim("   calls" if before != after else f"   calls: the same {len(after)}"))
    for line in _differing(before, after) if before != after else ():
        print(line)
    if one.refused:
        print(warning(f"   {one.refused} of them not done: the session made no such call (--live lets tools run)"))
    print(dim(f"   {_spent(one.then.usage, one.now.usage)}"))


def _differing(then: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    """Both in one: what only then has, what only now has, and what both have between them."""
    for tag, start, end, begin, stop in difflib.SequenceMatcher(None, then, now, autojunk=False).get_opcodes():
        for line in then[start:end]:
            yield f"     {neutralise(line)}" if tag == "equal" else bad(f"   - {neutralise(line)}")
        for line in now[begin:stop] if tag != "equal" else ():
            yield good(f"   + {neutralise(line)}")


def _called(call: Call) -> str:
    return one_line(f"{call.name} {call.arguments}", _CALL) + (" ✗" if call.failed else "")


def _spent(then: Usage, now: Usage) -> str:
    tokens = f"{then.input:,} in, {then.output:,} out → {now.input:,} in, {now.output:,} out"
    known = then.cost is not None or now.cost is not None
    return f"tokens {tokens}{f' · cost {_cost(then)} → {_cost(now)}' if known else ''}"


def _cost(usage: Usage) -> str:
    return "unknown" if usage.cost is None else f"${usage.cost:.4f}"


def _sum(found: Sequence[Compared], kept: str) -> None:
    then, now = total([one.then for one in found]), total([one.now for one in found])
    differ = sum(not one.same for one in found)
    served, refused = sum(one.served for one in found), sum(one.refused for one in found)
    print(f"\n{bold(f'{differ} of {len(found)} answers differ')}")
    print(f"calls {len(then.calls)} → {len(now.calls)} ({served} answered from the record, {refused} refused)")
    print(_spent(then.usage, now.usage))
    print(dim(f"kept: hermes sessions show {kept[-6:]}"))


def _as_json(info: SessionInfo, header: Header, kept: str, found: Sequence[Compared]) -> dict[str, Any]:
    return {
        "session": info.id,
        "replay": kept,
        "then": {"commit": info.header.commit, "model": info.header.model},
        "now": {"commit": header.commit, "model": header.model},
        "messages": [
            {
                "asked": one.asked,
                "same": one.same,
                "then": _plain(one.then),
                "now": {**_plain(one.now), "served": one.served, "refused": one.refused},
            }
            for one in found
        ],
        "total": {
            "differ": sum(not one.same for one in found),
            "then": _plain(total([one.then for one in found])),
            "now": _plain(total([one.now for one in found])),
        },
    }


def _plain(way: Way) -> dict[str, Any]:
    usage = way.usage
    return {
        "answer": way.answer,
        "ended": way.ended,
        "detail": way.detail,
        "calls": [{"name": one.name, "arguments": one.arguments, "failed": one.failed} for one in way.calls],
        "tokens": {"input": usage.input, "output": usage.output, "cached": usage.cached},
        "cost": usage.cost,
    }
