"""A loopback server that speaks OpenAI's embeddings, by an embedder that needs no model; standard library only."""

from __future__ import annotations

import json
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from hermes_fs.testing.small_embedder import SmallEmbedder


class EmbeddingsServer:
    """Context manager; listens on 127.0.0.1 while entered. `requests` holds {"path", "headers", "body"} in order.
    `faults` are answers to give first, each (status, body, headers)."""

    def __init__(self, dimensions: int = 64) -> None:
        self.embedder = SmallEmbedder(dimensions=dimensions)
        self.requests: list[dict[str, Any]] = []
        self.faults: list[tuple[int, Any, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

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

    def answer(self, body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        if self.faults:
            return self.faults.pop(0)
        size = self.embedder.dimensions
        found = [struct.unpack(f"<{size}f", vector) for vector in self.embedder.embed(body["input"])]
        rows = [{"index": place, "embedding": [3 * number for number in vector]} for place, vector in enumerate(found)]
        return 200, {"object": "list", "data": rows[::-1], "model": body["model"]}, {}


def _handler(server: EmbeddingsServer) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append({"path": self.path, "headers": dict(self.headers), "body": body})
            status, said, headers = server.answer(body)
            data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            return

    return Answering
