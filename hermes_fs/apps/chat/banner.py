"""The few lines that open an interactive chat. Pure: takes facts, gives lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hermes_fs.apps.chat.ink import Ink
from hermes_fs.core.terminal import one_line

_LABEL = 11
_AWAIT = ("await", "awaits")
_KEYS = "/help for commands · Alt-Enter for a new line · Ctrl-D leaves"


@dataclass(frozen=True, slots=True)
class Size:
    """Characters used, of a limit."""

    used: int
    limit: int

    def __str__(self) -> str:
        return f"{self.used:,} of {self.limit:,}"


@dataclass(frozen=True, slots=True)
class Learned:
    """The subjects of what was learned since the last session, newest first; `since` says when that was."""

    subjects: tuple[str, ...] = ()
    since: str = "last time"


@dataclass(frozen=True, slots=True)
class Facts:
    """`lessons` are what was learned since the last session, `waiting` is how many proposals wait for
    the person; `warning` says why learning is off."""

    version: str
    model: str
    workspace: Path
    work_dir: Path
    tools: int
    skills: int
    memory: Size
    user: Size
    lessons: Learned = Learned()
    title: str = ""
    warning: str = ""
    waiting: int = 0


def banner(facts: Facts, ink: Ink, width: int, home: Path) -> list[str]:
    """The welcome, each line at most `width` characters."""
    rows = [
        ("model", facts.model),
        ("workspace", _short(facts.workspace, home)),
        ("work in", _short(facts.work_dir, home)),
        ("mind", f"{_plural(facts.tools, 'tool')} · {_plural(facts.skills, 'skill')}"),
        ("memory", f"{facts.memory} characters · about you {facts.user}"),
    ]
    learned = facts.lessons
    if learned.subjects:
        count = _plural(len(learned.subjects), "lesson")
        also = f", {facts.waiting} {_AWAIT[facts.waiting == 1]} you" if facts.waiting else ""
        rows.append(("learned", f"{count} since {learned.since}{also}: {'; '.join(learned.subjects)}"))
    if facts.waiting:
        verb = _AWAIT[facts.waiting == 1]
        rows.append(("review", f"{_plural(facts.waiting, 'proposal')} {verb} you: /review, or hermes review"))
    if facts.title:
        rows.append(("session", facts.title))
    lines = ["", f"  {ink('hermes', 'bold')} {ink(facts.version, 'dim')}", ""]
    for label, value in rows:
        lines.append(f"  {ink(f'{label:<{_LABEL}}', 'dim')}{one_line(value, max(width - _LABEL - 2, 20))}")
    if facts.warning:
        lines += ["", f"  {ink(one_line(facts.warning, width - 2), 'yellow')}"]
    return [*lines, "", f"  {ink(one_line(_KEYS, width - 2), 'dim')}", ""]


def _short(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home)}" if path != home and path.is_relative_to(home) else str(path)


def _plural(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
