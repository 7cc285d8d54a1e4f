"""Every scanner and parser of foreign text, by name, as a function that takes the whole text. Nothing may raise."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from rich.console import Console

from hermes_fs.agent import corrections, json_reply, recollect, self_talk, triggers
from hermes_fs.agent.excerpt import excerpt
from hermes_fs.apps.chat import blocks, markdown
from hermes_fs.core import config, foreign, hidden, secrets, terminal
from hermes_fs.core.errors import HermesError
from hermes_fs.providers.events import sse_data
from hermes_fs.providers.textcalls import TextCalls
from hermes_fs.providers.thinktags import ThinkTags
from hermes_fs.store import query, replay, sources, tokens, transcript
from hermes_fs.store.formats import entries, front, orders, registry, scan, sections, skill, yaml_file
from hermes_fs.store.formats.format import Format
from hermes_fs.tools.commands.classify import classify
from hermes_fs.tools.commands.parse import parse
from hermes_fs.tools.commands.tokens import Unreadable

Reader = Callable[[str], object]
NOW = datetime(2026, 1, 2, tzinfo=UTC)
PATHS = ("MEMORY.md", "notes/a.md", "skills/a/SKILL.md", "skills/a/scripts/b.py", "cron.yaml", "people/people.yaml",
         "model.yaml", "config.yaml", "AGENTS.md")  # fmt: skip


def readers() -> dict[str, Reader]:
    """All of them."""
    found: dict[str, Reader] = {
        "self_talk.speaks": self_talk.speaks,
        "corrections.corrects": lambda text: corrections.corrects(text, text),
        "triggers.program_of": triggers.program_of,
        "triggers.facts": _facts,
        "excerpt.excerpt": _excerpt,
        "json_reply.found": _found,
        "secrets.find": secrets.find,
        "secrets.redact": secrets.redact,
        "hidden.find": hidden.find,
        "hidden.surface": hidden.surface,
        "hidden.reveal": hidden.reveal,
        "orders.find": orders.find,
        "scan.problems": scan.problems,
        "terminal.neutralise": terminal.neutralise,
        "terminal.spell_out": terminal.spell_out,
        "terminal.one_line": terminal.one_line,
        "foreign.wrap": lambda text: foreign.wrap(text, "web"),
        "entries.entries": entries.entries,
        "entries.rendered_size": entries.rendered_size,
        "entries.assign_ids": entries.assign_ids,
        "entries.add": _quiet(lambda text: entries.add(text, "a new fact")),
        "entries.add text": _quiet(lambda text: entries.add("- a\n", text)),
        "entries.change": _quiet(lambda text: entries.change(text, "fact", "a new fact")),
        "entries.remove": _quiet(lambda text: entries.remove(text, "zzzzzz")),
        "sections.parse": sections.parse,
        "sections.replace": _quiet(lambda text: sections.replace(text, "title 7", "new")),
        "sections.add": _quiet(lambda text: sections.add(text, "title 7", "new")),
        "front.read": front.read,
        "front.strict": lambda text: front.strict(f"---\n{text}\n---\n"),
        "front.plain_value": lambda text: front.plain_value(text, "key"),
        "skill.load": lambda text: skill.load(f"---\n{text}\n---\nbody\n".encode("utf-8", "replace")),
        "skill.body": lambda text: skill.load(text.encode("utf-8", "replace")),
        "skill.headline": lambda text: skill.headline(f"---\n{text}\n---\nbody\n".encode("utf-8", "replace"), "a"),
        "skill.strictly": lambda text: skill.strictly(f"---\n{text}\n---\nbody\n", "a"),
        "yaml_file.parse_text": _quiet(yaml_file.parse_text, yaml_file.Broken),
        "config.parse_yaml": _quiet(lambda text: config.parse_yaml(text, "config.yaml")),
        "query.parse": lambda text: query.parse(text, NOW),
        "tokens.indexed": tokens.indexed,
        "tokens.pieces": tokens.pieces,
        "tokens.phrase": tokens.phrase,
        "tokens.fold": tokens.fold,
        "recollect.telling_words": recollect.telling_words,
        "textcalls": _calls,
        "textcalls in pieces": lambda text: _calls(text, 40),
        "thinktags": lambda text: _thoughts(text, len(text)),
        "thinktags in pieces": lambda text: _thoughts(f"<think>{text}", 40),
        "sse_data": lambda text: list(sse_data(iter([_bytes(text)]))),
        "sse_data in pieces": lambda text: list(sse_data(_cut(_bytes(text), 100))),
        "blocks.split_complete": blocks.split_complete,
        "markdown": _shown,
        "markdown of 8,000": lambda text: _shown(text[:8000]),
        "markdown of 2,000": lambda text: _shown(text[:2000]),
        "commands.parse": _quiet(parse, Unreadable),
        "commands.classify": _quiet(classify, Unreadable),
        "transcript lines": _lines,
        "transcript pieces": lambda text: sources.transcript_pieces(text.encode("utf-8", "replace")),
    }
    for path in PATHS:
        found |= _of_format(path, registry.format_of(path))
    for path in ("MEMORY.md", "notes/a.md", "skills/a/SKILL.md", "AGENTS.md"):
        found[f"index {path}"] = _indexing(path)
    return found


def _of_format(path: str, known: Format) -> Mapping[str, Reader]:
    return {
        f"check {path}": lambda text: known.check(path, None, _bytes(text), "agent"),
        f"check change {path}": lambda text: known.check(path, _bytes(text[: len(text) // 2]), _bytes(text), "person"),
        f"describe {path}": lambda text: known.describe(path, _bytes(text[: len(text) // 2]), _bytes(text)),
        f"merge {path}": lambda text: _merged(known, text),
    }


def _merged(known: Format, text: str) -> object:
    """Both sides change the same thing differently: the one in its first half, the other in its second."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    half = len(lines) // 2
    ours = "".join(["- one\n", *lines[:half], *reversed(lines[half:])])
    theirs = "".join([*reversed(lines[:half]), *lines[half:], "- other\n"])
    return known.merge(_bytes(text), _bytes(ours), _bytes(theirs))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _shown(text: str) -> object:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, theme=markdown.THEME)
    return markdown.rendered(console, text, 100)


def _found(text: str) -> None:
    with contextlib.suppress(json_reply.Unfit):
        json_reply.found(text)


def _quiet(reader: Reader, error: type[Exception] = HermesError) -> Reader:
    def read(text: str) -> object:
        with contextlib.suppress(error):
            return reader(text)
        return None

    return read


def _calls(text: str, size: int = 0) -> object:
    reader = TextCalls(["t"])
    for place in range(0, len(text), size or len(text) or 1):
        reader.feed(text[place : place + (size or len(text))])
    return reader.end()


def _thoughts(text: str, size: int) -> object:
    reader = ThinkTags()
    for place in range(0, len(text), size or 1):
        reader.feed(text[place : place + size])
    return reader.end()


def _lines(text: str) -> object:
    records = []
    for line in filter(None, _bytes(text).split(b"\n")):
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            records.append(transcript.parse_record(line))
    return replay.replay(records)


def _indexing(path: str) -> Reader:
    return lambda text: sources.document(path, _bytes(text))


def _command(text: str) -> list[transcript.Record]:
    """A command of these words with what it printed."""
    call = {"call": "c", "name": "terminal", "arguments": json.dumps({"command": text})}
    result = {"call": "c", "name": "terminal", "text": foreign.wrap(text, "tool")}
    at = "2026-01-31T12:00:00.000Z"
    kinds = (("tool_call", call), ("tool_result", result), ("message", {"role": "user", "text": text}))
    return [transcript.Record("e", kind, at, "owner", "cli", "web", data) for kind, data in kinds]


def _facts(text: str) -> object:
    return triggers.facts(_command(text))


def _excerpt(text: str) -> object:
    return excerpt(_command(text), 1000)
