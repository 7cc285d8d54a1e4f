"""A web server on this machine for tests: pages as given, and the ways in which one misbehaves."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hermes_fs.store.installing.sites import SCHEMA
from hermes_fs.store.installing.source import INDEX


@dataclass
class Page:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    """Seconds between two bytes of the body."""
    declared: int | None = None


class Site:
    """`pages` by path; `asked` holds (path, headers) of each request."""

    def __init__(self, address: str, stop: threading.Event) -> None:
        self.address = address
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stop = stop

    def offer(self, *rows: dict[str, Any], schema: str = SCHEMA) -> str:
        """Puts the index there; its address."""
        self.pages[INDEX] = Page(json.dumps({"$schema": schema, "skills": rows}).encode())
        return self.address + INDEX


def row(name: str, data: bytes, url: str, kind: str = "archive", about: str = "") -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"name": name, "type": kind, "description": about or f"Does {name}.", "url": url, "digest": digest}


@contextlib.contextmanager
def site(host: str = "127.0.0.1") -> Iterator[Site]:
    stop = threading.Event()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, dict(self.headers)))
            page = made.pages.get(self.path, Page(b"no", 404))
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body) if page.declared is None else page.declared))
            self.end_headers()
            with contextlib.suppress(OSError):  # the other side has had enough
                self._send(page)

        def _send(self, page: Page) -> None:
            for piece in _pieces(page):
                self.wfile.write(piece)
                if page.drip and stop.wait(page.drip):
                    return

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made = Site(f"http://{host}:{server.server_port}", stop)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _pieces(page: Page) -> Sequence[bytes]:
    return [page.body[place : place + 1] for place in range(len(page.body))] if page.drip else [page.body]
