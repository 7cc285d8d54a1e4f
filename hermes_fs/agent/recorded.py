"""Tools that answer from what was recorded: a session is asked again, and nothing that it did is done twice."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hermes_fs.agent.calls import parse_arguments
from hermes_fs.core.errors import HermesError, QuotingError, ToolError
from hermes_fs.core.foreign import unwrap
from hermes_fs.core.origins import is_trusted, known
from hermes_fs.core.ports import Tool
from hermes_fs.core.types import Message, Origin, Told, ToolCall, ToolResult
from hermes_fs.store.replay import replay
from hermes_fs.store.transcript import Record
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.registry import Wrapped

ASKED_ANEW = ("skill_list", "skill_view", "recall")
"""What only reads the mind is asked of the mind that is tried: its answers are what is compared."""
_REFUSED = "not done: this is a replay of an earlier conversation, in which this call was not made"
_HINT = "go on without it: answer from what you know, or say what you would do"


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came to."""

    text: str
    failed: bool
    origin: Origin


class Recording:
    """Results by call: a call that was made several times has its results in turn, the last again and again. Counts in
    `served` and `refused`. `here` is where the mind that is tried lies, `there` where the session had it."""

    def __init__(self, records: Sequence[Record], here: str = "", there: str = "") -> None:
        self._results: dict[tuple[str, str], deque[Result]] = {}
        self._here, self._there = here, there
        self.served = 0
        self.refused = 0
        for call, result in _pairs(replay(records, whole=True)):
            self._results.setdefault((call.name, _key(_read(call))), deque()).append(result)

    def take(self, name: str, args: Mapping[str, Any]) -> Result | None:
        """The recorded result of exactly this call, None where it was never made."""
        key = _key(args)
        if self._here:
            key = key.replace(self._here, self._there)
        found = self._results.get((name, key))
        if found is None:
            self.refused += 1
            return None
        self.served += 1
        return found.popleft() if len(found) > 1 else found[0]


@dataclass(frozen=True, slots=True)
class FromRecord(Wrapped):
    """A tool that does nothing: it says what was recorded, or that it was not called so. May be called by threads."""

    recording: Recording

    def run(self, args: Mapping[str, Any], context: ToolContext) -> str | Told:
        found = self.recording.take(self.name, args)
        if found is None:
            raise ToolError(_REFUSED, _HINT)
        if found.failed:
            raise ToolError(found.text) if is_trusted(found.origin) else QuotingError(found.text)
        return Told(found.text, found.origin)


def tools_of(tools: Iterable[Tool[ToolContext]], recording: Recording) -> tuple[Tool[ToolContext], ...]:
    """The same toolset, so that the model is offered the same, answered from a record."""
    return tuple(tool if tool.name in ASKED_ANEW else FromRecord(tool, recording) for tool in tools)


def _pairs(messages: Sequence[Message]) -> Iterable[tuple[ToolCall, Result]]:
    """Every call with its result, in their order."""
    for asked, answered in itertools.pairwise(messages):
        if answered.role != "tool":
            continue
        results = [part for part in answered.parts if isinstance(part, ToolResult)]
        for call, result in zip(asked.calls, results, strict=False):
            yield call, Result(unwrap(result.text), result.failed, known(result.origin))


def _read(call: ToolCall) -> Any:
    try:
        return parse_arguments(call)
    except HermesError:  # malformed: the loop refuses it before any tool sees it
        return call.arguments


def _key(args: Any) -> str:
    return json.dumps(args, sort_keys=True, ensure_ascii=False)
