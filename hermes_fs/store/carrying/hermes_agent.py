"""Reads a home of Nous Research's hermes-agent (~/.hermes, or one of its profiles). Changes nothing in it.

Its layout, from its public sources of 2026 (hermes_state_common.py, tools/memory_tool.py, cron/jobs.py):
memories/MEMORY.md and USER.md with a § line between entries; skills/<category>/<name>/SKILL.md, .bundled_manifest
naming those that came with it; cron/jobs.json; state.db (SQLite: sessions, messages); SOUL.md; config.yaml, .env.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed
from hermes_fs.core.types import Origin
from hermes_fs.store.carrying import jobs, words
from hermes_fs.store.carrying.database import Reader, reading
from hermes_fs.store.carrying.reading import Place
from hermes_fs.store.carrying.things import Call, Home, LeftOut, Line, Speaker, Talk

DATABASE = "state.db"
MAX_TEXT = 1_000_000
"""Characters of one message that come over."""
_BYTES = 4 * MAX_TEXT

_LOCAL = ("cli", "tui", "desktop", "local", "acp", "api_server", "cron", "")
_OTHERS = ("group", "channel", "supergroup", "forum", "thread", "webhook")
_JSON = ("\x00json:", "\x01json:")
"""Before a message of several parts, older and newer."""
_SPEAKERS: Mapping[str, Speaker] = {"user": "user", "assistant": "assistant", "tool": "tool"}
_SESSION = ("id", "source", "chat_type", "started_at", "title", "model", "parent_session_id")
_MESSAGE = ("id", "role", "content", "tool_calls", "tool_call_id", "tool_name", "timestamp", "display_identity")
_STAYS = {
    "config.yaml": "settings are made here: hermes setup",
    ".env": "keys are never read: put them into ~/.config/hermes/env",
    "auth.json": "logins are never read",
    "plugins": "programs of the other agent",
    "hooks": "programs of the other agent",
}


def read(place: Place, state_dir: Path) -> Home:
    """What the home holds. `state_dir` is where a copy of its database may lie meanwhile."""
    found, left = jobs.records(place.json("cron/jobs.json"))
    memory, user = (words.between_marks(place.text(f"memories/{name}")) for name in ("MEMORY.md", "USER.md"))
    left += [LeftOut(name, why) for name, why in _STAYS.items() if place.has(name)]
    left += [
        LeftOut(f"profiles/{name}", f"a home of its own: hermes import {place.root / 'profiles' / name}")
        for name in place.names("profiles")
    ]
    soul = place.text("SOUL.md")
    has_database = place.is_file(DATABASE)
    return Home(
        "hermes-agent",
        place.root,
        tuple(memory),
        tuple(user),
        jobs=found,
        soul=soul,
        skills=(place.root / "skills",) if place.is_dir("skills") else (),
        bundled=_bundled(place),
        talks=functools.partial(_talks, place.root / DATABASE, state_dir) if has_database else lambda: iter(()),
        left_out=(*left, *place.left_out),
    )


def _bundled(place: Place) -> frozenset[str]:
    """Names of the skills that came with it: a line each, `name` or `name:hash`."""
    text = place.text("skills/.bundled_manifest")
    return frozenset(name for line in text.split("\n") if (name := line.partition(":")[0].strip()))


def _talks(path: Path, state_dir: Path) -> Iterator[Talk | LeftOut]:
    """Every session with its messages read while the database is open: take them one after another."""
    try:
        with reading(path, state_dir) as database:
            yield from _sessions(database)
    except Failed as error:
        yield LeftOut("conversations", str(error))


def _sessions(database: Reader) -> Iterator[Talk | LeftOut]:
    known = database.columns("sessions")
    columns = database.columns("messages")
    if not {"id", "started_at"} <= set(known) or not {"id", "session_id", "role", "content"} <= set(columns):
        raise Failed(f"{DATABASE} has no table of sessions and messages that is known here")
    chosen = [name for name in _SESSION if name in known]
    compressed = _compressed(database, known)
    listed = [_shown(name) for name in chosen]
    for values in list(database.rows(f"select {', '.join(listed)} from sessions order by started_at, id")):
        row = dict(zip(chosen, values, strict=True))
        key, started = _text(row, "id"), moment(row.get("started_at"))
        if not key or started is None:
            yield LeftOut(f"conversation {key[:40] or 'without a name'}", "it says no time")
            continue
        origin, channel = _origin(row), _text(row, "source") or "cli"
        parent = _text(row, "parent_session_id")
        lines = functools.partial(_messages, database, columns, key)
        yield Talk(
            f"hermes-agent:{key}",
            channel[:40],
            origin,
            started,
            _text(row, "title"),
            _text(row, "model")[:200],
            lines,
            f"hermes-agent:{parent}" if parent in compressed else "",
        )


def _shown(name: str) -> str:
    """A column as it is asked for: texts cut far beyond what they are."""
    return name if name.endswith("_at") else f"substr({name}, 1, 500)"


def _compressed(database: Reader, known: Sequence[str]) -> frozenset[str]:
    """Sessions that another one goes on with; other children are of their own."""
    if "end_reason" not in known:
        return frozenset()
    return frozenset(str(row[0]) for row in database.rows("select id from sessions where end_reason = 'compression'"))


def _messages(database: Reader, columns: Sequence[str], session: str) -> Iterator[Line]:
    """What was said, in order; what was rewound, or stands there as a summary, is left out, and nothing comes twice."""
    chosen = [name for name in _MESSAGE if name in columns]
    cut = f"substr(cast({{}} as blob), 1, {_BYTES})"  # as a text it would end at its first NUL
    wanted = [cut.format(name) if name in ("content", "tool_calls") else name for name in chosen]
    tests = ["session_id = ?"]
    if {"active", "compacted"} <= set(columns):
        tests.append("(active = 1 or compacted = 1)")
    if "_compressed_summary" in columns:
        tests.append("_compressed_summary = 0")
    seen: set[object] = set()
    sql = f"select {', '.join(wanted)} from messages where {' and '.join(tests)} order by id"
    for values in database.rows(sql, session):
        row = dict(zip(chosen, values, strict=True))
        same = row.get("display_identity")
        if same is not None and same in seen:
            continue
        seen.add(same)
        speaker = _SPEAKERS.get(_text(row, "role"))
        if speaker:
            yield Line(
                str(row["id"]),
                speaker,
                content(row.get("content")),
                moment(row.get("timestamp")),
                tuple(_calls(_text(row, "tool_calls"))),
                _text(row, "tool_call_id")[:200],
                _text(row, "tool_name")[:200],
            )


def content(value: object) -> str:
    """The text of a message: itself, or the parts of a list that was kept as JSON."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    text = text_of(parsed(value[6:])) if value.startswith(_JSON) else value
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n[cut off: it had more than {MAX_TEXT:,} characters]"


def text_of(parts: Any) -> str:
    """The text of a message of several parts; what is no text is named."""
    if isinstance(parts, str):
        return parts
    said = []
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, Mapping) and isinstance(part.get("text"), str):
            said.append(part["text"])
        elif isinstance(part, Mapping) and "image" in str(part.get("type")):
            said.append("[a picture, which did not come over]")
    return "\n".join(said)


def parsed(text: str) -> Any:
    """A JSON value; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _calls(text: str) -> Iterator[Call]:
    value = parsed(text) if text else None
    for one in value if isinstance(value, list) else ():
        function = one.get("function") if isinstance(one, Mapping) else None
        if isinstance(function, Mapping):
            yield Call(_text(one, "id")[:200], _text(function, "name")[:200], as_text(function.get("arguments")))


def as_text(arguments: Any) -> str:
    """A call's arguments as JSON text."""
    if isinstance(arguments, str):
        return arguments
    try:
        return json.dumps(arguments)
    except (ValueError, RecursionError):
        return "{}"


def _origin(row: Mapping[str, object]) -> Origin:
    """Whose words the person's messages are: the owner's at this machine, of somebody whom the other agent let in
    where it was a direct message, else of whoever was in that room."""
    if _text(row, "source") in _LOCAL:
        return "owner"
    return "channel" if any(word in _text(row, "chat_type") for word in _OTHERS) else "member"


def moment(value: object) -> datetime | None:
    """Seconds since 1970 as a time; None for what is none that a conversation can have."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 946_684_800 < value < 4_102_444_800:
        return None
    return datetime.fromtimestamp(value, UTC)


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""
