"""The wires that the loopback server speaks: the same answer, said as each of them says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from hermes_fs.testing.anthropic_answers import AnthropicDialect
from hermes_fs.testing.openai_answers import Answer, chunks, whole
from hermes_fs.testing.responses_answers import ResponsesDialect


class Dialect(Protocol):
    """One wire. `plain` gives the request as chat completions would have it, for the markers in it; `refusal` what a
    real server answers to a request that breaks the wire's rules."""

    def plain(self, body: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def refusal(self, request: Mapping[str, Any]) -> Answer | None: ...

    def whole(self, body: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]: ...

    def events(self, body: Mapping[str, Any], answer: Answer) -> list[bytes]: ...

    def error(self, answer: Answer) -> Any: ...


class ChatDialect:
    """OpenAI's chat completions, as lenient as the servers that imitate them."""

    def plain(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return body

    def refusal(self, request: Mapping[str, Any]) -> Answer | None:
        return None

    def whole(self, body: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
        return whole(body, answer)

    def events(self, body: Mapping[str, Any], answer: Answer) -> list[bytes]:
        said = [b"data: %s\n\n" % json.dumps(chunk, ensure_ascii=False).encode() for chunk in chunks(body, answer)]
        return [*said, b"data: [DONE]\n\n"]

    def error(self, answer: Answer) -> Any:
        return {"error": answer.error}


_DIALECTS: dict[str, Dialect] = {
    "/chat/completions": ChatDialect(),
    "/messages": AnthropicDialect(),
    "/responses": ResponsesDialect(),
}


def dialect_of(path: str) -> Dialect | None:
    """None for a path that is no request for a completion."""
    return next((dialect for end, dialect in _DIALECTS.items() if path.endswith(end)), None)
