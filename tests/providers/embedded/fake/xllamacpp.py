"""Stands in for the library xllamacpp: the same few names, a server that wants its key and answers without a model.

What the model file holds after its head decides how it behaves: `refuse` cannot be loaded, `slow` takes half a second.
A message with the word `forever` is answered with a word each tenth of a second.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class CommonParams(SimpleNamespace):
    def __init__(self) -> None:
        super().__init__(model=SimpleNamespace(), sampling=SimpleNamespace(), chat_template="")
        self.cpuparams, self.cpuparams_batch = SimpleNamespace(), SimpleNamespace()


class Server:
    def __init__(self, params: CommonParams) -> None:
        kind = Path(params.model.path).read_bytes()[24:].decode()
        Path(params.model.path).with_suffix(".environ").write_text(json.dumps(dict(os.environ)))
        with Path(params.model.path).with_suffix(".starts").open("a") as file:
            file.write(f"{os.getpid()}\n")
        if kind == "refuse":
            raise RuntimeError("error: failed to load the model")
        time.sleep(0.5 if kind == "slow" else 0)
        self.requests, self.params = 0, params
        handler = type("Handler", (_Handler,), {"owner": self})
        self._http = ThreadingHTTPServer((params.hostnames[0], params.port), handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def listening_address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def handle_metrics(self) -> str:
        return f"llamacpp:prompt_tokens_total {self.requests}\nllamacpp:requests_processing 0\n"


def _words(forever: bool) -> Iterator[str]:
    yield "word 0 "
    for number in itertools.count(1) if forever else ():
        time.sleep(0.1)
        yield f"word {number} "


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Server

    def do_GET(self) -> None:
        if self._allowed():
            self._json(200, {"data": [{"id": next(iter(self.owner.params.model_alias))}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._allowed():
            return
        self.owner.requests += 1
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for word in _words("forever" in str(body["messages"][-1]["content"])):
            self._piece({"content": word}, None)
        self._piece({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _piece(self, delta: dict[str, Any], reason: str | None) -> None:
        chunk = {"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.flush()

    def _allowed(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self.owner.params.api_keys[0]}":
            return True
        self._json(401, {"error": {"message": "Invalid API Key", "code": 401}})
        return False

    def _json(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
