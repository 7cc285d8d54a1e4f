"""A loopback server that speaks chat completions, responses and Anthropic's messages, scripted and able to misbehave;
standard library only.

`python -m hermes_fs.testing.openai_server --port 0 --port-file P` runs it alone. What it answers is decided by a list
of answers or by a marker in the message, see openai_answers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Any, TextIO

from hermes_fs.testing.dialects import Dialect, dialect_of
from hermes_fs.testing.loopback import Listening
from hermes_fs.testing.openai_answers import Answer, marked_text, misbehaviour, options_of, scripted


class OpenAIServer(Listening):
    """`models` maps names to context windows. `requests` holds
    {"path", "headers", "body"} of each request in order, `connections` counts the TCP connections. What a real server
    of a wire would refuse (responses and messages only) is refused here, too."""

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
        self._listener = _Listener(("127.0.0.1", port), self)
        super().__init__(self._listener)

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def __exit__(self, *why: object) -> None:
        super().__exit__(*why)
        self._listener.drop()

    @property
    def open_connections(self) -> int:
        return self._listener.open_connections

    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the requests for a completion, over any wire."""
        return [request["body"] for request in self.requests if dialect_of(request["path"])]

    def decide(self, body: Mapping[str, Any]) -> Answer:
        """The answer to one request for a completion."""
        with self._lock:
            if self.answers:
                return self.answers.pop(0)
        text = marked_text(body)
        options = options_of(text)
        asked = next((line for line in reversed(text.splitlines()) if "[[fake " in line), "")
        with self._lock:  # by the line, not the text: a wire may join messages, or a summary come before
            self._seen[asked] += 1
            seen = self._seen[asked]
        fault = misbehaviour(options) if seen <= int(options.get("times", seen)) else None
        return fault or scripted(options, body, self.reply)

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

    @property
    def open_connections(self) -> int:
        return len(self._open)

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
        if dialect := dialect_of(request["path"]):
            answer = dialect.refusal(request) or owner.decide(dialect.plain(request["body"]))
            keep = self._complete(request["body"], answer, dialect)
        elif request["path"].endswith("/models"):
            keep = self._json(200, {"object": "list", "data": [_model(*item) for item in owner.models.items()]})
        else:
            keep = self._json(404, {"error": {"message": f"no such path {request['path']}", "type": "not_found"}})
        owner.record(request, answer, started)
        return keep and request["headers"].get("connection", "").lower() != "close"

    def _complete(self, body: Mapping[str, Any], answer: Answer, dialect: Dialect) -> bool:
        if answer.delay:
            time.sleep(answer.delay)
        if answer.manner == "hang":
            return self._wait()
        if answer.status != 200:
            return self._json(answer.status, dialect.error(answer), answer.headers)
        if answer.raw is not None:
            return self._page(answer.raw) if isinstance(answer.raw, str) else self._json(200, answer.raw)
        if not body.get("stream"):
            return self._json(200, dialect.whole(body, answer))
        return self._stream(dialect.events(body, answer), answer)

    def _stream(self, events: list[bytes], answer: Answer) -> bool:
        if answer.manner in ("cut", "stall"):
            events = events[: max(1, (len(events) - 1) // 2)]
        data = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events)
        end = b"" if answer.manner else b"0\r\n\r\n"
        self.wfile.write(_head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}) + data + end)
        return self._wait() if answer.manner in ("stall", "linger") else not answer.manner

    def _wait(self) -> bool:
        """Say nothing more; returns when the client leaves."""
        self.rfile.read(1)
        return False

    def _page(self, text: str) -> bool:
        data = text.encode()
        self.wfile.write(_head(200, {"Content-Type": "text/html", "Content-Length": str(len(data))}) + data)
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
