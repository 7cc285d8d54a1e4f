"""Random edits of the files that hold data: cron, people, settings, claims, the lock of skills, JSON. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from hermes_fs.store.formats import installed, lines, portrait, yaml_blocks, yaml_file
from hermes_fs.store.formats.portrait import Draft, Grounds, Portrait
from hermes_fs.testing.pen import Pen

Records = dict[str, Any]


def begin(path: str, pen: Pen) -> bytes:
    records: Records = {}
    for _ in range(pen.chance.randrange(4)):
        records = BEGIN[path](records, pen)
    if path == "config.yaml":
        records = {"format": 1, **records}
    return _fresh(path, records)


def edit(path: str, data: bytes, pen: Pen) -> bytes:
    """One record added, changed or removed; what cannot be read stays."""
    if path.endswith("model.yaml"):
        return _about_somebody(data.decode(), pen).encode()
    try:
        records = json.loads(data) if path.endswith(".json") else yaml_file.parse(data)
    except (ValueError, yaml_file.Broken):
        return data
    removable = [key for key in records if key != "format"] if isinstance(records, dict) else []
    if removable and pen.chance.random() < 0.2:
        gone = pen.chance.choice(removable)
        wanted = {key: value for key, value in records.items() if key != gone}
    else:
        wanted = BEGIN[path](dict(records), pen)
    if path.endswith((".json", ".lock")):
        return _fresh(path, wanted)
    return yaml_file.written(data, wanted)


def remark(text: str, pen: Pen) -> str:
    """A remark above a line, or behind it."""
    rows = lines.split(text)
    at = pen.place(rows)
    if not rows or pen.chance.random() < 0.7:
        rows.insert(at, f"# why: {pen.word()}\n")
    else:
        rows[at] = f"{rows[at].rstrip()}  # {pen.word()}\n"
    return "".join(lines.ended(row, "\n") for row in rows)


def _fresh(path: str, records: Records) -> bytes:
    if path.endswith(".lock"):
        return installed.written(records)
    if path.endswith(".json"):
        return json.dumps(records, indent=2).encode() + b"\n"
    if path.endswith("model.yaml"):
        return yaml_blocks.rewrite("# Claims\n{}\n", {}, records).encode()
    return yaml_file.written(b"# Written by us\n", records)


def _some(records: Records, pen: Pen, made: str) -> tuple[str, Records]:
    """A record to write into: a new one, or one that is there."""
    known = [key for key, value in records.items() if isinstance(value, dict)]
    key = pen.chance.choice(known) if known and pen.chance.random() < 0.6 else made
    return key, dict(records.get(key) or {})


def _job(records: Records, pen: Pen) -> Records:
    key, job = _some(records, pen, f"job-{pen.word()}")
    job.setdefault("schedule", "0 8 * * *")
    job.setdefault("prompt", pen.sentence())
    match pen.chance.randrange(4):
        case 0:
            job["prompt"] = pen.sentence()
        case 1:
            job["enabled"] = pen.chance.random() < 0.5
        case 2:
            job["skills"] = [*(job.get("skills") or []), pen.word()]
        case _:
            job["deliver"] = pen.word()
    return {**records, key: job}


def _person(records: Records, pen: Pen) -> Records:
    key, person = _some(records, pen, pen.word())
    person.setdefault("role", "guest")
    match pen.chance.randrange(3):
        case 0:
            person["name"] = pen.sentence()
        case 1:
            free = not any(isinstance(other, dict) and other.get("role") == "owner" for other in records.values())
            person["role"] = "owner" if free else pen.chance.choice(("member", "guest"))
        case _:
            person["accounts"] = {**(person.get("accounts") or {}), pen.chance.choice("ab"): pen.word()}
    return {**records, key: person}


def _setting(records: Records, pen: Pen) -> Records:
    section, key, value = pen.chance.choice(
        (
            ("model", "name", pen.word()),
            ("model", "provider", "openrouter"),
            ("limits", "steps", pen.chance.randrange(1, 300)),
            ("limits", "money", pen.chance.randrange(9)),
        )
    )
    return {**records, section: {**(records.get(section) or {}), key: value}}


def _claim(records: Records, pen: Pen) -> Records:
    made, _ = portrait.add(Portrait("", "", records), Draft("preference", pen.sentence()), _grounds(pen))
    return dict(made.records)


def _grounds(pen: Pen) -> Grounds:
    return Grounds(f"sessions/{pen.word()}#1..2", f"2026-0{pen.chance.randrange(1, 9)}-01")


def _about_somebody(text: str, pen: Pen) -> str:
    """What the agent does to claims; Refused where the file is broken."""
    known = Portrait.of(text, "")
    ids = [claim.id for claim in known.claims]
    draft = Draft("preference", pen.sentence())
    step = pen.chance.randrange(6) if ids else 0
    which = pen.chance.choice(ids) if ids else ""
    edits: Mapping[int, Callable[[], Portrait]] = {
        0: lambda: portrait.add(known, draft, _grounds(pen))[0],
        1: lambda: portrait.support(known, which, _grounds(pen))[0],
        2: lambda: portrait.contradict(known, which, _grounds(pen))[0],
        3: lambda: portrait.supersede(known, which, draft, _grounds(pen))[0],
        4: lambda: portrait.weigh(known, which, pen.chance.randrange(1, 6))[0],
        5: lambda: portrait.forget(known, which)[0],
    }
    return edits[step]().text()


def _installed(records: Records, pen: Pen) -> Records:
    key, _ = _some(records, pen, f"skill-{pen.word()}")
    digest = hashlib.sha256(pen.word().encode()).hexdigest()
    entry = {
        "source": f"https://example.org/{pen.word()}",
        "sha256": digest,
        "installed": f"2026-11-{pen.chance.randrange(10, 28)}",
        "files": installed.rows_of({"SKILL.md": digest}),
    }
    return {**records, key: entry}


def _case(records: Records, pen: Pen) -> Records:
    key, case = _some(records, pen, pen.word())
    return {**records, key: {**case, pen.chance.choice(("ask", "want")): pen.sentence()}}


BEGIN: Mapping[str, Callable[[Records, Pen], Records]] = {
    "cron.yaml": _job,
    "people/people.yaml": _person,
    "config.yaml": _setting,
    "model.yaml": _claim,
    "people/ada/model.yaml": _claim,
    "skills.lock": _installed,
    "skills/parse-logs/evals/cases.json": _case,
    "skills/parse-logs/evals/cases.yaml": _case,
}
"""Path → what adds a record, or changes one."""
