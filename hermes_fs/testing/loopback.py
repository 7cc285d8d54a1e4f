"""Web servers on this machine, for tests: how they start and end, what came to them, and how an answer is sent. What
they say is for who gives them routes or subclasses them; standard library only."""

from __future__ import annotations

import contextlib
import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Incoming:
    """A request. `path` is without the query, names of `headers` are lower case, `data` is the body as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    data: bytes

    @cached_property
    def body(self) -> Any:
        """The body as JSON; None where there is none. Raises ValueError."""
        return json.loads(self.data) if self.data else None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer. `body`: bytes and text as they are; an iterator of bytes piece by piece, after which the connection
    ends (`headers` may give it a Content-Length); anything else as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Listening:
    """Context manager: the server listens on 127.0.0.1 once it is made, and answers while entered."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self._server = server

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Loopback(Listening):
    """`requests` are those that came, in order. A route is a method ("" for any), a pattern of the whole path, and what
    answers, given the request and the pattern's groups; the first that fits does, 404 where none is."""

    def __init__(self, *routes: tuple[str, str, Callable[..., Outgoing]]) -> None:
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Connection, self)))
        self.routes = list(routes)
        self.requests: list[Incoming] = []

    def answer(self, asked: Incoming) -> Outgoing:
        """Called by a thread for each connection."""
        for method, pattern, answer in self.routes:
            if method in ("", asked.method) and (found := re.fullmatch(pattern, asked.path)):
                return answer(asked, *found.groups())
        return Outgoing({"message": f"no route {asked.method} {asked.path}"}, 404)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, owner: Loopback, *given: Any) -> None:
        self._owner = owner
        super().__init__(*given)  # returns when the client has left

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        data = self.rfile.read(int(headers.get("content-length", 0)))
        self._owner.requests.append(asked := Incoming(self.command, path, query, headers, data))
        said = self._owner.answer(asked)
        pieces, known = _encoded(said.body)
        self.close_connection |= not known
        self.send_response(said.status)
        for name, value in {**known, **said.headers}.items():
            self.send_header(name, value)
        with contextlib.suppress(ConnectionError):  # clients leave as they like
            self.end_headers()
            for piece in pieces if self.command != "HEAD" else ():
                self.wfile.write(piece)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, *_: object) -> None: ...


def _encoded(body: Any) -> tuple[Iterable[bytes], Mapping[str, str]]:
    """Its pieces, and the headers that are known by it."""
    if isinstance(body, Iterator):
        return body, {}
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    kind = {} if isinstance(body, bytes | str) else {"Content-Type": "application/json"}
    return (data,), {"Content-Length": str(len(data)), **kind}
