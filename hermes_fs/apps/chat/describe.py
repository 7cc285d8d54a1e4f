"""What is said about an event in one plain line, the same on every face. No colour, no printing."""

from __future__ import annotations

import json
from typing import assert_never

from hermes_fs.core.errors import HermesError
from hermes_fs.core.events import Asked, Compacted, EndReason, Learned, Notice, Proposed, SkillUsed, TurnEnded
from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.core.types import Commit, ToolCall, Usage

_MATTERS = ("command", "path", "pattern", "query", "open", "name", "topic", "question", "title", "text", "job", "id")
_FIRST = ("action",)
_TAIL_LINES = 3

_EXIT: dict[EndReason, int] = {"done": 0, "cancelled": 130, "filtered": 4}


def exit_code(ended: TurnEnded) -> int:
    """Of a turn: 0 done, 4 refused by the provider's filter, 130 interrupted, 1 everything else."""
    return _EXIT.get(ended.reason, HermesError.exit_code)


def argument(call: ToolCall) -> str:
    """The part of a call's arguments that tells a person what it is about, on one line; "" where there is none."""
    try:
        given = json.loads(call.arguments or "{}")
    except ValueError:
        return one_line(call.arguments)
    if not isinstance(given, dict):
        return one_line(call.arguments)
    said = " ".join(one_line(word) for word in (_string(given, _FIRST), _string(given, _MATTERS)) if word)
    lists = [value for value in given.values() if isinstance(value, list)]
    return said or (f"{len(lists[0])} at once" if lists else "")


def tail(output: str, lines: int = _TAIL_LINES) -> list[str]:
    """The last lines of a tool's output as a terminal would leave them: a carriage return starts its line anew."""
    rows = [row.rstrip("\r").rpartition("\r")[2] for row in output.split("\n")]
    return [safe for row in rows if (safe := neutralise(row).expandtabs(4).rstrip())][-lines:]


def seconds(value: float) -> str:
    """A duration: `0.1 s`, `12 s`, `2 min 5 s`."""
    if value < 9.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count(number: int) -> str:
    """A number of tokens or characters: `940`, `12.4k`, `1.2M`."""
    if number < 1_000:
        return str(number)
    if number < 999_950:
        return f"{number / 1_000:.1f}k"
    return f"{number / 1_000_000:.1f}M"


def spent(usage: Usage) -> str:
    """Tokens, and money where the price is known."""
    tokens = f"{count(usage.total)} tokens"
    return tokens if usage.cost is None else f"{tokens} · ${usage.cost:.{2 if usage.cost >= 0.995 else 4}f}"


def lesson(commit: Commit) -> str:
    """A commit as a line: subject and short id."""
    return f"{one_line(commit.subject)} · {commit.id[:8]}"


def remark(event: Asked | Compacted | Learned | Notice | Proposed | SkillUsed) -> str:
    """The rarer events as a line; "" where nothing need be said."""
    match event:
        case Asked(question, answer):
            unasked = f"not allowed, nobody is there to ask: {one_line(question.subject or question.prompt)}"
            return unasked if answer.value is None else ""
        case Compacted(_, replaced):
            return f"{replaced} earlier messages are now a summary; the transcript keeps them"
        case Learned(commit):
            return f"learned  {lesson(commit)}"
        case Proposed(id, subject):
            return f"proposed  {one_line(subject)} · waits for you: /review, or hermes review show {one_line(id)}"
        case Notice(_, text):
            return one_line(text)
        case SkillUsed(name):
            return f"skill {one_line(name)}"
        case _:
            assert_never(event)


def ending(ended: TurnEnded) -> str:
    """What to say at the end of a turn, "" where the reply says it all."""
    if ended.reason == "done":
        return ""
    said = one_line(ended.detail) or _SAID.get(ended.reason, ended.reason)
    return f"error: {said}" if ended.reason == "error" else said


_SAID: dict[EndReason, str] = {
    "cancelled": "interrupted",
    "length": "the reply ran into its length limit; say 'continue' to go on",
    "filtered": "the provider's content filter refused this",
    "repeating": "stopped: the model repeated the same call",
}


def _string(given: dict[str, object], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = given.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
