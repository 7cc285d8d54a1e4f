"""A provider that answers from a script, for tests of agents, tools and skills; asks no network and keeps no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel
from hermes_fs.core.tokens import estimate_messages, estimate_tools
from hermes_fs.core.types import Finish, Message, Reply, Request, Text, Thinking, Usage

Scripted = Message | Reply | Exception | Callable[[Request], Message | Reply]


class ScriptedProvider:
    """Gives one reply of the script per call: a message, a whole Reply, an exception to raise, or a function of the
    request. Text comes as word-sized deltas. `requests` holds every request seen; a call after the script's end raises
    ProviderError("invalid"), so that a test sees the surplus call."""

    def __init__(
        self,
        replies: Sequence[Scripted] = (),
        *,
        name: str = "scripted",
        model: str = "script",
        context_window: int = 0,
    ) -> None:
        self.name = name
        self.model = model
        self.context_window = context_window
        self.requests: list[Request] = []
        self.closed = 0
        self._script = list(replies)

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        cancel.check()
        self.requests.append(request)
        reply = self._next(request)
        for part in reply.message.parts:
            for word in _words(part.text) if isinstance(part, Text | Thinking) else ():
                cancel.check()
                yield ThinkingDelta(word) if isinstance(part, Thinking) else TextDelta(word)
        yield reply

    def warm(self) -> None:
        """There is nothing to load."""

    def close(self) -> None:
        self.closed += 1

    def _next(self, request: Request) -> Reply:
        if not self._script:
            raise ProviderError("invalid", f"the script has no reply for call {len(self.requests)}")
        scripted = self._script.pop(0)
        if isinstance(scripted, Exception):
            raise scripted
        answer = scripted(request) if callable(scripted) else scripted
        return answer if isinstance(answer, Reply) else self._reply(request, answer)

    def _reply(self, request: Request, message: Message) -> Reply:
        spent = estimate_messages(request.messages) + estimate_tools(request.tools)
        finish: Finish = "tools" if message.calls else "stop"
        return Reply(message, Usage(spent, estimate_messages([message])), finish, self.model)


def _words(text: str) -> Iterator[str]:
    start = 0
    for position, char in enumerate(text, 1):
        if char.isspace() or position == len(text):
            yield text[start:position]
            start = position
