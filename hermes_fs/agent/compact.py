"""Makes a long conversation fit its model's window: the older part becomes a summary in the model's view.

A transform of messages only: the transcript keeps every one of them, and the system prompt is never touched. Skills
that were read stay as they are, behind the summary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hermes_fs.agent import activated
from hermes_fs.core.errors import HermesError
from hermes_fs.core.events import Compacted
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.tokens import estimate, estimate_messages
from hermes_fs.core.types import Message, Reply, Request, Text, ToolCall, ToolResult, Usage, system, user

UNKNOWN_WINDOW = 128_000
KEPT_SHARE = 0.3
"""The share of the window that the newest messages may keep, whole."""
SKILLS_SHARE = 0.2
"""The share of it that skills may take which stand behind the summary; the tail gives way for them, down to half."""
FORCED_SHARE = 0.5
"""A model that says "too long" without a known window: what it just refused, times this, is taken as its window."""
SUMMARY_TOKENS = 1_000
EXCERPT = 600

_ASK = """\
Summarise this conversation between a person and an agent so that the agent can go on without the original. Keep: what \
the person wants and their corrections, what was done and found (exact names, paths, commands, numbers, ids), what \
failed and why, what is still open. Plain sentences, no preface, at most 500 words."""


class SummaryCompactor:
    """Summarises by a model (`provider`, usually the auxiliary one). `window` gives the tokens that fit into the model
    which answers at the moment, 0 where that is unknown; it is asked each time, because another may stand in. `at` is
    the share of it at which to act, `overhead` the tokens of the tool schemas that each request carries besides its
    messages."""

    def __init__(self, provider: Provider, window: Callable[[], int], at: float, overhead: int) -> None:
        self._provider = provider
        self._told = window
        self._at = at
        self._overhead = overhead
        self._window = UNKNOWN_WINDOW
        self._refused: tuple[int, int] = (0, 0)

    def __call__(self, messages: Sequence[Message], force: bool, cancel: Cancel) -> tuple[Compacted, Usage] | None:
        size = estimate_messages(messages) + self._overhead
        told = self._told()
        self._window = self._refused[1] if self._refused[0] == told and self._refused[1] else told or UNKNOWN_WINDOW
        if force:
            self._window = min(self._window, int(size * FORCED_SHARE / self._at))
            self._refused = (told, self._window)
        elif size < self._window * self._at:
            return None
        room = int(self._window * SKILLS_SHARE)
        skills = estimate(activated.behind(messages[1:], (), room))
        cut = _cut(messages, max(int(self._window * KEPT_SHARE) - skills, int(self._window * KEPT_SHARE / 2)))
        if cut <= 1:
            return None
        older = messages[1:cut]
        kept = activated.behind(older, messages[cut:], room)
        summary, usage = self._summarise(older, cancel)
        return Compacted(user(activated.SUMMARY + summary + kept), len(older)), usage

    def _summarise(self, older: Sequence[Message], cancel: Cancel) -> tuple[str, Usage]:
        """By the model; where it fails, excerpts: a full window must never end a conversation."""
        budget = max(int(self._window * 0.6) - SUMMARY_TOKENS, 500)
        request = Request((system(_ASK), user(_transcript(older, budget))), max_tokens=SUMMARY_TOKENS)
        try:
            for item in self._provider.stream(request, cancel):
                if isinstance(item, Reply) and item.message.text.strip():
                    return item.message.text.strip(), item.usage
        except HermesError:
            cancel.check()
        return _transcript(older, SUMMARY_TOKENS), Usage()


def _cut(messages: Sequence[Message], budget: int) -> int:
    """Where the kept tail starts: as early as the budget allows, never between calls and their results, and the last
    exchange stays whole even when it alone is over the budget."""
    place = len(messages)
    used = 0
    cut = 0
    while place > 1:
        place -= 1
        used += estimate_messages(messages[place : place + 1])
        if cut and used > budget:
            break
        if messages[place].role != "tool":
            cut = place
    return cut


def _transcript(messages: Sequence[Message], budget: int) -> str:
    """The conversation as plain text within a budget of tokens: long texts are cut in their middle, and where that does
    not suffice the first message and the newest ones stay."""
    lines = [line for message in messages for line in _lines(message)]
    kept: list[str] = []
    room = budget - (estimate(lines[0]) if lines else 0)
    for line in reversed(lines[1:]):
        room -= estimate(line)
        if room < 0:
            kept.append("[…]")
            break
        kept.append(line)
    return "\n".join([*lines[:1], *reversed(kept)])


def _lines(message: Message) -> list[str]:
    lines: list[str] = []
    for part in message.parts:
        match part:
            case Text(text, aside=False):
                earlier = text.startswith(activated.SUMMARY)
                said = activated.without(text).strip() if earlier else _excerpt(text)
                lines.append(f"{message.role}: {said}")
            case ToolCall(_, name, arguments):
                lines.append(f"call {name}: {_excerpt(arguments)}")
            case ToolResult(_, text, failed):
                lines.append(f"{'failed' if failed else 'result'}: {_excerpt(text)}")
            case _:
                continue
    return lines


def _excerpt(text: str) -> str:
    text = text.strip()
    if len(text) <= EXCERPT:
        return text
    half = EXCERPT // 2
    return f"{text[:half]} […] {text[-half:]}"
