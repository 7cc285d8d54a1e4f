"""Reads the objects of a model's answer off its bytes: a stream of server-sent events, or one JSON completion.

The SDK's own reader is not used because it closes the connection at `[DONE]`, so that every call would open a new one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hermes_fs.core.errors import ProviderError
from hermes_fs.providers.presets import Preset

_LAST = ("message_stop", "response.completed", "response.incomplete")


class StreamError(ValueError):
    """An error that the server reports within a stream that began well; shaped like the SDK's APIError."""

    def __init__(self, body: Any) -> None:
        super().__init__(str(body))
        self.body = body
        self.code = body.get("code") if isinstance(body, Mapping) else None
        self.type = body.get("type") if isinstance(body, Mapping) else None


def objects_of(response: Any, pieces: Iterator[bytes], preset: Preset) -> Iterator[Mapping[str, Any]]:
    """The answer's objects as they come, up to `[DONE]` or the wire's own last event. A server that ignores `stream`
    answers with one; a web page is no model's answer. Raises ProviderError, StreamError, ValueError for what is no
    JSON."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("text/html"):
        hint = "correct it with `hermes config set model.base_url URL`; most end in /v1"
        raise ProviderError("invalid", f"{preset.base_url} answers with a web page, not as a model server", hint)
    if kind == "application/json":
        yield _completion(json.loads(b"".join(pieces)), preset)
        return
    for data in sse_data(pieces):
        if data.startswith(b"[DONE]"):
            return
        item = json.loads(data)
        if isinstance(item, Mapping):
            yield _checked(item)
            if item.get("type") in _LAST:
                return


def sse_data(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The data of each server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html). Lines end
    at LF alone: models may write other line separators into their JSON."""
    rest = b""
    data: list[bytes] = []
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data = []
    if rest.startswith(b"data:"):
        data.append(rest[5:].strip())
    if data:
        yield b"\n".join(data)


def _checked(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises StreamError for what is an error on any of the wires."""
    response = item.get("response")
    failed = response.get("error") if isinstance(response, Mapping) else None
    error = item.get("error") or failed or (item if item.get("type") == "error" else None)
    if error or item.get("type") == "response.failed":
        raise StreamError(error or {"message": "the model failed to answer"})
    return item


def _completion(body: Any, preset: Preset) -> Mapping[str, Any]:
    if isinstance(body, Mapping):
        _checked(body)
        if body.get("choices") or body.get("type") == "message" or body.get("object") == "response":
            return body
    said = " ".join(json.dumps(body)[:200].split())
    raise ProviderError("invalid", f"{preset.title} gave no reply: {said}", "choose another model with `hermes model`")
