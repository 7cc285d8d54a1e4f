"""How tasks went, and with which version of which skill: read out of transcripts. Judges nothing itself.

A task is a turn with at least one tool call. What is said of it stands in `outcome` events: in its own transcript, in
that of a reflection, or where the session was gone on with. Each names a message of the turn. The strongest source
counts, and of one source what it said last.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from hermes_fs.core.clock import parse_iso
from hermes_fs.store.per_transcript import Counting, counted
from hermes_fs.store.transcript import OWN_CHANNELS, Contents, Record
from hermes_fs.store.turns import ids, is_answered, turns

Result = Literal["success", "failure", "partial"]
Source = Literal["ended", "reflection", "correction", "check", "feedback"]
"""Who says so, the weakest first: the turn's own end, a reflection, the person's next message, a check that ran, the
person."""

WEIGHT: Mapping[Result, float] = {"success": 1.0, "partial": 0.5, "failure": 0.0}
_RESULTS: Mapping[str, Result] = {"success": "success", "failure": "failure", "partial": "partial", "good": "success",
                                  "bad": "failure"}  # fmt: skip
_STRENGTH: Mapping[str, int] = {source: place for place, source in enumerate(get_args(Source))}
_COLUMNS = """
  kind text not null, session text not null, task text not null, at text not null, model text not null,
  about text not null
"""

_Key = tuple[str, str]
"""(session, the id of the turn's first message)."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task. `skills` are (name, tree id) of those that it read; `calls` of tools, `failed` of them; `tokens` in and
    out. `why` is the source of `result`, `note` what it said, `each` the results of single skills, by tree, that differ
    from it."""

    session: str
    id: str
    at: datetime
    model: str
    skills: tuple[tuple[str, str], ...]
    calls: int
    failed: int
    tokens: int
    result: Result
    why: Source
    note: str = ""
    each: tuple[tuple[str, Result], ...] = ()

    @property
    def weight(self) -> float:
        """1 for a success, 0 for a failure, a half for what is between."""
        return WEIGHT[self.result]


def tasks(sessions: Path, state_dir: Path) -> list[Task]:
    """Every task of the folder of transcripts with what is known of how it went, oldest first."""
    with counted(state_dir / "outcomes.db", Counting(4, _COLUMNS, _rows), sessions) as db:
        rows = db.execute("select kind, session, task, at, model, about from rows order by at").fetchall()
    found: dict[_Key, tuple[str, str, Mapping[str, Any]]] = {}
    named: dict[_Key, _Key] = {}
    for kind, session, task, at, model, about in rows:
        if kind == "task":
            found[session, task] = (at, model, json.loads(about))
            named |= {(session, id): (session, task) for id in found[session, task][2]["asked"]}
    anywhere = {id: key for (_, id), key in named.items()}  # where a session is gone on with, what it did is corrected
    said: dict[_Key, Mapping[str, Any]] = {}
    for kind, session, task, _, _, about in rows:
        key = named.get((session, task)) or anywhere.get(task)
        if kind == "outcome" and key:
            data = json.loads(about)
            if _STRENGTH[data["why"]] >= _STRENGTH[said.get(key, data)["why"]]:
                said[key] = data
    made = [_task(key, *parts, said.get(key, {})) for key, parts in found.items()]
    return [task for task in made if task]


def by_version(done: Sequence[Task]) -> dict[tuple[str, str], list[Task]]:
    """The tasks that used each version of each skill, by (name, tree id), with the skill's own result."""
    found: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in done:
        own = dict(task.each)
        for skill in dict.fromkeys(task.skills):
            found[skill].append(replace(task, result=own.get(skill[1], task.result)) if own else task)
    return found


# -- out of one transcript --------------------------------------------------------------------------------------------


def _rows(contents: Contents) -> Iterator[tuple[Any, ...]]:
    header = contents.header
    for turn in turns(contents.records) if header.channel not in OWN_CHANNELS else ():
        if calls := [record for record in turn if record.type == "tool_result"]:
            about = {
                "asked": ids(turn),
                "skills": [[one.text("name"), one.text("tree")] for one in turn if one.type == "skill_used"],
                "calls": len(calls),
                "failed": sum(bool(one.data.get("failed")) for one in calls),
                "tokens": sum(one.whole("input") + one.whole("output") for one in turn if one.type == "usage"),
                "cut": next((one.text("reason") for one in turn if one.type == "turn_ended"), ""),
                "answered": is_answered(turn),
            }
            model = next((one.text("model") for one in turn if one.type == "usage"), header.model)
            yield "task", header.session, turn[0].id, turn[0].at, model, json.dumps(about)
    for record in contents.records:
        result, why = _RESULTS.get(record.text("result")), record.text("why") or "feedback"
        if record.type == "outcome" and result and why in _STRENGTH:
            told = {"result": result, "why": why, "note": record.text("note"), "each": list(_each(record))}
            session = record.text("session") or header.session
            yield "outcome", session, record.text("task"), record.at, "", json.dumps(told)


def _task(key: tuple[str, str], at: str, model: str, data: Mapping[str, Any], said: Mapping[str, Any]) -> Task | None:
    try:
        when = parse_iso(at)
    except ValueError:
        return None
    skills = tuple((str(name), str(tree)) for name, tree in data["skills"])
    counts = (data["calls"], data["failed"], data["tokens"])
    own: Result = "failure" if data["cut"] else "success" if data["answered"] else "partial"  # still at it, or killed
    result = _RESULTS.get(said.get("result", ""), own)
    each = tuple((str(tree), _RESULTS[one]) for tree, one in said.get("each", ()))
    return Task(*key, when, model, skills, *counts, result, said.get("why", "ended"), said.get("note", ""), each)


def _each(record: Record) -> Iterator[tuple[str, str]]:
    """What is said of single skills, by tree."""
    said = record.data.get("each")
    for tree, result in said.items() if isinstance(said, Mapping) else ():
        if str(result) in _RESULTS:
            yield str(tree), str(result)
