"""What sessions cost is counted from their files, each once, whatever happens to the cache."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hermes_fs.store.insights import Insights, insights
from hermes_fs.store.transcript import Header, Record, Transcript

DAY = datetime(2026, 1, 31, 12, tzinfo=UTC)


def session(root: Path, name: str, *events: tuple[str, dict[str, Any]]) -> Path:
    path = root / "sessions" / "2026" / "01" / "31" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Transcript(path, Header(name, "h", "cli", "owner", "m", "p", "2026-01-31T12:00:00.000Z", "c0ffee", ""))
    for number, (kind, data) in enumerate(events):
        at = f"2026-01-31T12:{number:02}:00.000Z"
        writer.append(Record(f"e{number}", kind, at, "owner", "cli", "owner", data))
    writer.close()
    return path


def counted(root: Path) -> Insights:
    (root / "state").mkdir(exist_ok=True)
    return insights(root / "sessions", root / "state", DAY, DAY)


EVENTS = (
    ("message", {"role": "user", "text": "do"}),
    ("skill_used", {"name": "deploy", "tree": "abc"}),
    ("usage", {"input": 1000, "output": 50, "cached": 400, "cost": 0.02, "model": "big"}),
    ("tool_result", {"name": "terminal", "seconds": 2.5, "failed": True, "call": "c", "text": ""}),
    ("usage", {"input": 10, "output": 5, "cached": 0, "cost": None, "model": "mine"}),
    ("outcome", {"task": "e0", "result": "bad", "skills": ["abc"]}),
)


def test_tokens_cost_tools_skills_and_turns_are_counted(tmp_path: Path) -> None:
    session(tmp_path, "h-01", *EVENTS)
    found = counted(tmp_path)
    big, mine = found.names["model"]["big"], found.names["model"]["mine"]
    assert (big.count, big.input, big.cached, big.output, big.cost, big.unpriced) == (1, 1000, 400, 50, 0.02, 0)
    assert (mine.cost, mine.unpriced) == (0.0, 1)
    assert (found.names["tool"]["terminal"].seconds, found.names["tool"]["terminal"].failed) == (2.5, 1)
    assert (found.names["skill"]["deploy"].count, found.names["skill"]["deploy"].failed) == (1, 1)
    assert (found.of("turn").count, found.of("turn").seconds) == (1, 240.0)
    assert found.of("session").count == 1
    assert list(found.days["model"]) == [f"{DAY.astimezone():%Y-%m-%d}"]


def test_a_file_that_grew_is_counted_anew_one_that_went_is_gone_and_neither_twice(tmp_path: Path) -> None:
    path = session(tmp_path, "h-01", *EVENTS)
    other = session(tmp_path, "h-02", *EVENTS)
    assert counted(tmp_path).of("model").count == 4
    assert counted(tmp_path).of("model").count == 4
    path.write_text(path.read_text() + path.read_text().splitlines()[3] + "\n")
    assert counted(tmp_path).of("model").count == 5
    other.unlink()
    assert counted(tmp_path).of("model").count == 3


def test_a_damaged_cache_or_transcript_costs_nothing_else(tmp_path: Path) -> None:
    session(tmp_path, "h-01", *EVENTS)
    counted(tmp_path)
    for name in ("insights.db", "insights.db-wal", "insights.db-shm"):
        (tmp_path / "state" / name).unlink(missing_ok=True)
    (tmp_path / "state" / "insights.db").write_bytes(b"no database" * 1000)
    (tmp_path / "sessions" / "broken.jsonl").write_text("{nothing\n")
    assert counted(tmp_path).of("model").count == 2
