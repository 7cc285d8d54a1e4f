"""Which skills a conversation has read whole, and how their words outlive a summary of it. Pure.

A skill's body is what the agent works by: cut down to a sentence it would be another skill. So it stands, word for
word, behind the summary that replaces the messages in which it was read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from hermes_fs.core.tokens import estimate
from hermes_fs.core.types import Message, ToolCall, ToolResult
from hermes_fs.store.skill_places import FILE
from hermes_fs.tools.skills import AGAIN

SUMMARY = "[Summary of the conversation so far. The transcript keeps the original.]\n"
"""How the message begins that replaces others."""
_HEADING = "\n\n[Skills that were read, word for word; they hold as before:]\n"
_BY_PATH = re.compile(r"/[^\s<>]+/skills/[^/\s<>]+/SKILL\.md")
_OPENING = re.compile(r"<skill ([^\s<>]{1,200}) ([0-9a-f]{12})>\n")


def active(messages: Sequence[Message]) -> dict[str, str]:
    """The skills whose bodies stand in these messages: name → the words that stand there, the latest last."""
    found: dict[str, str] = {}
    calls: tuple[ToolCall, ...] = ()
    for message in messages:
        if message.role == "user" and message.text.startswith(SUMMARY):
            for name, body in _kept(message.text):
                found.pop(name, None)
                found[name] = body
        elif message.role == "tool":
            for name, body in _read(calls, message):
                found.pop(name, None)
                found[name] = body
        calls = message.calls
    return found


def _read(calls: Sequence[ToolCall], results: Message) -> Iterator[tuple[str, str]]:
    for call, part in zip(calls, results.parts, strict=False):
        name = _asked(call)
        if name and isinstance(part, ToolResult) and not part.failed and not part.text.startswith(again(name)):
            yield name, part.text


def again(name: str) -> str:
    """What a skill says that stands above already."""
    return AGAIN.format(name=name)


def _asked(call: ToolCall) -> str:
    """The skill whose body a call asks for, by name or by path as it was asked for; "" for any other call."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        return ""
    if not isinstance(arguments, Mapping):
        return ""
    if call.name == "read_file":  # as a model without skill_view does
        path = str(arguments.get("path", ""))
        return path if _BY_PATH.fullmatch(path) and "offset" not in arguments else ""
    whole = call.name == "skill_view" and str(arguments.get("file") or FILE).strip("/") == FILE
    return str(arguments.get("name", "")).strip().strip("/") if whole else ""


def behind(older: Sequence[Message], newer: Sequence[Message], tokens: int) -> str:
    """What is to stand behind the summary of `older`: the bodies read in it and not again in `newer`, the latest ones
    that fit into `tokens`."""
    still = active(newer)
    blocks: list[str] = []
    for name, body in reversed(active(older).items()):
        block = f"<skill {name} {_mark(body)}>\n{body}\n</skill {_mark(body)}>"
        tokens -= estimate(block)
        if name not in still and tokens >= 0 and _OPENING.match(block):
            blocks.insert(0, block)
    return _HEADING + "\n".join(blocks) if blocks else ""


def without(text: str) -> str:
    """A summary alone, without the bodies that stand behind it."""
    return text.partition(_HEADING)[0] if text.startswith(SUMMARY) else text


def _kept(text: str) -> Iterator[tuple[str, str]]:
    """What merely looks like a block does not fit its mark."""
    text = text.partition(_HEADING)[2]
    place = 0
    while opening := _OPENING.search(text, place):
        end = text.find(f"\n</skill {opening[2]}>", opening.end())
        body = text[opening.end() : end] if end >= 0 else ""
        is_whole = bool(body) and _mark(body) == opening[2]
        if is_whole:
            yield opening[1], body
        place = end if is_whole else opening.end()


def _mark(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:12]
