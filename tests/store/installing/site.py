"""A web server on this machine for tests: pages as given, and the ways in which one misbehaves."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hermes_fs.store.installing.sites import SCHEMA
from hermes_fs.store.installing.source import INDEX
from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing


@dataclass
class Page:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    """Seconds between two bytes of the body."""
    declared: int | None = None


class Site(Loopback):
    """`pages` by path; `host` is the name by which it calls itself."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__()
        self.address = self.root.replace("127.0.0.1", host)
        self.pages: dict[str, Page] = {}
        self._stop = threading.Event()

    def __exit__(self, *why: object) -> None:
        self._stop.set()
        super().__exit__(*why)

    def answer(self, asked: Incoming) -> Outgoing:
        page = self.pages.get(asked.path, Page(b"no", 404))
        length = len(page.body) if page.declared is None else page.declared
        return Outgoing(self._pieces(page), page.status, {**page.headers, "Content-Length": str(length)})

    def _pieces(self, page: Page) -> Iterator[bytes]:
        for place in range(0, len(page.body), 1 if page.drip else max(1, len(page.body))):
            yield page.body[place : place + 1] if page.drip else page.body
            if page.drip and self._stop.wait(page.drip):
                return

    def offer(self, *rows: dict[str, Any], schema: str = SCHEMA) -> str:
        """Puts the index there; its address."""
        self.pages[INDEX] = Page(json.dumps({"$schema": schema, "skills": rows}).encode())
        return self.address + INDEX


def row(name: str, data: bytes, url: str, kind: str = "archive", about: str = "") -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"name": name, "type": kind, "description": about or f"Does {name}.", "url": url, "digest": digest}
