"""Makes a case out of a task that was done in a session: what was asked, what it started with, what it left behind.

The draft is a person's to look at. Nothing is run; what the session read is put in as it was read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from hermes_fs.agent.evals.case import Case, Check
from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.foreign import unwrap
from hermes_fs.store.transcript import Record, text_in
from hermes_fs.store.turns import answer_of, asked_in, ids, turns

_NUMBERED = re.compile(r"^(\d+)\t(.*)$")
_CHECKS = re.compile(r"\b(test|pytest|check|lint|build|make|cargo|npm|go|tox|verify)\b")
_FAILED = re.compile(r"^\[(?:exit code [1-9]|stopped after)", re.MULTILINE)
_TELLING = re.compile(r"(?<![\w.])(\d[\d.,:/-]*\d|\d{2,}|[A-Za-z_]+[0-9_][A-Za-z0-9_]+)(?![\w.])")
_LONGEST = 20_000
"""Characters of a file that a case holds."""
_MOST_CHECKS = 8


@dataclass(slots=True)
class _Work:
    """What a task read and left behind: paths relative to the work directory → text. `ran` are commands that ended
    well, the last one last; `partly` are files of which only a part was read."""

    read: dict[str, str] = field(default_factory=dict)
    wrote: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    partly: set[str] = field(default_factory=set)


def tasks(records: Sequence[Record]) -> list[tuple[str, str]]:
    """(event id, what was asked) of every task of a session: of each turn with a tool call."""
    return [(turn[0].id, turn[0].text("text")) for turn in turns(records) if _calls(turn)]


def mine(records: Sequence[Record], session: str, work_dir: str, task: str = "", name: str = "") -> Case:
    """A case out of one task, the last one where none is named by its event id. `work_dir` is where the session worked.
    NotFound where there is none, Refused where it left nothing behind that can be checked."""
    done = [turn for turn in turns(records) if _calls(turn)]
    chosen = next((turn for turn in reversed(done) if not task or _is_named(turn, task)), None)
    if chosen is None:
        known = ", ".join(turn[0].id for turn in done[-5:]) or "none: no turn called a tool"
        raise NotFound(f"there is no task {task!r} in {session}" if task else f"{session} holds no task", known)
    asked = asked_in(chosen)
    work = _worked(chosen, work_dir)
    checks = _checks(work, asked, answer_of(chosen))
    if not checks:
        raise Refused("nothing that this task left behind can be checked", "write a case by hand: docs/evals.md")
    files = {path: text for path, text in work.read.items() if path not in work.partly}
    return Case(name or _slug(asked), asked, tuple(checks[:_MOST_CHECKS]), files, {}, origin=session)


def _checks(work: _Work, asked: str, reply: str) -> list[Check]:
    found = []
    for path, text in work.wrote.items():
        if work.read.get(path, "").strip() != text.strip():
            found.append(Check("file", path, (("equals", text),)))
    found += [Check("command", command) for command in work.ran[-1:] if _CHECKS.search(command)]
    if not found:
        telling = [one for one in dict.fromkeys(_TELLING.findall(reply)) if one not in asked]
        found += [Check("reply", "", (("contains", one),)) for one in telling[:1]]
    return found


def _worked(turn: Sequence[Record], work_dir: str) -> _Work:
    work = _Work()
    calls: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for record in turn:
        if record.type == "tool_call":
            calls[record.text("call")] = (record.text("name"), _arguments(record))
        elif record.type == "tool_result" and not record.data.get("failed"):
            name, arguments = calls.get(record.text("call"), ("", {}))
            _note(work, name, arguments, unwrap(record.text("text")), work_dir)
    return work


def _note(work: _Work, name: str, arguments: Mapping[str, Any], text: str, work_dir: str) -> None:
    path = _inside(text_in(arguments, "path"), work_dir)
    match name:
        case "read_file" if path and path not in work.wrote and path not in work.read:
            whole = _unnumbered(text)
            if whole is None or arguments.get("offset") or arguments.get("limit"):
                work.partly.add(path)
            work.read[path] = (whole or "")[:_LONGEST]
        case "write_file" if path:
            work.wrote[path] = text_in(arguments, "content")[:_LONGEST]
        case "edit_file" if path:
            if (after := _edited(work.wrote.get(path, work.read.get(path)), arguments)) is not None:
                work.wrote[path] = after
        case "terminal" if not _FAILED.search(text):
            work.ran.append(text_in(arguments, "command"))


def _edited(before: str | None, arguments: Mapping[str, Any]) -> str | None:
    """A file after `edit_file`, None where what it was is not known."""
    for edit in arguments.get("edits") or () if before is not None else ():
        old, new = (text_in(edit, "old"), text_in(edit, "new")) if isinstance(edit, dict) else ("", "")
        if not old or old not in (before or ""):
            return None
        before = (before or "").replace(old, new, -1 if edit.get("all") else 1)
    return before


def _unnumbered(text: str) -> str | None:
    """A file as `read_file` showed it, None where that was not all of it."""
    lines = [_NUMBERED.match(line) for line in text.split("\n")]
    if not lines or any(line is None for line in lines):
        return None
    return "\n".join(line[2] for line in lines if line) + "\n"


def _inside(path: str, work_dir: str) -> str:
    """Relative to the work directory, "" for what lies elsewhere."""
    if path.startswith("/"):
        if not work_dir or not PurePosixPath(path).is_relative_to(work_dir):
            return ""
        path = PurePosixPath(path).relative_to(work_dir).as_posix()
    clean = path.removeprefix("./")
    return clean if clean and ".." not in PurePosixPath(clean).parts and not clean.startswith("~") else ""


def _is_named(turn: Sequence[Record], task: str) -> bool:
    return any(id.lower().startswith(task.lower()) for id in ids(turn))


def _calls(turn: Sequence[Record]) -> bool:
    return any(record.type == "tool_call" for record in turn)


def _arguments(record: Record) -> Mapping[str, Any]:
    try:
        found = json.loads(record.text("arguments"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _slug(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", text.lower())[:6]
    return "-".join(words)[:50].strip("-") or "case"
