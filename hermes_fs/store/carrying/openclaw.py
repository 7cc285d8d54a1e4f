"""Reads an OpenClaw state folder (~/.openclaw) or workspace. Changes nothing in it.

Its layout, from its public documentation of 2026: workspace/ with MEMORY.md, USER.md, SOUL.md, IDENTITY.md, TOOLS.md,
AGENTS.md, memory/YYYY-MM-DD.md, skills/; beside it skills/, cron/jobs.json or the table cron_jobs of
state/openclaw.sqlite, agents/<id>/sessions/<id>.jsonl or the table transcript_events of
agents/<id>/agent/openclaw-agent.sqlite. A transcript's lines: {type: session, id, timestamp}, then {type: message, id,
timestamp, message: {role: user|assistant|toolResult, content, …}}.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hermes_fs.core.clock import parse_iso
from hermes_fs.core.errors import Failed
from hermes_fs.core.types import Origin
from hermes_fs.store.carrying import jobs, words
from hermes_fs.store.carrying.database import Reader, reading
from hermes_fs.store.carrying.hermes_agent import MAX_TEXT, as_text, moment, parsed, text_of
from hermes_fs.store.carrying.reading import Place
from hermes_fs.store.carrying.things import Call, Home, LeftOut, Line, Speaker, Talk

SHARED = "state/openclaw.sqlite"
AGENT = "agent/openclaw-agent.sqlite"
_SPEAKERS: Mapping[str, Speaker] = {"user": "user", "assistant": "assistant", "toolResult": "tool"}
_GROUP = re.compile(r":(?:group|channel|thread|room|hook|webhook)(?::|$)")
_MANY = 200_000  # rows of one conversation
_NOTES = {"TOOLS.md": "openclaw/tools", "IDENTITY.md": "openclaw/identity", "DREAMS.md": "openclaw/dreams"}
_STAYS = {
    "AGENTS.md": "standing orders are yours to write: copy what still holds into AGENTS.md",
    "HEARTBEAT.md": "orders for its heartbeat, which there is none of here",
    "BOOT.md": "orders for its start",
    "BOOTSTRAP.md": "orders for its first run",
}
_STAYS_BESIDE = {
    "openclaw.json": "settings are made here: hermes setup",
    "credentials": "keys and logins are never read",
    "extensions": "programs of the other agent",
    "hooks": "programs of the other agent",
}


def read(place: Place, beside: Place | None, state_dir: Path) -> Home:
    """What a workspace holds, and the state folder it belongs to (`beside`), where that is known."""
    notes = {topic: text for name, topic in _NOTES.items() if (text := place.text(name)).strip()}
    for name in place.names("memory", ".md"):
        if (text := place.text(f"memory/{name}")).strip():
            notes[free_topic(f"openclaw/{topic(name)}", notes)] = text
    memory = place.text("MEMORY.md") or place.text("memory.md")
    left = [LeftOut(name, why) for name, why in _STAYS.items() if place.has(name)]
    found: dict[str, dict[str, Any]] = {}
    if beside:
        found, other = _jobs(beside, state_dir)
        left += [*other, *(LeftOut(name, why) for name, why in _STAYS_BESIDE.items() if beside.has(name))]
        left += [
            LeftOut(name, f"a workspace of its own: hermes import {beside.root / name}")
            for name in beside.names("")
            if name.startswith("workspace-")
        ]
        left += beside.left_out
    return Home(
        "openclaw",
        place.root,
        tuple(words.of_markdown(memory)),
        tuple(words.of_markdown(place.text("USER.md"))),
        notes,
        found,
        place.text("SOUL.md"),
        tuple(one.root / "skills" for one in (place, beside) if one and one.is_dir("skills")),
        talks=functools.partial(_talks, beside, state_dir) if beside else lambda: iter(()),
        left_out=(*left, *place.left_out),
    )


def topic(name: str) -> str:
    """What a note is called here."""
    plain = unicodedata.normalize("NFC", name.removesuffix(".md").lower())
    return re.sub(r"[^\w-]+", "-", plain).strip("-_")[:60] or "note"


def free_topic(topic: str, taken: Container[str]) -> str:
    """The topic, with a number where another note has it."""
    number, candidate = 2, topic
    while candidate in taken:
        number, candidate = number + 1, f"{topic}-{number}"
    return candidate


def _jobs(beside: Place, state_dir: Path) -> tuple[dict[str, dict[str, Any]], list[LeftOut]]:
    rows: list[Any] = []
    left: list[LeftOut] = []
    if beside.is_file(SHARED):
        try:
            with reading(beside.root / SHARED, state_dir) as database:
                if "job_json" in database.columns("cron_jobs"):
                    rows = [parsed(str(row[0])) for row in database.rows("select job_json from cron_jobs limit 1000")]
        except Failed as error:
            left.append(LeftOut("jobs", str(error)))
    made, more = jobs.records({"jobs": rows} if rows else beside.json("cron/jobs.json"))
    return made, left + more


# -- conversations ----------------------------------------------------------------------------------------------------


def _talks(beside: Place, state_dir: Path) -> Iterator[Talk | LeftOut]:
    for agent in beside.names("agents"):
        folder = f"agents/{agent}/sessions"
        keys = _keys(beside.json(f"{folder}/sessions.json"))
        known: set[str] = set()
        if beside.is_file(f"agents/{agent}/{AGENT}"):
            for one in _of_database(beside.root / "agents" / agent / AGENT, agent, keys, state_dir):
                if isinstance(one, Talk):
                    known.add(one.key)
                yield one
        for name in beside.names(folder, ".jsonl"):
            key = f"openclaw:{agent}:{name.removesuffix('.jsonl')}"
            if key not in known and beside.is_file(f"{folder}/{name}"):
                yield _of_file(beside, f"{folder}/{name}", key, keys)


def _keys(index: Any) -> dict[str, str]:
    """Where each session was held: its id → the key under which OpenClaw keeps it, such as agent:main:telegram:…"""
    rows = index.items() if isinstance(index, Mapping) else ()
    return {str(row["sessionId"]): str(key) for key, row in rows if isinstance(row, Mapping) and "sessionId" in row}


def _of_file(beside: Place, name: str, key: str, keys: Mapping[str, str]) -> Talk | LeftOut:
    def events() -> Iterator[tuple[str, Any]]:
        for number, line in beside.lines(name):
            yield str(number), parsed(line.decode("utf-8", "replace"))

    return _talk(key, keys, events)


def _of_database(path: Path, agent: str, keys: Mapping[str, str], state_dir: Path) -> Iterator[Talk | LeftOut]:
    try:
        with reading(path, state_dir) as database:
            if "event_json" not in database.columns("transcript_events"):
                return
            found = [str(row[0]) for row in database.rows("select distinct session_id from transcript_events")]
            for id in found:
                yield _talk(f"openclaw:{agent}:{id}", keys, functools.partial(_events, database, id))
    except Failed as error:
        yield LeftOut(f"conversations of {agent}", str(error))


def _events(database: Reader, id: str) -> Iterator[tuple[str, Any]]:
    sql = f"select seq, event_json from transcript_events where session_id = ? order by seq limit {_MANY}"
    for seq, event in database.rows(sql, id):
        yield str(seq), parsed(str(event))


def _talk(key: str, keys: Mapping[str, str], events: Callable[[], Iterator[tuple[str, Any]]]) -> Talk | LeftOut:
    """A conversation by its first event; it is read whole when its lines are asked for."""
    try:
        started, model = _beginning(events())
    except Failed as error:
        return LeftOut(f"conversation {key[-40:]}", error.message)
    if started is None:
        return LeftOut(f"conversation {key[-40:]}", "it says no time")
    held = keys.get(key.rpartition(":")[2], "")
    origin: Origin = "channel" if _GROUP.search(held) else "owner"
    channel = held.split(":")[2] if held.count(":") > 2 else "main"
    return Talk(key, channel[:40], origin, started, "", model, functools.partial(_lines, events))


def _beginning(events: Iterator[tuple[str, Any]]) -> tuple[datetime | None, str]:
    """(when it began, the first model that answered) from the first few events."""
    started: datetime | None = None
    for count, (_, event) in enumerate(events):
        if count > 50:
            break
        if not isinstance(event, Mapping):
            continue
        started = started or _at(event)
        message = event.get("message")
        named = event.get("modelId") or (message.get("model") if isinstance(message, Mapping) else "")
        if isinstance(named, str) and named and started:
            return started, named[:200]
    return started, ""


def _lines(events: Callable[[], Iterator[tuple[str, Any]]]) -> Iterator[Line]:
    for number, event in events():
        message = event.get("message") if isinstance(event, Mapping) and event.get("type") == "message" else None
        speaker = _SPEAKERS.get(str(message.get("role"))) if isinstance(message, Mapping) else None
        if speaker is None or not isinstance(message, Mapping):
            continue
        key = event.get("id")
        yield Line(
            key[:100] if isinstance(key, str) and key else number,
            speaker,
            text_of(message.get("content"))[:MAX_TEXT],
            _at(event),
            tuple(_calls(message.get("content"))),
            str(message.get("toolCallId") or "")[:200],
            str(message.get("toolName") or "")[:200],
            message.get("isError") is True,
        )


def _calls(content: Any) -> Iterator[Call]:
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping) and part.get("type") == "toolCall":
            text = as_text(part.get("arguments"))
            yield Call(str(part.get("id") or "")[:200], str(part.get("name") or "")[:200], text[:MAX_TEXT])


def _at(event: Mapping[str, Any]) -> datetime | None:
    value = event.get("timestamp")
    if isinstance(value, int | float):
        return moment(value / 1000) if -1e15 < value < 1e15 else None
    try:
        found = parse_iso(value).astimezone(UTC) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
    return found if found and moment(found.timestamp()) else None
