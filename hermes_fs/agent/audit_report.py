"""The audit as a person reads it: Markdown with a chart of success over time. Pure; finds nothing out itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from hermes_fs.core.statistics import wilson
from hermes_fs.core.terminal import one_line
from hermes_fs.store.outcomes import Task
from hermes_fs.store.skill_health import Health

_BAR = 20
_WEEKS = 12
_ROWS = 30
_DAYS = re.compile(r"(?<=: not used for )\d+ days")


@dataclass(frozen=True, slots=True)
class Findings:
    """What an audit looked at and found. `done` are the tasks since the audit before, `all_done` all of them; `twins`
    are pairs of skills that say the same, the one that is of less use first; `doubts` are lines on what in memory may
    contradict itself, `proposed` lines on what it proposes."""

    since: datetime | None
    now: datetime
    done: Sequence[Task]
    all_done: Sequence[Task]
    skills: Sequence[Health]
    twins: Sequence[tuple[str, str]]
    doubts: Sequence[str]
    proposed: Sequence[str]


def report(found: Findings, name: str) -> str:
    """The text of `audits/<name>.md`."""
    return "\n\n".join(part for part in _parts(found, name) if part) + "\n"


def is_news(found: Findings, last: str) -> bool:
    """Whether the report `last` ("" for none) does not say all of it already. That a day more went by is no news."""
    fresh = [line for line in found.proposed if line not in last]
    return bool(found.done or fresh) or _standing(report(found, "")) != _standing(last)


def _standing(text: str) -> dict[str, str]:
    """What a report says of how things stand: its sections but for those of the time since the one before."""
    cut = (section.partition("\n") for section in text.rstrip("\n").split("\n## ")[1:])
    return {title: _DAYS.sub("", body).strip() for title, _, body in cut if title not in ("Proposed", "Models")}


def _parts(found: Findings, name: str) -> Iterator[str]:
    since = f"since {found.since.astimezone():%Y-%m-%d}" if found.since else "so far"
    yield f"# Audit {name}"
    yield f"{_counted(len(found.done), 'task')} {since}: {_rate(found.done)}."
    yield _chart(found.all_done)
    yield _section("Proposed", found.proposed, "Nothing.")
    yield _section("To look at", list(_remarks(found)), "Nothing stands out.")
    yield _skills(found)
    yield _models(found.done)


def _rate(done: Sequence[Task]) -> str:
    if not done:
        return "nothing to judge"
    good = sum(task.weight for task in done)
    low, high = wilson(good, len(done))
    return f"{good / len(done):.0%} went well (95 % interval {low:.0%} to {high:.0%})"


def _chart(done: Sequence[Task]) -> str:
    """A bar a week, the newest twelve in which something was done."""
    weeks: dict[str, list[Task]] = defaultdict(list)
    for task in done:
        year, week, _ = task.at.astimezone().isocalendar()
        weeks[f"{year}-W{week:02}"].append(task)
    if not weeks:
        return ""
    lines = []
    for name, tasks in sorted(weeks.items())[-_WEEKS:]:
        rate = sum(task.weight for task in tasks) / len(tasks)
        full = round(rate * _BAR)
        lines.append(f"{name}  {'█' * full}{'░' * (_BAR - full)}  {rate:4.0%} of {len(tasks)}")
    return "## Success over time\n\n```\n" + "\n".join(lines) + "\n```"


def _section(title: str, lines: Sequence[str], nothing: str) -> str:
    return f"## {title}\n\n" + ("\n".join(f"- {line}" for line in lines) if lines else nothing)


def _remarks(found: Findings) -> Iterator[str]:
    for one in found.skills:
        if one.fails:
            yield f"**{one.name}** fails: {one.now.good:g} of {_counted(one.now.uses, 'task')} that used it went well."
    for less, more in found.twins:
        yield f"**{less}** says much the same as **{more}**."
    yield from found.doubts
    stale = [one for one in found.skills if one.is_stale]
    for one in stale[:_ROWS]:
        yield f"**{one.name}** is stale: not used for {one.idle.days} days."
    if len(stale) > _ROWS:
        yield f"{len(stale) - _ROWS} more skills are stale."


def _skills(found: Findings) -> str:
    rows = [one for one in found.skills if one.now.uses]
    if not rows:
        return ""
    lines = ["| skill | version | uses | success | 95 % | the version before |", "|---|---|---|---|---|---|"]
    for one in sorted(rows, key=lambda one: (one.now.rate, one.name))[:_ROWS]:
        before = f"{one.before[1].rate:.0%} of {one.before[1].uses}" if one.before and one.before[1].uses else ""
        span = f"{one.now.low:.0%} to {one.now.high:.0%}"
        rate = f"{one.now.rate:.0%}{' ▼' if one.is_worse else ''}"
        lines.append(f"| {one.name} | v{one.version.number} | {one.now.uses} | {rate} | {span} | {before} |")
    return "## Skills\n\n" + "\n".join(lines)


def _models(done: Sequence[Task]) -> str:
    by_model: dict[str, list[Task]] = defaultdict(list)
    for task in done:
        by_model[task.model].append(task)
    if not by_model:
        return ""
    lines = ["| model | tasks | success | tokens a task |", "|---|---|---|---|"]
    for model, tasks in sorted(by_model.items(), key=lambda row: -len(row[1]))[:_ROWS]:
        good, tokens = sum(task.weight for task in tasks), sum(task.tokens for task in tasks)
        cells = (_cell(model), str(len(tasks)), f"{good / len(tasks):.0%}", f"{tokens // len(tasks):,}")
        lines.append(f"| {' | '.join(cells)} |")
    return "## Models\n\n" + "\n".join(lines)


def _cell(text: str) -> str:
    """Words of others in a table: on one line, without what Markdown would read."""
    return one_line(text, 60).replace("|", "/").replace("`", "'").replace("<", "‹")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
