"""A loopback HTTP server that offers one file, and misbehaves on request."""

from __future__ import annotations

import contextlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class FileServer:
    """Context manager. `ranges` False: every request gets the whole file. `cut` are lengths after which the answers to
    the first requests break off. `requests` are the Range headers as they came, "" for none."""

    content: bytes
    ranges: bool = True
    cut: list[int] = field(default_factory=list)
    status: int = 200
    etag: str = '"one"'
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/files/some-model.gguf"

    def span(self, wanted: str, condition: str) -> tuple[int, bool]:
        """Where the answer begins, and whether it is a partial one."""
        found = re.fullmatch(r"bytes=(\d+)-", wanted)
        if not found or not self.ranges or (condition and condition != self.etag):
            return 0, False
        return int(found[1]), True


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append(self.headers.get("Range", ""))
            if server.status != 200:
                self.send_error(server.status)
                return
            start, partial = server.span(server.requests[-1], self.headers.get("If-Range", ""))
            if partial and start >= len(server.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(server.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            rest = server.content[start:]
            self.send_response(206 if partial else 200)
            self.send_header("ETag", server.etag)
            self.send_header("Content-Length", str(len(rest)))
            if partial:
                self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # clients leave as they like
                self.wfile.write(rest[: server.cut.pop(0)] if server.cut else rest)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
