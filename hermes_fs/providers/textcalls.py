"""Finds the tool calls that some models write into their text: `<tool_call>` tags, fenced JSON, a bare JSON object.

Only calls of tools that were offered count. Text that may yet turn out to be a call is held back, and given out
unchanged when it is none. Executes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Literal

from hermes_fs.providers.thinktags import overlap

_TAGS = ("<tool_call>", "<tools>")  # the second is what Qwen2.5-Coder likes to write
_FENCE = re.compile(r"[ \t]*(`{3,})([^`\n]*)\n")
_MAYBE_FENCE_END = re.compile(r"[ \t]*`*[ \t]*")
_INFOS = ("", "json", "jsonc", "json5", "xml", "tool", "tool_call", "tool_calls", "function", "function_call")
_SEPARATORS = re.compile(r"(?:[\s,;]|</?(?:tool_call|tools)>)*")
_KEYS = ('"name"', '"arguments"', '"parameters"', '"function"', '"tool_call"', '"type"', '"id"')
_STARTS = (*_KEYS, *_TAGS, "</tool_call>", "</tools>")
_FIELDS = frozenset({"name", "arguments", "parameters", "id", "type"})
_MOST_MARKS = 200  # within one call's strings; beyond it the work would grow with the square of the text
_MOST_WORK = 300_000  # characters that are looked at in vain; a text that costs more is taken as it is
_PIECE = 4096
_decoder = json.JSONDecoder(strict=False)  # small models put raw line breaks into strings

Found = tuple[str, str]
"""A call: the tool's name and its arguments as JSON text."""


class TextCalls:
    """Takes a reply's text in pieces of any size. `calls` are those found so far; the text given back and the calls
    depend on the pieces' concatenation alone. Without tool names all text passes at once."""

    def __init__(self, names: Collection[str]) -> None:
        self.calls: list[Found] = []
        self._names = frozenset(names)
        self._buffer = ""
        self._tried = 0  # where in the buffer the search for a closing mark goes on
        self._tries = 0
        self._spent = 0
        self._before = "\n"  # the last character that was taken
        self._beginning = True  # nothing but blanks was taken so far
        self._fence = ""  # the backticks that close the ordinary block which we are in
        self._space = ""  # blanks that are given out when something follows them

    def feed(self, piece: str) -> str:
        if not self._names:
            return piece
        shown = []
        for start in range(0, len(piece), _PIECE):  # the buffer is cut at its front, over and over
            self._buffer += piece[start : start + _PIECE]
            shown.append(self._run(final=False))
        return self._visible("".join(shown))

    def end(self) -> str:
        """The rest. Blanks at the end are dropped after a call; all other text is given back."""
        shown = self._visible(self._run(final=True))
        return shown if self.calls else shown + self._space

    def _visible(self, text: str) -> str:
        text = self._space + text
        kept = text.rstrip()
        self._space = text[len(kept) :]
        return kept

    def _run(self, final: bool) -> str:
        shown: list[str] = []
        while self._buffer:
            piece = self._step(final)
            if piece is None:
                break
            shown.append(piece)
        return "".join(shown)

    def _step(self, final: bool) -> str | None:
        """Take the next piece from the buffer and return what of it is visible; None: more must come first."""
        if self._spent > _MOST_WORK:
            return self._take(len(self._buffer))
        if self._fence:
            return self._in_block(final)
        if self._before == "\n":
            start = self._buffer[:400].lstrip(" \t")
            if not final and "\n" not in self._buffer and "```".startswith(start[:3]):
                return None
            if opening := _FENCE.match(self._buffer):
                return self._fenced(opening, final)
            if self._beginning and start.startswith(("{", "[")) and may_be_call(start):
                return self._bare(final)
        return self._line(final)

    def _take(self, size: int) -> str:
        piece, self._buffer, self._tried = self._buffer[:size], self._buffer[size:], 0
        self._tries = 0
        self._before = piece[-1]
        self._beginning = self._beginning and not piece.strip()
        return piece

    # -- the forms ----------------------------------------------------------------------------------------------------

    def _line(self, final: bool) -> str | None:
        """Ordinary text up to the end of the line or to a tag."""
        end = self._plain_lines() or self._buffer.find("\n") + 1 or len(self._buffer)
        found = [(at, tag) for tag in _TAGS if (at := self._buffer.find(tag, 0, end)) >= 0]
        if found:
            at, tag = min(found)
            return self._take(at) if at else self._tagged(tag, final)
        open_end = end == len(self._buffer) and not final
        hold = max(overlap(self._buffer, tag) for tag in _TAGS) if open_end else 0
        return self._take(end - hold) if end > hold else None

    def _plain_lines(self) -> int:
        """How many characters are whole lines among which nothing can begin a call or a block."""
        marks = "<`{[" if self._beginning else "<`"
        return 0 if any(mark in self._buffer for mark in marks) else self._buffer.rfind("\n") + 1

    def _tagged(self, tag: str, final: bool) -> str | None:
        quoted = self._before == "`"
        verdict = "text" if quoted else self._judge(len(tag), f"</{tag[1:]}", final)
        if verdict == "text":
            return self._take(len(tag))
        return None if verdict == "wait" else ""

    def _fenced(self, opening: re.Match[str], final: bool) -> str | None:
        ticks, info = opening.group(1), opening.group(2).strip().lower()
        fits = len(ticks) == 3 and info in _INFOS
        verdict = self._judge(opening.end(), ticks, final) if fits else "text"
        if verdict == "text":
            self._fence = ticks
            return self._take(opening.end())
        return None if verdict == "wait" else ""

    def _in_block(self, final: bool) -> str | None:
        """A line of an ordinary block, in which nothing is a call."""
        end = self._buffer.find("\n") + 1
        if self._before == "\n":
            line = self._buffer[: end - 1] if end else self._buffer
            if _MAYBE_FENCE_END.fullmatch(line):
                if not end and not final:
                    return None
                if line.strip().startswith(self._fence):
                    self._fence = ""
        return self._take(end or len(self._buffer))

    def _bare(self, final: bool) -> str | None:
        """JSON that starts the reply counts only if it is the whole of it."""
        if not final:
            return None
        if not self._accept(self._buffer):
            self._beginning = False
            return self._line(final)
        self._buffer = ""
        return ""

    def _judge(self, start: int, mark: str, final: bool) -> Literal["call", "text", "wait"]:
        """Whether what stands in the buffer from `start` up to a closing mark is a call; if so, it is taken."""
        if not may_be_call(self._buffer[start : start + 200]):
            return "text"
        position = max(start, self._tried)
        while (at := self._buffer.find(mark, position)) >= 0:
            inside = self._buffer[start:at]
            position = at + len(mark)
            if self._accept(inside):
                self._take(position)
                return "call"
            self._tries += 1
            self._spent += len(inside)
            if self._tries > _MOST_MARKS or not _unfinished(inside):
                return "text"  # else the mark stood within a string
        self._tried = max(position, len(self._buffer) - len(mark) + 1)
        if not final:
            return "wait"
        self._spent += len(self._buffer) - start
        if not self._accept(self._buffer[start:]):
            return "text"
        self._take(len(self._buffer))
        return "call"

    def _accept(self, text: str) -> bool:
        found = parse(text, self._names)
        self.calls += found
        return bool(found)


def may_be_call(text: str) -> bool:
    """Whether a text that begins so can become calls written as JSON."""
    start = text[_SEPARATORS.match(text).end() :].lstrip("[{ \t\r\n")  # type: ignore[union-attr]  # it matches always
    return any(start.startswith(known) or known.startswith(start) for known in _STARTS)


def parse(text: str, names: Collection[str]) -> list[Found]:
    """The calls of which `text` consists; empty if it is anything else or names a tool that was not offered."""
    values: list[Any] = []
    position = 0
    while position < len(text):
        between = _SEPARATORS.match(text, position)
        position = between.end() if between else position
        if position == len(text):
            break
        try:
            value, position = _decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            return []
        values += value if isinstance(value, list) else [value]
    calls = [_call(value, names) for value in values]
    return [call for call in calls if call] if all(calls) else []


def _call(value: Any, names: Collection[str]) -> Found | None:
    while isinstance(value, dict) and isinstance(inner := value.get("function", value.get("tool_call")), dict):
        value = inner
    if not isinstance(value, dict) or value.get("name") not in names or not set(value) <= _FIELDS:
        return None
    arguments = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str):
        return (value["name"], arguments) if is_object(arguments) else None
    if not isinstance(arguments, dict):
        return None
    return value["name"], json.dumps(arguments, ensure_ascii=False)


def is_object(text: str) -> bool:
    """Whether it is the JSON text of an object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _unfinished(text: str) -> bool:
    """Whether JSON was cut off at the end of `text`, so that more of it may make it whole."""
    body = text.strip()
    if not body:
        return False
    try:
        _decoder.decode(body)
    except json.JSONDecodeError as error:
        return error.msg.startswith("Unterminated string") or error.pos >= len(body)
    except RecursionError:
        return False
    return False
