"""Counts what sessions cost and used, by day, from their transcripts. Its database is a cache that may be deleted.

A transcript that has not changed since it was counted is not read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hermes_fs.core.clock import parse_iso
from hermes_fs.store.per_transcript import Counting, counted
from hermes_fs.store.transcript import OWN_CHANNELS, Contents, Record
from hermes_fs.store.turns import turns

_COLUMNS = """
  day text not null, kind text not null, name text not null, count integer not null, input integer not null,
  output integer not null, cached integer not null, cost real not null, unpriced integer not null,
  seconds real not null, failed integer not null
"""


@dataclass(slots=True)
class Fact:
    """What was counted under one name. Tokens are those of models; `cost` in US dollars, of the `count` less those
    `unpriced`; `seconds` of wall time; `failed` are tool calls that failed, or skills' tasks that were judged bad."""

    count: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    cost: float = 0.0
    unpriced: int = 0
    seconds: float = 0.0
    failed: int = 0

    def add(self, other: Fact) -> None:
        self.count += other.count
        self.input += other.input
        self.output += other.output
        self.cached += other.cached
        self.cost += other.cost
        self.unpriced += other.unpriced
        self.seconds += other.seconds
        self.failed += other.failed


_WORK = frozenset(("message", "tool_call", "tool_result", "usage", "turn_ended"))
"""What is done in a turn; what is noted of it later takes none of its time."""

Facts = dict[tuple[str, str, str], Fact]
"""By (day as YYYY-MM-DD on this machine's clock, kind, name). Kinds: session, turn, model, tool, skill, outcome."""


@dataclass(slots=True)
class Insights:
    """Counts of a span of days, by kind and name, and by kind and day."""

    names: dict[str, dict[str, Fact]] = field(default_factory=lambda: defaultdict(dict))
    days: dict[str, dict[str, Fact]] = field(default_factory=lambda: defaultdict(dict))

    def of(self, kind: str) -> Fact:
        """All of a kind together."""
        whole = Fact()
        for fact in self.names.get(kind, {}).values():
            whole.add(fact)
        return whole


def insights(sessions: Path, state_dir: Path, since: datetime, until: datetime) -> Insights:
    """Everything from `since` to `until`, by whole days. `sessions` is the folder of transcripts."""
    with counted(state_dir / "insights.db", Counting(4, _COLUMNS, _rows), sessions) as db:
        rows = db.execute(
            "select day, kind, name, sum(count), sum(input), sum(output), sum(cached), sum(cost), sum(unpriced),"
            " sum(seconds), sum(failed) from rows where day between ? and ? group by day, kind, name",
            (_day(since), _day(until)),
        ).fetchall()
    found = Insights()
    for day, kind, name, *counts in rows:
        fact = Fact(*counts)
        found.names[kind].setdefault(name, Fact()).add(fact)
        found.days[kind].setdefault(day, Fact()).add(fact)
    return found


def count(records: Sequence[Record]) -> Facts:
    """The facts of one transcript."""
    facts: Facts = defaultdict(Fact)
    skills: dict[str, str] = {}
    for record in records:
        if at := _moment(record.at):
            for kind, name, fact in _facts_of(record, skills):
                facts[_day(at), kind, name].add(fact)
    for turn in turns(records):
        if times := [at for record in turn if record.type in _WORK and (at := _moment(record.at))]:
            facts[_day(times[0]), "turn", ""].add(Fact(1, seconds=max((times[-1] - times[0]).total_seconds(), 0.0)))
    return facts


def _facts_of(record: Record, skills: dict[str, str]) -> Iterator[tuple[str, str, Fact]]:
    data = record.data
    match record.type:
        case "usage":
            cost = data.get("cost")
            read, wrote, cached = (record.whole(key) for key in ("input", "output", "cached"))
            spent = float(cost) if isinstance(cost, int | float) else 0.0
            yield "model", record.text("model"), Fact(1, read, wrote, cached, spent, cost is None)
        case "tool_result":
            seconds = data.get("seconds")
            took = float(seconds) if isinstance(seconds, int | float) else 0.0
            yield "tool", record.text("name"), Fact(1, seconds=took, failed=bool(data.get("failed")))
        case "skill_used":
            skills[record.text("tree")] = record.text("name")
            yield "skill", record.text("name"), Fact(1)
        case "outcome":
            if record.text("why") not in ("", "feedback"):  # what the agent thinks of itself is `skills stats`' matter
                return
            result = {"good": "success", "bad": "failure"}.get(said := record.text("result"), said)
            bad = result == "failure"
            yield "outcome", result, Fact(1)
            trees = data.get("skills")
            for tree in trees if isinstance(trees, list) else ():
                if bad and str(tree) in skills:
                    yield "skill", skills[str(tree)], Fact(failed=1)


def _rows(contents: Contents) -> Iterator[tuple[Any, ...]]:
    facts = count(contents.records)
    if contents.header.channel in OWN_CHANNELS:  # what it costs counts; it is nobody's conversation
        facts = {key: fact for key, fact in facts.items() if key[1] in ("model", "tool")}
    elif started := _moment(contents.header.started):
        facts[_day(started), "session", contents.header.channel].add(Fact(1))
    for key, f in facts.items():
        counts = (f.count, f.input, f.output, f.cached, f.cost, f.unpriced, f.seconds, f.failed)
        yield (*key, *counts)


def _moment(text: str) -> datetime | None:
    try:
        return parse_iso(text)
    except ValueError:
        return None


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d}"
