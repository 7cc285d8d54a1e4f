"""Renders part of a transcript as plain text within a budget of tokens, for a model that looks back on it. Pure.

Long texts are cut in their middle, and where that does not suffice whole events are left out there, too. Words of
others are wrapped anew after the cut, and what hides in them is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hermes_fs.core.foreign import unwrap, wrap
from hermes_fs.core.hidden import surface
from hermes_fs.core.origins import is_trusted
from hermes_fs.core.tokens import estimate
from hermes_fs.store.transcript import Record

_SAID = 2_000
_ARGUMENTS = 900
_RESULT = 700
_SHORT = 300
_HEAD = 0.35
"""Share of the budget that the beginning keeps where the middle is left out."""


def excerpt(records: Sequence[Record], budget: int) -> str:
    """What was said and done, one event a paragraph, in at most about `budget` tokens."""
    lines = [line for record in records for line in _lines(record, 1.0)]
    if sum(map(estimate, lines)) > budget:
        lines = [line for record in records for line in _lines(record, 0.4)]
    return "\n".join(_within(lines, budget))


def _within(lines: Sequence[str], budget: int) -> list[str]:
    """The beginning and the end, as much as there is room for."""
    sizes = [estimate(line) + 1 for line in lines]
    if sum(sizes) <= budget:
        return list(lines)
    head, room = 0, budget * _HEAD
    while head < len(lines) and sizes[head] <= room:
        room -= sizes[head]
        head += 1
    tail, room = len(lines), budget * (1 - _HEAD)
    while tail > head and sizes[tail - 1] <= room:
        room -= sizes[tail - 1]
        tail -= 1
    return [*lines[:head], f"[… {tail - head} events are left out here …]", *lines[tail:]]


def _lines(record: Record, share: float) -> Iterator[str]:
    data = record.data
    match record.type:
        case "message":
            who = "the person" if record.is_asked else "the agent"
            if said := _cut(record.text("text"), int(_SAID * share)):
                yield f"{who}: {_safe(said, record)}"
        case "tool_call":
            yield f"call {record.text('name')}: {_cut(record.text('arguments'), int(_ARGUMENTS * share))}"
        case "tool_result":
            how = "failed" if data.get("failed") else "result"
            shown = _cut(unwrap(record.text("text")), int(_RESULT * share))
            yield f"{how}: {_safe(shown, record)}"
        case "outcome":
            note = _cut(record.text("note"), _SHORT)
            yield f"[how it went: {record.text('result')}, by {record.text('why')}] {note}".rstrip()
        case "learned" | "proposed":
            yield f"[saved then: {_cut(record.text('subject'), _SHORT)}]"
        case "skill_used":
            yield f"[read the skill {record.text('name')}]"
        case "compaction":
            yield f"[summary of what came before: {_safe(_cut(record.text('summary'), int(_SAID * share)), record)}]"


def _safe(text: str, record: Record) -> str:
    """A message of the model is its own even where what it had read taints it: then it is wrapped, too."""
    shown = surface(text)
    return shown if is_trusted(record.origin) else wrap(shown, record.origin)


def _cut(text: str, longest: int) -> str:
    text = text.strip()
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half].rstrip()} […] {text[-half:].lstrip()}"
