"""Makes room in a memory that is nearly full, by bounded edits that lose nothing: entries that say the same become one,
what is seldom needed moves to notes, what contradicts itself is marked and asked about.

What leaves MEMORY.md stands in notes/ afterwards, with its id; a merged entry's old texts do, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hermes_fs.agent import json_reply, kept
from hermes_fs.agent.json_reply import Unfit
from hermes_fs.agent.learner import Bench, Done
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.errands import Errand, Errands
from hermes_fs.store.formats import entries
from hermes_fs.store.formats.entries import Entry
from hermes_fs.store.formats.format import excerpt
from hermes_fs.store.paths import VARIOUS, note_of
from hermes_fs.store.workspace import Workspace

PATH = "MEMORY.md"
FULL = 0.85
"""The share of the limit from which room is made."""
ARCHIVE = "notes/memory.md"
"""Where texts go that a merge replaced."""
_MOST = 12

_ORDER = """\
A memory of short entries, which an agent always has in mind, is nearly full. Make room, and lose nothing. Answer with \
one JSON object and nothing else:
{"merge": [{"ids": ["..."], "text": "..."}], "move": [{"id": "...", "topic": "..."}], \
"contradict": [{"ids": ["...", "..."]}]}
merge: entries that belong together become one short entry that says all that they say. move: what is seldom needed \
goes to a note of that topic. contradict: two entries of which only one can be true. Use each id once. Leave alone \
what is needed in most conversations. Empty lists are fine.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: merges as (ids, text), moves as (id, topic), contradictions as pairs of ids."""

    merges: Sequence[tuple[tuple[str, ...], str]] = ()
    moves: Sequence[tuple[str, str]] = ()
    doubts: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class _Files:
    """The files as they become, path → text, and what was read of them."""

    texts: dict[str, str] = field(default_factory=dict)
    expect: dict[str, str] = field(default_factory=dict)


def order_if_full(workspace: Workspace, errands: Errands, limit: int) -> None:
    """Puts it into the queue where memory is nearly full; one that waits there stands for it."""
    if not workspace.read_only and entries.rendered_size(workspace.read(PATH).text) > limit * FULL:
        errands.add(Errand("consolidate"))


def run(errand: Errand, bench: Bench) -> Done:
    """One pass. A memory that has room, or became so meanwhile, is left alone. Raises ProviderError, BudgetSpent,
    Cancelled, and as the door does."""
    doc = bench.workspace.read(PATH)
    limit = bench.config.memory.memory_limit
    size = entries.rendered_size(doc.text)
    if size <= limit * FULL:
        return Done()
    known = {entry.id: entry for entry in entries.entries(doc.text)}
    provider = bench.provider("reflection", errand.model)
    try:
        told = json_reply.ask(
            provider, _ORDER, _question(known, size, limit), lambda data: plan(data, known), bench.cancel
        )
    finally:
        provider.close()
    if told.value is None:
        return Done((), told.usage)
    today = f"{bench.clock.now().astimezone():%Y-%m-%d}"
    change = changed(bench.workspace, told.value, today, limit, told.model)
    lines = [_asked(known, pair) for pair in told.value.doubts]
    if change:
        over = size > limit  # by a person's hand, or a merge: theirs to decide
        done = (
            bench.proposals.propose(change, "MEMORY.md is over its limit") if over else bench.proposals.submit(change)
        )
        lines += kept.lines([done])
    return Done(tuple(lines), told.usage)


def plan(data: Mapping[str, Any], known: Mapping[str, Entry]) -> Plan:
    """What a model wants done, as far as it loses nothing: each id once, known ones only. Raises Unfit."""
    used: set[str] = set()

    def free(ids: Sequence[str]) -> bool:
        fresh = len(set(ids)) == len(ids) and all(one in known and one not in used for one in ids)
        used.update(ids if fresh else ())
        return fresh

    merges = []
    for one in _dicts(data.get("merge")):
        ids, text = _ids(one), " ".join(str(one.get("text") or "").split())
        room = sum(len(known[key].text) for key in ids if key in known)
        olds = [known[key].text for key in ids if key in known]
        if len(ids) > 1 and text and len(text) <= room and _says(text, olds) and free(ids):
            merges.append((ids, text))
    moves = []
    for one in _dicts(data.get("move")):
        key, topic = str(one.get("id") or ""), " ".join(str(one.get("topic") or "").split())
        if topic and free((key,)):
            moves.append((key, topic))
    pairs = [_ids(one) for one in _dicts(data.get("contradict"))]
    doubts = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and free(pair)]
    if not any(key in data for key in ("merge", "move", "contradict")):
        raise Unfit("it has none of the keys merge, move, contradict")
    return Plan(tuple(merges[:_MOST]), tuple(moves[:_MOST]), tuple(doubts[:_MOST]))


def changed(workspace: Workspace, wanted: Plan, today: str, limit: int, model: str = "") -> Change | None:
    """The one change that does all of it; None where there is nothing to do. A contradiction is marked where there is
    room for the mark."""
    files = _Files()
    memory = _read(workspace, files, PATH)
    known = {entry.id: entry for entry in entries.entries(memory)}
    whys: list[str] = []
    for ids, text in wanted.merges:
        for key in ids[1:]:
            memory = entries.remove(memory, key).text
        memory = entries.change(memory, ids[0], text).text
        for key in ids:
            _append(
                workspace, files, ARCHIVE, "Memory", f"- {known[key].text} (until {today}, now in {ids[0]}; was {key})"
            )
        whys.append(f"{ids[0]} replaces {', '.join(ids)}")
    for key, topic in wanted.moves:
        memory = entries.remove(memory, key).text
        path = note_of(topic) or VARIOUS
        _append(workspace, files, path, topic, f"- {known[key].text} (from memory, {today}; was {key})")
        whys.append(f"{key} moved to {path}")
    for key, other in wanted.doubts:
        marked = f"{known[key].text} (contradicts {other}, {today}: ask which holds)"
        edited = memory if "(contradicts " in known[key].text else entries.change(memory, key, marked).text
        if edited != memory and entries.rendered_size(edited) <= limit:
            memory = edited
            whys.append(f"{key} and {other} contradict each other")
    if not whys:
        return None
    files.texts[PATH] = memory
    provenance = Provenance("agent", "reflection", model=model)
    data: dict[str, bytes | None] = {path: text.encode() for path, text in files.texts.items()}
    return Change(data, "memory", "Makes room: " + "; ".join(whys) + ".", provenance, files.expect)


def _says(text: str, olds: Sequence[str]) -> bool:
    """Whether a merged text keeps every number and name of the old ones."""
    lowered = text.lower()
    telling = {word for old in olds for word in re.findall(r"[^\s,;:()]*\d[^\s,;:()]*", old.lower())}
    return all(word.rstrip(".") in lowered for word in telling)


def _read(workspace: Workspace, files: _Files, path: str) -> str:
    if path not in files.texts:
        doc = workspace.read(path)
        files.texts[path], files.expect[path] = doc.text, doc.blob
    return files.texts[path]


def _append(workspace: Workspace, files: _Files, path: str, title: str, line: str) -> None:
    now = _read(workspace, files, path).rstrip("\n")
    files.texts[path] = f"{now or f'# {title.strip()[:80]}' + chr(10)}\n{line}\n"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _ids(one: Mapping[str, Any]) -> tuple[str, ...]:
    value = one.get("ids")
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _question(known: Mapping[str, Entry], size: int, limit: int) -> str:
    lines = "\n".join(f"[{key}] {entry.text}" for key, entry in known.items())
    return f"{size} of {limit} characters are used.\n{lines}"


def _asked(known: Mapping[str, Entry], pair: tuple[str, str]) -> str:
    one, other = (f"[{key}] {excerpt(known[key].text, 60)}" for key in pair)
    return f"MEMORY.md contradicts itself: {one} / {other}: which holds? hermes memory remove ID"
