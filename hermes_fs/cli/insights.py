"""`hermes insights`: what the agent cost and used, by day, model, tool and skill. Reads transcripts only."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer

from hermes_fs.apps.chat.describe import count as short
from hermes_fs.cli import dates
from hermes_fs.cli.app import example, single
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bold, dim, print_json, print_table
from hermes_fs.core.terminal import one_line
from hermes_fs.store.insights import Fact, Insights, insights

app = single()

_BARS = " ▁▂▃▄▅▆▇█"
_LONG = 24
_ROWS = 10


@app.command(epilog=example("hermes insights", "hermes insights --since 7d", "hermes insights --since 2026-01 --json"))
def insights_command(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="From this date on: 2026-01-31, 7d, yesterday.")] = "30d",
    until: Annotated[str, typer.Option(help="Up to this date.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Show tokens, cost, time, tools and skills, by day and model."""
    now = dates.utc_now()
    first = dates.require(since, now)
    last = dates.require(until, now) if until else now
    with opened(context) as workspace:
        found = insights(workspace.root / "sessions", workspace.state_dir, first, last)
    if as_json:
        print_json(_as_json(found))
        return
    if not found.names:
        print(f"Nothing was done since {first.astimezone():%Y-%m-%d}.")
        return
    _totals(found)
    _charts(found, first, last)
    _table("model", ["calls", "prompt", "cached", "replies", "cost"], found, _model_row)
    _table("tool", ["calls", "failed", "time"], found, lambda f: [str(f.count), _some(f.failed), _time(f.seconds)])
    _table("skill", ["used", "judged bad"], found, lambda f: [str(f.count), _some(f.failed)])


def _totals(found: Insights) -> None:
    model, turns, tools = found.of("model"), found.of("turn"), found.of("tool")
    cached = _share(model.cached, model.input)
    judged = {name: fact.count for name, fact in found.names.get("outcome", {}).items()}
    rows = [
        ("sessions", f"{found.of('session').count:,}"),
        ("turns", f"{turns.count:,} in {_time(turns.seconds)}"),
        ("tokens", f"{short(model.input)} read ({cached} of it cached), {short(model.output)} written"),
        ("cost", _cost(model)),
        ("tool calls", f"{tools.count:,}, {_share(tools.failed, tools.count)} failed"),
    ]
    if judged:
        rows.append(("judged", f"{judged.get('success', 0)} good, {judged.get('failure', 0)} bad"))
    for label, value in rows:
        print(f"{label:<10}  {value}")


def _charts(found: Insights, first: datetime, last: datetime) -> None:
    """A bar a day, for tokens, cost and turns; the newest 60 days."""
    days = list(_days(first, last))[-60:]
    tokens = [fact.input + fact.output for fact in _by_day(found, "model", days)]
    costs = [fact.cost for fact in _by_day(found, "model", days)]
    turns = [float(fact.count) for fact in _by_day(found, "turn", days)]
    print(f"\n{bold('by day')}  {dim(f'{days[0]} to {days[-1]}')}")
    for label, values, most in (
        ("tokens", tokens, short(int(max(tokens)))),
        ("cost", costs, f"${max(costs):.2f}"),
        ("turns", turns, f"{max(turns):.0f}"),
    ):
        if any(values):
            print(f"{label:<10}  {bars(values)}  {dim(f'at most {most}')}")


def bars(values: Sequence[float]) -> str:
    """A character for each value, its height in proportion to the greatest; what is not 0 is seen."""
    most = max(values, default=0) or 1
    return "".join(_BARS[min(max(round(value / most * 8), 1), 8)] if value else _BARS[0] for value in values)


def _table(kind: str, headers: Sequence[str], found: Insights, row: Callable[[Fact], list[str]]) -> None:
    facts = found.names.get(kind, {})
    if not facts:
        return
    ranked = sorted(facts.items(), key=lambda item: (-(item[1].input + item[1].count), item[0]))
    most = max(fact.input + fact.count for fact in facts.values())
    print()
    rows = []
    for name, fact in ranked[:_ROWS]:
        length = round((fact.input + fact.count) / most * _LONG / 2)
        rows.append([one_line(name) or "unknown", *row(fact), "█" * max(length, 1)])
    print_table([kind, *headers, ""], rows)
    if len(ranked) > _ROWS:
        print(dim(f"and {len(ranked) - _ROWS} more; --json has them all"))


def _model_row(fact: Fact) -> list[str]:
    return [str(fact.count), short(fact.input), _share(fact.cached, fact.input), short(fact.output), _cost(fact)]


def _by_day(found: Insights, kind: str, days: Sequence[str]) -> Iterator[Fact]:
    known: Mapping[str, Fact] = found.days.get(kind, {})
    return (known.get(day, Fact()) for day in days)


def _days(first: datetime, last: datetime) -> Iterator[str]:
    day = first.astimezone().date()
    while day <= last.astimezone().date():
        yield day.isoformat()
        day += timedelta(days=1)


def _cost(fact: Fact) -> str:
    if fact.unpriced and fact.unpriced == fact.count:
        return "unknown"
    return f"${fact.cost:.2f}" + (" and more: some calls have no price" if fact.unpriced else "")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "0%"


def _some(number: int) -> str:
    return str(number) if number else "-"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _as_json(found: Insights) -> dict[str, object]:
    def plain(table: Mapping[str, Mapping[str, Fact]]) -> dict[str, dict[str, object]]:
        return {kind: {name: dataclasses.asdict(f) for name, f in facts.items()} for kind, facts in table.items()}

    return {"by_name": plain(found.names), "by_day": plain(found.days)}
