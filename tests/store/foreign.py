"""Homes of other agents as their own programs leave them, made up for tests."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

BEGUN = 1_767_600_000.5  # 5 January 2026
SCHEMA = """
create table schema_version (version integer not null);
create table sessions (id text primary key, source text not null, user_id text, chat_type text, model text,
    model_config text, system_prompt text, parent_session_id text, started_at real not null, ended_at real,
    end_reason text, message_count integer default 0, title text, archived integer not null default 0);
create table messages (id integer primary key autoincrement, session_id text not null references sessions(id),
    role text not null, content text, tool_call_id text, tool_calls text, tool_name text, timestamp real not null,
    token_count integer, finish_reason text, reasoning text, active integer not null default 1,
    compacted integer not null default 0, _compressed_summary integer not null default 0, display_identity blob);
create index idx_messages_session on messages(session_id, timestamp);
create virtual table messages_fts using fts5(content, content=messages, content_rowid=id);
"""
SKILL = """---
name: {name}
description: {description}
---

# {name}

1. Read the log first.
2. Say what you found.
"""


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def skill(name: str, description: str = "Finds what is slow, step by step, from the logs of a service.") -> str:
    return SKILL.format(name=name, description=description)


def hermes_home(root: Path) -> Path:
    """A ~/.hermes with something of each kind."""
    put(
        root,
        {
            "memories/MEMORY.md": "The staging database is db2.internal, port 5433\n§\nDeploys go out on Tuesdays:\n"
            "never on a Friday\n§\nThe user's laptop runs Debian 12",
            "memories/USER.md": "Prefers short answers\n§\nLives in Lisbon, works 9 to 5 there",
            "SOUL.md": "You are dry, precise and kind.\n",
            "skills/devops/slow-service/SKILL.md": skill("slow-service"),
            "skills/devops/slow-service/scripts/top.sh": "#!/bin/sh\nps aux | sort -rk3 | head\n",
            "skills/writing/plain-words/SKILL.md": skill("plain-words", "Rewrites a text in plain words, no jargon."),
            "skills/mlops/axolotl/SKILL.md": skill("axolotl", "Fine-tunes a model with a recipe of its own choosing."),
            "skills/.bundled_manifest": "axolotl:0123abcd\n",
            "skills/.hub/lock.json": "{}",
            "config.yaml": "model: x\n",
            ".env": "OPENROUTER_API_KEY=sk-or-v1-not-to-be-read\n",
            "auth.json": "{}",
            "profiles/coder/memories/MEMORY.md": "of another",
            "cron/jobs.json": json.dumps({"jobs": HERMES_JOBS, "updated_at": "2026-01-05T08:00:00+00:00"}),
        },
    )
    database(root / "state.db").close()
    return root


HERMES_JOBS: list[dict[str, Any]] = [
    {
        "id": "a1b2c3d4e5f6",
        "name": "Morning news",
        "prompt": "Sum up the news of the night",
        "schedule": {"kind": "cron", "expr": "0 7 * * 1-5", "display": "0 7 * * 1-5"},
        "skills": ["plain-words"],
        "enabled": True,
        "deliver": "telegram",
    },
    {
        "id": "b1b2c3d4e5f6",
        "name": "Check disks",
        "prompt": "Look whether a disk is nearly full",
        "schedule": {"kind": "interval", "minutes": 120, "display": "every 120m"},
    },
    {"id": "c1", "name": "Once", "prompt": "Call mum", "schedule": {"kind": "once", "run_at": "2026-02-01T10:00:00"}},
    {
        "id": "d1",
        "name": "Script",
        "script": "watch.py",
        "no_agent": True,
        "schedule": {"kind": "interval", "minutes": 5},
    },
    {"id": "e1", "name": "Odd", "prompt": "Stretch", "schedule": {"kind": "interval", "minutes": 50}},
]


def database(path: Path, wal: bool = False) -> sqlite3.Connection:
    """state.db with a chat at the terminal that used tools, and one in a group."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma synchronous = off")
    connection.execute(f"pragma journal_mode = {'wal' if wal else 'delete'}")
    connection.executescript(SCHEMA)
    session(connection, "20260105_080000_abc123", "cli", title="Slow service")
    calls = [{"id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "a.log"}'}}]
    say(connection, "20260105_080000_abc123", "user", "Why is the service slow?", 1)
    say(connection, "20260105_080000_abc123", "assistant", "", 2, tool_calls=json.dumps(calls))
    say(
        connection, "20260105_080000_abc123", "tool", "GC pause 900 ms", 3, tool_call_id="call_1", tool_name="read_file"
    )
    say(connection, "20260105_080000_abc123", "assistant", "It waits for the garbage collector.", 4)
    say(connection, "20260105_080000_abc123", "user", "taken back", 5, active=0)
    session(connection, "20260106_090000_def456", "telegram", chat_type="group", began=BEGUN + 86_400)
    say(connection, "20260106_090000_def456", "user", "hello from the group", 86_401)
    return connection


def session(connection: sqlite3.Connection, id: str, source: str, began: float = BEGUN, **more: Any) -> None:
    row = {"id": id, "source": source, "model": "some/model", "started_at": began, **more}
    names = ", ".join(row)
    connection.execute(f"insert into sessions ({names}) values ({', '.join('?' * len(row))})", list(row.values()))


def say(connection: sqlite3.Connection, id: str, role: str, content: str, after: float, **more: Any) -> None:
    row = {"session_id": id, "role": role, "content": content, "timestamp": BEGUN + after, **more}
    names = ", ".join(row)
    connection.execute(f"insert into messages ({names}) values ({', '.join('?' * len(row))})", list(row.values()))


def openclaw_home(root: Path) -> Path:
    """A ~/.openclaw with something of each kind."""
    put(
        root,
        {
            "openclaw.json": "{ agents: { defaults: {} } }",
            "credentials/telegram.json": '{"token": "never read"}',
            "workspace/AGENTS.md": "# How to behave\nRead SOUL.md first.\n",
            "workspace/SOUL.md": "Be a calm lobster.\n",
            "workspace/IDENTITY.md": "# Identity\n- Name: Pinch\n",
            "workspace/TOOLS.md": "# Tools\nThe camera in the hall is called hall-cam.\n",
            "workspace/HEARTBEAT.md": "check mail\n",
            "workspace/USER.md": "# About\n\n- **Name:**\n- **Timezone:** Europe/Lisbon\n- **Notes:** _(optional)_\n",
            "workspace/MEMORY.md": "# Long-term\n\n## House\n- The boiler is serviced every May\n  - by Silva & Sons\n"
            "- Bins go out on Monday\n\nThe cat is called Nero.\n",
            "workspace/memory/2026-01-05.md": "# 5 January\nTalked about the boiler.\n",
            "workspace/memory/2026-01-06.md": "# 6 January\nBought paint.\n",
            "workspace/skills/boiler-check/SKILL.md": skill(
                "boiler-check", "Checks a boiler's pressure and says what to do."
            ),
            "skills/managed-one/SKILL.md": skill("managed-one", "Plans a week of meals from what is in the fridge."),
            "cron/jobs.json": json.dumps({"version": 1, "jobs": CLAW_JOBS}),
            "agents/main/sessions/sessions.json": json.dumps(
                {
                    "agent:main:main": {"sessionId": "11111111-aaaa", "updatedAt": 1},
                    "agent:main:telegram:group:-100": {"sessionId": "22222222-bbbb", "updatedAt": 1},
                }
            ),
            "agents/main/sessions/11111111-aaaa.jsonl": lines(claw_talk("11111111-aaaa", "When is the boiler due?")),
            "agents/main/sessions/22222222-bbbb.jsonl": lines(claw_talk("22222222-bbbb", "hi all", "2026-01-07")),
        },
    )
    return root


CLAW_JOBS: list[dict[str, Any]] = [
    {
        "id": "j-1",
        "name": "Brief",
        "enabled": True,
        "schedule": {"kind": "cron", "expr": "0 7 * * *", "tz": "Europe/Lisbon"},
        "payload": {"kind": "agentTurn", "message": "What is on today?"},
    },
    {
        "id": "j-2",
        "name": "Hourly",
        "enabled": False,
        "schedule": {"kind": "every", "everyMs": 3_600_000},
        "payload": {"kind": "systemEvent", "text": "Look at the mail"},
    },
    {"id": "j-3", "name": "Past", "schedule": {"kind": "at", "at": "2026-01-01T00:00:00Z"}, "payload": {"text": "x"}},
]


def lines(events: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def claw_talk(id: str, text: str, day: str = "2026-01-05") -> list[dict[str, Any]]:
    call = {"type": "toolCall", "id": "t1", "name": "web_search", "arguments": {"query": text}}
    return [
        {"type": "session", "version": 3, "id": id, "timestamp": f"{day}T08:00:00.000Z", "cwd": "/w"},
        _said("e1", f"{day}T08:00:01.000Z", {"role": "user", "content": text}),
        _said("e2", f"{day}T08:00:02.000Z", {"role": "assistant", "content": [call], "model": "m/x"}),
        _said(
            "e3",
            f"{day}T08:00:03.000Z",
            {
                "role": "toolResult",
                "toolCallId": "t1",
                "toolName": "web_search",
                "content": [{"type": "text", "text": "May"}],
            },
        ),
        _said("e4", f"{day}T08:00:04.000Z", {"role": "assistant", "content": [{"type": "text", "text": "In May."}]}),
    ]


def _said(id: str, at: str, message: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": id, "parentId": None, "timestamp": at, "message": message}
