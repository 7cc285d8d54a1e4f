"""A loopback server that speaks OpenAI's chat completions, scripted and able to misbehave; standard library only.

In a test, answers are given as a list; when it is used up (always, when run by `python -m
hermes_fs.testing.openai_server`), a marker in the last user message that has one decides:

    [[fake tools=50 name=terminal args={"command":"true"}]]   50 calls one after the other, then the final text
    [[fake tools=50 par=5 name=... args={...}]]               ... 5 calls in each reply; `{i}` in args is the number
    [[fake text=4000]]  [[fake sleep=0.2]]                    a text of that length; seconds before every answer
    [[fake status=429 retry_after=1 times=2]]                 the first two requests fail so (without times: each)
    [[fake cut=1]] [[fake hang=1]] [[fake empty=1]] [[fake malformed=1]] [[fake overflow=1]]   likewise with times
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedIOBase
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

_MARK = re.compile(r"\[\[fake ([^\n]*?)\]\](?!\])")
_ARGS = re.compile(r"args=(\{.*\})\s*$")
_LOREM = "The quick brown fox jumps over the lazy dog while the index rebuilds itself. "
_FAULTS = ("status", "cut", "hang", "empty", "malformed", "overflow")
_OVERFLOW = {
    "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "type": "invalid_request_error",
    "code": "context_length_exceeded",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says to one request. `calls` are (name, arguments) pairs. `chunks`, where given, are sent as the
    stream's raw objects instead. `error` is the body of an answer whose `status` is not 200. `cut` drops the connection
    half way, `hang` says nothing until the client leaves, `delay` is in seconds before the first byte."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    thinking: str = ""
    status: int = 200
    error: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    hang: bool = False
    chunks: tuple[Mapping[str, Any], ...] = ()
    finish: str = ""
    usage: Mapping[str, Any] | None = None


def failure(status: int, message: str = "no", *, code: str | None = None, retry_after: str = "") -> Answer:
    """An answer that is an error in OpenAI's form."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Answer(status=status, error={"message": message, "type": "error", "code": code}, headers=headers)


class OpenAIServer:
    """Context manager; listens on 127.0.0.1 while entered. `models` maps names to context windows. `requests` holds
    {"path", "headers", "body"} of each request in order, `connections` counts the TCP connections."""

    def __init__(
        self,
        answers: Sequence[Answer] = (),
        *,
        models: Mapping[str, int] | None = None,
        reply: str = "done",
        port: int = 0,
        log: TextIO | None = None,
    ) -> None:
        self.answers = list(answers)
        self.models = {"fake-model": 200_000} if models is None else models
        self.reply = reply
        self.requests: list[dict[str, Any]] = []
        self.connections = 0
        self._log = log
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Listener(("127.0.0.1", port), self)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.drop()

    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the requests for a completion."""
        return [request["body"] for request in self.requests if request["path"].endswith("/chat/completions")]

    def decide(self, body: Mapping[str, Any]) -> Answer:
        """The answer to one request for a completion."""
        with self._lock:
            if self.answers:
                return self.answers.pop(0)
        text = _marked_text(body)
        found = _MARK.findall(text)
        if not found:
            return Answer(self.reply)
        options = _options(found[-1])
        with self._lock:
            self._seen[text] += 1
            seen = self._seen[text]
        if seen <= int(options.get("times", seen)) and any(name in options for name in _FAULTS):
            return _fault(options)
        return replace(_scripted(options, body, self.reply), delay=float(options.get("sleep", 0)))

    def record(self, request: dict[str, Any], answer: Answer | None, started: float) -> None:
        """Write the log's line of one request, after it was answered."""
        if self._log is None:
            return
        body = request["body"] if isinstance(request["body"], dict) else {}
        line = {
            "t": round(time.time(), 6),
            "srv_ms": round((time.perf_counter() - started) * 1000, 3),
            "path": request["path"],
            "body_bytes": request["bytes"],
            "stream": bool(body.get("stream")),
            "n_messages": len(body.get("messages") or ()),
            "n_tools": len(body.get("tools") or ()),
            "answer": None if answer is None else ("tool" if answer.calls else "text"),
            "connections": self.connections,
        }
        with self._lock:
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], owner: OpenAIServer) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def opened(self, connection: socket.socket) -> None:
        self.owner.connections += 1
        self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        self._open.discard(connection)

    def drop(self) -> None:
        """End the connections that clients keep alive, and with them their threads."""
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):  # the client was quicker
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.StreamRequestHandler):
    """One kept-alive HTTP/1.1 connection. http.server is not used: it costs more than what is measured with this."""

    server: _Listener
    disable_nagle_algorithm = True
    rbufsize = 1 << 16

    def handle(self) -> None:
        self.server.opened(self.request)
        with contextlib.suppress(ConnectionError):  # clients leave as they like
            while (request := _read_request(self.rfile)) and self._answer(request):
                pass

    def finish(self) -> None:
        self.server.closed(self.request)
        with contextlib.suppress(ConnectionError):
            super().finish()

    def _answer(self, request: dict[str, Any]) -> bool:
        """Whether the connection stays open."""
        owner, started = self.server.owner, time.perf_counter()
        owner.requests.append(request)
        answer = None
        if request["path"].endswith("/chat/completions"):
            answer = owner.decide(request["body"])
            keep = self._complete(request["body"], answer)
        elif request["path"].endswith("/models"):
            keep = self._json(200, {"object": "list", "data": [_model(*item) for item in owner.models.items()]})
        else:
            keep = self._json(404, {"error": {"message": f"no such path {request['path']}", "type": "not_found"}})
        owner.record(request, answer, started)
        return keep and request["headers"].get("connection", "").lower() != "close"

    def _complete(self, body: Mapping[str, Any], answer: Answer) -> bool:
        if answer.delay:
            time.sleep(answer.delay)
        if answer.hang:
            self.rfile.read(1)  # returns when the client closes
            return False
        if answer.status != 200:
            return self._json(answer.status, {"error": answer.error}, answer.headers)
        if not body.get("stream"):
            return self._json(200, _whole(body, answer))
        events = [b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in _chunks(body, answer)]
        if answer.cut:
            events = events[: max(1, len(events) // 2)]
        else:
            events.append(b"data: [DONE]\n\n")
        self.wfile.write(_head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))
        self.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events))
        if answer.cut:
            return False
        self.wfile.write(b"0\r\n\r\n")
        return True

    def _json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> bool:
        data = json.dumps(body).encode()
        fields = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}
        self.wfile.write(_head(status, fields) + data)
        return True


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    return (f"HTTP/1.1 {status} .\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n").encode()


def _read_request(stream: BufferedIOBase) -> dict[str, Any] | None:
    """None at the end of the connection."""
    line = stream.readline().decode("latin-1").split()
    if len(line) < 2:
        return None
    headers: dict[str, str] = {}
    while (field_line := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = field_line.partition(":")
        headers[name.lower()] = value.strip()
    raw = stream.read(int(headers.get("content-length", 0)))
    body = json.loads(raw) if raw else None
    return {"path": line[1].partition("?")[0], "headers": headers, "body": body, "bytes": len(raw), "raw": raw}


def _model(name: str, window: int) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": name, "object": "model", "created": 0, "owned_by": "fake"}
    return {**entry, "context_length": window} if window else entry


# -- what to say ------------------------------------------------------------------------------------------------------


def _marked_text(body: Mapping[str, Any]) -> str:
    """The newest user message that holds a marker, else nothing."""
    for message in reversed(body.get("messages") or ()):
        text = _text(message.get("content"))
        if message.get("role") == "user" and "[[fake " in text:
            return text
    return ""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or () if isinstance(part, dict))


def _options(marker: str) -> dict[str, str]:
    found = _ARGS.search(marker)
    options = dict(re.findall(r"(\w+)=(\S+)", marker[: found.start()] if found else marker))
    return {**options, "args": found.group(1)} if found else options


def _fault(options: Mapping[str, str]) -> Answer:
    if "status" in options:
        return failure(int(options["status"]), "scripted failure", retry_after=options.get("retry_after", ""))
    if "overflow" in options:
        return Answer(status=400, error=_OVERFLOW)
    if "malformed" in options:
        return Answer(calls=((options.get("name", "terminal"), '{"command": "tr'),))
    text = "" if "empty" in options else _LOREM
    return Answer(text, cut="cut" in options, hang="hang" in options)


def _scripted(options: Mapping[str, str], body: Mapping[str, Any], reply: str) -> Answer:
    messages = body.get("messages") or []
    last = max((i for i, message in enumerate(messages) if "[[fake " in _text(message.get("content"))), default=0)
    done = sum(message.get("role") == "tool" for message in messages[last:])
    wanted, name = int(options.get("tools", 0)), options.get("name", "terminal")
    offered = {tool.get("function", {}).get("name") for tool in body.get("tools") or ()}
    if done < wanted and name in offered:
        arguments = options.get("args", '{"command": "true"}')
        numbers = range(done, min(done + int(options.get("par", 1)), wanted))
        return Answer(calls=tuple((name, arguments.replace("{i}", str(number))) for number in numbers))
    length = int(options.get("text", 0))
    return Answer((_LOREM * (length // len(_LOREM) + 1))[:length] if length else reply)


def _usage(body: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
    if answer.usage is not None:
        return answer.usage
    prompt = len(json.dumps(body.get("messages"))) // 4
    output = max(1, len(answer.text or json.dumps(answer.calls)) // 4)
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}


def _calls(body: Mapping[str, Any], answer: Answer) -> list[dict[str, Any]]:
    number = len(body.get("messages") or ())
    return [
        {"id": f"call_{number}_{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for i, (name, arguments) in enumerate(answer.calls)
    ]


def _finish(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.calls else "stop")


def _whole(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.calls:
        message["tool_calls"] = _calls(body, answer)
    if answer.thinking:
        message["reasoning_content"] = answer.thinking
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
    return {**_stub(body, "chat.completion"), "choices": [choice], "usage": _usage(body, answer)}


def _chunks(body: Mapping[str, Any], answer: Answer) -> Iterator[Mapping[str, Any]]:
    if answer.chunks:
        yield from answer.chunks
        return
    stub = _stub(body, "chat.completion.chunk")
    for delta in _deltas(body, answer):
        yield {**stub, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**stub, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**stub, "choices": [], "usage": _usage(body, answer)}


def _deltas(body: Mapping[str, Any], answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if answer.calls else ""}
    for piece in _quarters(answer.thinking):
        yield {"reasoning_content": piece}
    for piece in _quarters(answer.text):
        yield {"content": piece}
    for index, call in enumerate(_calls(body, answer)):
        arguments = call["function"]["arguments"]
        half = len(arguments) // 2
        opening = {**call, "function": {"name": call["function"]["name"], "arguments": arguments[:half]}}
        yield {"tool_calls": [{"index": index, **opening}]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": arguments[half:]}}]}


def _quarters(text: str) -> Iterator[str]:
    size = max(1, -(-len(text) // 4))
    return (text[start : start + size] for start in range(0, len(text), size))


def _stub(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": 0, "model": body.get("model") or "fake-model"}


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path, help="written once the server listens")
    parser.add_argument("--log", type=Path, help="one JSON line for each request, written after it was answered")
    parser.add_argument("--model", default="fake-model")
    parser.add_argument("--reply", default="done")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(options.log.open("a")) if options.log else None
        server = OpenAIServer(models={options.model: 200_000}, reply=options.reply, port=options.port, log=log)
        stack.enter_context(server)
        if options.port_file:
            options.port_file.with_suffix(".tmp").write_text(server.base_url.split(":")[-1].partition("/")[0])
            options.port_file.with_suffix(".tmp").replace(options.port_file)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
